// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"bufio"
	"net"
	"net/http"
)

// hijacker gives the hub, or signaling, the connection below Caddy's response recorder, which
// access logs put in the way: its byte counters are not safe once ServeHTTP has
// returned, and it would keep the request alive. Caddy 2.11.9's other wrappers
// have no Hijack of their own, only Unwrap.
type hijacker struct {
	http.ResponseWriter
	done bool // whether the connection has been taken over
}

// Hijack implements http.Hijacker.
func (h *hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	w := h.ResponseWriter
	for {
		u, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			break
		}
		w = u.Unwrap()
	}
	conn, buf, err := http.NewResponseController(w).Hijack()
	h.done = err == nil
	return conn, buf, err
}

// Unwrap is for http.ResponseController.
func (h *hijacker) Unwrap() http.ResponseWriter { return h.ResponseWriter }

var _ http.Hijacker = (*hijacker)(nil)
