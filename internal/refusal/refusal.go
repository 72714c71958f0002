// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// Package refusal is the answer to an HTTP request that does not become a
// WebSocket, in the one shape that errors have, {code, message, details}. What
// there is to refuse belongs to its callers: the hub, signaling and caddymodule.
package refusal

import (
	"encoding/json"
	"net/http"
	"strconv"
)

// Refusal is one answer. Codes are stable: programs and translations go by
// them. A Refusal may be written many times and must not change.
type Refusal struct {
	Status  int            `json:"-"`
	Code    string         `json:"code"`
	Message string         `json:"message"`
	Details map[string]any `json:"details,omitempty"`
	// Retry is the number of seconds until it may be different; 0 is never.
	Retry int `json:"-"`
}

// Those of every WebSocket.
var (
	ExtendedConnect = &Refusal{
		Status: http.StatusNotImplemented, Code: "extended_connect_unsupported",
		Message: "WebSocket over HTTP/2 and HTTP/3 (extended CONNECT) is not supported. Connect over HTTP/1.1.",
	}
	Body = &Refusal{
		Status: http.StatusBadRequest, Code: "body_not_allowed",
		Message: "A WebSocket handshake has no body.",
	}
	Stopping = &Refusal{
		Status: http.StatusServiceUnavailable, Code: "stopping", Retry: 2,
		Message: "The gateway is stopping. Try again in a moment.",
	}
	NotReady = &Refusal{
		Status: http.StatusServiceUnavailable, Code: "gateway_not_ready", Retry: 1,
		Message: "The gateway starts or stops just now. Try again in a moment.",
	}
)

// Handshake is for a handshake that is not valid, for the reason given.
func Handshake(status int, reason error) *Refusal {
	return &Refusal{Status: status, Code: "bad_handshake", Message: "The WebSocket handshake is not valid: " + reason.Error()}
}

// Write answers with n, and with the headers that its status asks for.
func (n *Refusal) Write(w http.ResponseWriter) {
	head := w.Header()
	head.Set("Content-Type", "application/json")
	head.Set("Cache-Control", "no-store")
	head.Set("X-Content-Type-Options", "nosniff")
	if n.Retry > 0 {
		head.Set("Retry-After", strconv.Itoa(n.Retry))
	}
	switch n.Status {
	case http.StatusUnauthorized:
		head.Set("WWW-Authenticate", `Bearer realm="culvert"`)
	case http.StatusUpgradeRequired:
		head.Set("Upgrade", "websocket")
		head.Set("Connection", "Upgrade")
		head.Set("Sec-Websocket-Version", "13")
	}
	w.WriteHeader(n.Status)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(n) // the client may be gone; nobody else cares
}
