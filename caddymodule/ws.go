// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"net/http"
	"net/netip"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/culvertd/culvert/internal/gateway"
	"github.com/culvertd/culvert/internal/hub"
	"github.com/culvertd/culvert/internal/refusal"
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
// The access log has the requests that were refused, but for those that hold a
// private endpoint's key or ticket where the log would show it: as a subprotocol
// or in the query. Of a connection it could tell neither how it ended nor what
// it carried, so those are in the gateway's connection log instead
// (`culvert endpoint log`).
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
// it, so that a connection keeps neither the request nor the config alive. The
// hub refuses upgrades with a body: Caddy 2.11.9 would set a read deadline on
// their connections now (idletimeout.go, HandlerDone).
func (h *WS) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	id, ok := strings.CutPrefix(r.URL.Path, wsPrefix)
	if !ok {
		return next.ServeHTTP(w, r)
	}
	live := h.core.Hub()
	if live == nil {
		// Caddy starts apps in any order, so requests may come before the
		// gateway is there, and after it is gone.
		refusal.NotReady.Write(w)
		return nil
	}
	hj := &hijacker{ResponseWriter: w}
	live.Serve(hj, r, hub.ID(id), clientAddr(r))
	if hj.done || hub.Secret(r) {
		caddyhttp.SetVar(r.Context(), caddyhttp.LogSkipVar, true)
	}
	return nil
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

// Interface guards
var (
	_ caddy.Provisioner           = (*WS)(nil)
	_ caddyhttp.MiddlewareHandler = (*WS)(nil)
)
