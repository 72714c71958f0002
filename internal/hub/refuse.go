// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package hub

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
)

// refused is an answer to a request that does not become a connection. Its
// JSON is the one shape of errors, {code, message, details}; codes are stable.
type refused struct {
	status  int
	Code    string         `json:"code"`
	Message string         `json:"message"`
	Details map[string]any `json:"details,omitempty"`
	retry   int            // seconds until it may be different; 0: never
}

// The answers. That for an unknown endpoint is the same whether it never was,
// or was deleted.
var (
	refuseUnknown = &refused{
		status: http.StatusNotFound, Code: "endpoint_not_found",
		Message: "There is no endpoint with this id. Check the URL, or create one.",
	}
	refusePlain = &refused{
		status: http.StatusUpgradeRequired, Code: "upgrade_required",
		Message: "This is a WebSocket endpoint. Connect with a WebSocket client.",
	}
	refuseConnect = &refused{
		status: http.StatusNotImplemented, Code: "extended_connect_unsupported",
		Message: "WebSocket over HTTP/2 and HTTP/3 (extended CONNECT) is not supported. Connect over HTTP/1.1.",
	}
	refuseVersion = &refused{
		status: http.StatusUpgradeRequired, Code: "version_not_supported",
		Message: "The gateway speaks version 13 of the WebSocket protocol (RFC 6455).",
	}
	refuseBody = &refused{
		status: http.StatusBadRequest, Code: "body_not_allowed",
		Message: "A WebSocket handshake has no body.",
	}
	refuseOrigin = &refused{
		status: http.StatusForbidden, Code: "origin_not_allowed",
		Message: "The endpoint does not accept pages of this origin. Its owner can add the origin to its list.",
	}
	refuseShort = &refused{
		status: http.StatusServiceUnavailable, Code: "overloaded", retry: 5,
		Message: "The gateway is short of file descriptors and takes no more connections now. Its operator can raise the limit (ulimit -n).",
	}
	refuseStopping = &refused{
		status: http.StatusServiceUnavailable, Code: "stopping", retry: 2,
		Message: "The gateway is stopping. Try again in a moment.",
	}
)

func refuseFull(limit int) *refused {
	return &refused{
		status: http.StatusServiceUnavailable, Code: "endpoint_full", retry: 5,
		Message: fmt.Sprintf("The endpoint has its limit of %d connections (max_connections).", limit),
		Details: map[string]any{"max_connections": limit},
	}
}

func refuseHandshake(status int, reason error) *refused {
	return &refused{status: status, Code: "bad_handshake", Message: "The WebSocket handshake is not valid: " + reason.Error()}
}

func (n *refused) write(w http.ResponseWriter) {
	head := w.Header()
	head.Set("Content-Type", "application/json")
	head.Set("Cache-Control", "no-store")
	head.Set("X-Content-Type-Options", "nosniff")
	if n.retry > 0 {
		head.Set("Retry-After", strconv.Itoa(n.retry))
	}
	if n.status == http.StatusUpgradeRequired {
		head.Set("Upgrade", "websocket")
		head.Set("Connection", "Upgrade")
		head.Set("Sec-Websocket-Version", "13")
	}
	w.WriteHeader(n.status)
	_ = json.NewEncoder(w).Encode(n) // the client may be gone; nobody else cares
}
