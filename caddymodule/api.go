// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"

	"github.com/culvertd/culvert/admin"
)

func init() {
	caddy.RegisterModule(new(API))
}

// apiPrefix is what the paths of the REST API begin with.
const apiPrefix = "/api/"

// API serves the REST API of the culvert app at `/api/` and passes all other
// requests on. `/api/docs` describes it for people, `/api/openapi.json` for
// programs. Its event streams end on reloads, and clients resume them.
//
// Behind a proxy that ends TLS, Caddy's `trusted_proxies` has to name it: else
// browsers are taken for unencrypted, and may not have a cookie.
type API struct {
	// Origins of other sites whose pages may use the API, such as
	// `https://app.example.com`. They bring tokens of their own; cookies are for
	// the gateway's own pages. Default: none.
	CORS []string `json:"cors,omitempty"`

	app *App
	api *admin.API
}

// CaddyModule returns the Caddy module information.
func (*API) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.handlers.culvert_api",
		New: func() caddy.Module { return new(API) },
	}
}

// Provision makes the API of this config.
func (h *API) Provision(ctx caddy.Context) error {
	var err error
	if h.app, err = app(ctx); err != nil {
		return err
	}
	log := ctx.Logger()
	h.api, err = admin.New(admin.Config{
		Core: h.core, Accounts: h.accounts, Origins: h.CORS, Version: version(),
		Logger: func() *zap.Logger { return log },
	})
	if err != nil {
		return fmt.Errorf("cors: %w", err)
	}
	// A process that ends waits for its requests before Cleanup, and so for
	// event streams, which would never end by themselves. A reload does not.
	if srv, ok := ctx.Value(caddyhttp.ServerCtxKey).(*caddyhttp.Server); ok {
		srv.RegisterOnShutdown(h.api.Close)
	}
	return nil
}

// core and accounts return nil, and not a nil pointer in an interface, while
// there is no gateway: Caddy starts apps in any order.

func (h *API) core() admin.Core {
	if api := h.app.core.API(); api != nil {
		return api
	}
	return nil
}

func (h *API) accounts() admin.Accounts {
	if accounts := h.app.core.Accounts(); accounts != nil {
		return accounts
	}
	return nil
}

// ServeHTTP answers requests to the API.
func (h *API) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	if !strings.HasPrefix(r.URL.Path, apiPrefix) {
		return next.ServeHTTP(w, r)
	}
	h.api.Serve(w, r, admin.Client{Addr: clientAddr(r), Secure: isSecure(r)})
	return nil
}

// isSecure reports whether the client's connection is encrypted. Only a proxy
// that Caddy trusts is believed about it.
func isSecure(r *http.Request) bool {
	if r.TLS != nil {
		return true
	}
	trusted, _ := caddyhttp.GetVar(r.Context(), caddyhttp.TrustedProxyVarKey).(bool)
	return trusted && r.Header.Get("X-Forwarded-Proto") == "https"
}

// Cleanup ends the event streams of this config.
func (h *API) Cleanup() error {
	if h.api != nil {
		h.api.Close()
	}
	return nil
}

// UnmarshalCaddyfile reads the directive culvert_api. Syntax:
//
//	culvert_api [<matcher>] {
//		cors <origins...>
//	}
func (h *API) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // consume the directive's name
	if d.NextArg() {
		return d.ArgErr()
	}
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		if d.Val() != "cors" {
			return d.Errf("unrecognized subdirective: %s", d.Val())
		}
		if h.CORS != nil {
			return d.Err("cors already specified")
		}
		if h.CORS = d.RemainingArgs(); len(h.CORS) == 0 {
			return d.ArgErr()
		}
		if slices.Contains(h.CORS, "*") {
			return d.Err("cors takes origins such as https://app.example.com, and not all of them at once")
		}
	}
	return nil
}

// Interface guards
var (
	_ caddy.Provisioner           = (*API)(nil)
	_ caddy.CleanerUpper          = (*API)(nil)
	_ caddyhttp.MiddlewareHandler = (*API)(nil)
	_ caddyfile.Unmarshaler       = (*API)(nil)
)
