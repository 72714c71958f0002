// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package signaling

import (
	"encoding/json"
	"net/http"
	"strconv"
)

// refused is an answer to a request that does not become a connection, in the
// one shape of errors, {code, message, details}; codes are stable.
type refused struct {
	status  int
	Code    string         `json:"code"`
	Message string         `json:"message"`
	Details map[string]any `json:"details,omitempty"`
	retry   int            // seconds until it may be different; 0: never
}

var (
	refusePlain = &refused{
		status: http.StatusUpgradeRequired, Code: "upgrade_required",
		Message: "This is a WebSocket endpoint for tunnel clients. Connect with tunnelclient, or another WebSocket client.",
	}
	refuseConnect = &refused{
		status: http.StatusNotImplemented, Code: "extended_connect_unsupported",
		Message: "WebSocket over HTTP/2 and HTTP/3 (extended CONNECT) is not supported. Connect over HTTP/1.1.",
	}
	refuseBody = &refused{
		status: http.StatusBadRequest, Code: "body_not_allowed",
		Message: "A WebSocket handshake has no body.",
	}
	// One answer for no token, a wrong one and a revoked one.
	refuseToken = &refused{
		status: http.StatusUnauthorized, Code: "unauthorized",
		Message: "The client token is missing, unknown or revoked. Send it as \"Authorization: Bearer <token>\"; " +
			"the operator makes one with `culvert client token create`.",
	}
	refuseStopping = &refused{
		status: http.StatusServiceUnavailable, Code: "stopping", retry: 2,
		Message: "The gateway is stopping. Try again in a moment.",
	}
)

func refuseGuesses(seconds int) *refused {
	return &refused{
		status: http.StatusTooManyRequests, Code: "too_many_requests", retry: seconds,
		Message: "Too many requests without a valid token came from this address. Wait, and check the token.",
		Details: map[string]any{"retryAfter": seconds},
	}
}

func (n *refused) write(w http.ResponseWriter) {
	head := w.Header()
	head.Set("Content-Type", "application/json")
	head.Set("Cache-Control", "no-store")
	head.Set("X-Content-Type-Options", "nosniff")
	if n.retry > 0 {
		head.Set("Retry-After", strconv.Itoa(n.retry))
	}
	switch n.status {
	case http.StatusUnauthorized:
		head.Set("WWW-Authenticate", `Bearer realm="culvert"`)
	case http.StatusUpgradeRequired:
		head.Set("Upgrade", "websocket")
		head.Set("Connection", "Upgrade")
		head.Set("Sec-Websocket-Version", "13")
	}
	w.WriteHeader(n.status)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(n) // the client may be gone; nobody else cares
}
