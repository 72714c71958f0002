// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"net/http"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/culvertd/culvert/internal/gateway"
	"github.com/culvertd/culvert/internal/refusal"
	"github.com/culvertd/culvert/internal/signaling"
)

func init() {
	caddy.RegisterModule(new(Tunnel))
}

// tunnelPath is where tunnel clients sign in.
const tunnelPath = "/tunnel"

// Tunnel serves tunnel clients of the culvert app at `/tunnel`, and their
// channels at `/tunnel/channel` where the relay's port cannot be reached. It
// passes all other requests on. Connections live through config reloads.
//
// Clients sign in with tokens from `culvert client token create`. The access
// log has the requests that were refused.
type Tunnel struct {
	core *gateway.Core
}

// CaddyModule returns the Caddy module information.
func (*Tunnel) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.handlers.culvert_tunnel",
		New: func() caddy.Module { return new(Tunnel) },
	}
}

// Provision finds the core.
func (h *Tunnel) Provision(ctx caddy.Context) error {
	a, err := app(ctx)
	if err != nil {
		return err
	}
	h.core = a.core
	return nil
}

// ServeHTTP hands the connection over and returns, so that it keeps neither
// the request nor the config alive.
func (h *Tunnel) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	if r.URL.Path != tunnelPath && r.URL.Path != signaling.ChannelsPath {
		return next.ServeHTTP(w, r)
	}
	live := h.core.Tunnels()
	if live == nil {
		refusal.NotReady.Write(w) // as in WS
		return nil
	}
	hj := &hijacker{ResponseWriter: w}
	if r.URL.Path == tunnelPath {
		live.Serve(hj, r, clientAddr(r))
	} else {
		live.ServeChannel(hj, r, clientAddr(r))
	}
	if hj.done {
		caddyhttp.SetVar(r.Context(), caddyhttp.LogSkipVar, true)
	}
	return nil
}

// Interface guards
var (
	_ caddy.Provisioner           = (*Tunnel)(nil)
	_ caddyhttp.MiddlewareHandler = (*Tunnel)(nil)
)
