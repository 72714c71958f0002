// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"context"
	"fmt"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddytls"

	"github.com/culvertd/culvert/internal/gateway"
)

func init() {
	caddy.RegisterModule(new(Permission))
}

// Permission lets certificates be obtained on demand for names under which
// something is published, whether or not its client is online, and for no others.
type Permission struct {
	core *gateway.Core
}

// CaddyModule returns the Caddy module information.
func (*Permission) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "tls.permission.culvert",
		New: func() caddy.Module { return new(Permission) },
	}
}

// Provision finds the core.
func (p *Permission) Provision(ctx caddy.Context) error {
	a, err := app(ctx)
	if err != nil {
		return err
	}
	p.core = a.core
	return nil
}

// CertificateAllowed implements caddytls.OnDemandPermission.
func (p *Permission) CertificateAllowed(_ context.Context, name string) error {
	if _, _, ok := p.core.Published(name); !ok {
		return fmt.Errorf("%w: nothing is published as %s", caddytls.ErrPermissionDenied, name)
	}
	return nil
}

// UnmarshalCaddyfile reads the permission. Syntax:
//
//	permission culvert
func (*Permission) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // consume the name
	if d.NextArg() {
		return d.ArgErr()
	}
	if d.NextBlock(0) {
		return d.Err("the permission culvert has no options")
	}
	return nil
}

// Interface guards
var (
	_ caddy.Provisioner           = (*Permission)(nil)
	_ caddyfile.Unmarshaler       = (*Permission)(nil)
	_ caddytls.OnDemandPermission = (*Permission)(nil)
)
