// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"encoding/json"
	"net/http"
	"net/netip"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/culvertd/culvert/internal/gateway"
	"github.com/culvertd/culvert/internal/hub"
)

func init() {
	caddy.RegisterModule(new(WS))
}

// wsPrefix is what the paths of endpoints begin with.
const wsPrefix = "/ws/"

// WS serves the broadcast endpoints of the culvert app at `/ws/<id>` and
// passes all other requests on. What one client of an endpoint sends, all
// others receive. Connections live through config reloads.
//
// The access log has the requests that were refused. Of a connection it could
// tell neither how it ended nor what it carried, so those are in the gateway's
// connection log instead (`culvert endpoint log`).
type WS struct {
	core *gateway.Core
}

// CaddyModule returns the Caddy module information.
func (*WS) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.handlers.culvert_ws",
		New: func() caddy.Module { return new(WS) },
	}
}

// Provision finds the core.
func (h *WS) Provision(ctx caddy.Context) error {
	a, err := app(ctx)
	if err != nil {
		return err
	}
	h.core = a.core
	return nil
}

// ServeHTTP hands the connection to the hub. It returns as soon as the hub has
// it, so that a connection keeps neither the request nor the config alive.
func (h *WS) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	id, ok := strings.CutPrefix(r.URL.Path, wsPrefix)
	if !ok {
		return next.ServeHTTP(w, r)
	}
	if ref := h.refuse(r); ref != nil {
		ref.write(w)
		return nil
	}
	live := h.core.Hub()
	if live == nil {
		// Caddy starts apps in any order, so requests may come before the
		// gateway is there, and after it is gone.
		w.Header().Set("Retry-After", "1")
		refusal{
			http.StatusServiceUnavailable, "gateway_not_ready",
			"The gateway starts or stops just now. Try again in a moment.",
		}.write(w)
		return nil
	}
	hj := &hijacker{ResponseWriter: w}
	live.Serve(hj, r, hub.ID(id), clientAddr(r))
	if hj.done {
		caddyhttp.SetVar(r.Context(), caddyhttp.LogSkipVar, true)
	}
	return nil
}

// refuse says what about r makes it impossible to take its connection over.
func (h *WS) refuse(r *http.Request) *refusal {
	switch {
	case isExtendedConnect(r):
		return &refusal{
			http.StatusNotImplemented, "extended_connect_unsupported",
			"WebSockets over HTTP/2 and HTTP/3 are not supported. Connect with HTTP/1.1.",
		}
	case r.ContentLength != 0 && r.Header.Get("Upgrade") != "":
		// Caddy 2.11.9 sets a read deadline on the connection of a request
		// with a body when its handler returns (idletimeout.go, HandlerDone),
		// which would cut the WebSocket.
		return &refusal{
			http.StatusBadRequest, "body_in_upgrade",
			"A WebSocket handshake has no body. Leave out Content-Length and Transfer-Encoding.",
		}
	}
	return nil
}

// isExtendedConnect recognises RFC 8441 and RFC 9220: net/http keeps the
// pseudo-header of HTTP/2 among the headers, quic-go has it in Proto.
func isExtendedConnect(r *http.Request) bool {
	return r.Method == http.MethodConnect &&
		(r.ProtoMajor == 2 && r.Header.Get(":protocol") != "" || r.ProtoMajor == 3)
}

// clientAddr is the client's address as Caddy determined it, with trusted
// proxies taken into account; the zero address if it has none.
func clientAddr(r *http.Request) netip.Addr {
	s, _ := caddyhttp.GetVar(r.Context(), caddyhttp.ClientIPVarKey).(string)
	addr, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Addr{}
	}
	return addr.Unmap()
}

// refusal is an answer before the upgrade, in the shape of all errors.
type refusal struct {
	status        int
	code, message string
}

func (f refusal) write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(f.status)
	// An error here means that the client has gone away.
	_ = json.NewEncoder(w).Encode(map[string]string{"code": f.code, "message": f.message})
}

// Interface guards
var (
	_ caddy.Provisioner           = (*WS)(nil)
	_ caddyhttp.MiddlewareHandler = (*WS)(nil)
)
