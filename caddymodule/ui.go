// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"fmt"
	"net/http"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/encode"

	"github.com/culvertd/culvert/internal/gateway"
	"github.com/culvertd/culvert/ui"
)

func init() {
	caddy.RegisterModule(new(UI))
}

// UI serves the web interface, which needs the API at the same site. It takes
// what no other handler of the site answers, be it before or behind it: paths of
// its files, and all those that could be the page's, since the page has paths of
// its own. Names of files that there are not, and paths of the other handlers of
// the gateway, are answered 404.
type UI struct {
	core *gateway.Core
	ui   *ui.Handler
}

// CaddyModule returns the Caddy module information.
func (*UI) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.handlers.culvert_ui",
		New: func() caddy.Module { return new(UI) },
	}
}

// Provision finds the core and the files.
func (h *UI) Provision(ctx caddy.Context) error {
	a, err := app(ctx)
	if err != nil {
		return err
	}
	h.core = a.core
	if h.ui, err = ui.Built(); err != nil {
		return fmt.Errorf("opening the web interface: %w", err)
	}
	return nil
}

// unhandled is the variable that Caddy 2.11.9 sets when a request has passed all
// handlers (caddyhttp.go, emptyHandler).
const unhandled = "unhandled"

// ServeHTTP answers with the page or a file what nobody else answers. It needs
// no gateway: the page shows by itself that there is none.
func (h *UI) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	if err := next.ServeHTTP(w, r); err != nil {
		return err
	}
	if free, _ := caddyhttp.GetVar(r.Context(), unhandled).(bool); !free {
		return nil
	}
	caddyhttp.SetVar(r.Context(), unhandled, nil) // or the access log would have it so
	h.ui.Serve(w, r, ui.Visit{
		Sockets:   h.sockets(r),
		Encodings: encode.AcceptedEncodings(r, ui.Encodings),
	})
	return nil
}

// sockets are the origins of endpoints: as the browser has reached the gateway,
// and as the URLs have it, which may be another name. Not all browsers take the
// policy's 'self' for WebSockets too.
func (h *UI) sockets(r *http.Request) []string {
	scheme := "ws://"
	if isSecure(r) {
		scheme = "wss://"
	}
	list := []string{scheme + r.Host}
	if api := h.core.API(); api != nil {
		list = append(list, api.Site().WebSocketURL)
	}
	return list
}

// Interface guards
var (
	_ caddy.Provisioner           = (*UI)(nil)
	_ caddyhttp.MiddlewareHandler = (*UI)(nil)
)
