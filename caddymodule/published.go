// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"errors"
	"net"
	"net/http"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"

	"github.com/culvertd/culvert/internal/gateway"
	"github.com/culvertd/culvert/internal/publish"
)

func init() {
	caddy.RegisterModule(new(Published))
	caddy.RegisterModule(new(Upstreams))
}

// Published lets in who may come to what clients publish by name, and tells all
// others what is missing. It stands in front of a reverse proxy with
// `dynamic culvert` and `transport culvert`, as the directive `culvert_publish`
// has it.
type Published struct {
	// Whether the name is the first segment of the path, and not in the host.
	// Default: false.
	Path bool `json:"path,omitempty"`

	core *gateway.Core
}

// CaddyModule returns the Caddy module information.
func (*Published) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.handlers.culvert_publish",
		New: func() caddy.Module { return new(Published) },
	}
}

// Provision finds the core.
func (h *Published) Provision(ctx caddy.Context) error {
	a, err := app(ctx)
	if err != nil {
		return err
	}
	h.core = a.core
	return nil
}

// ServeHTTP passes on what is for a published service, from who may come.
func (h *Published) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	api, addr := h.core.API(), clientAddr(r)
	if api != nil && api.Blocked(addr) {
		publish.Forbidden.Serve(w, r)
		return nil
	}
	n, name, ok := find(h.core, h.Path, r)
	publisher := h.core.Publisher()
	if !ok || api == nil || publisher == nil {
		publish.Unknown.Serve(w, r)
		return nil
	}
	if err := harden(w, r); err != nil {
		return err
	}
	if h.Path && intoFolder(w, r) {
		return nil
	}
	q, in := publisher.Gate().Enter(w, r, publish.Visit{
		Key: publish.Key{Owner: n.Owner, Name: name}, Addr: addr, Secure: isSecure(r), Shared: h.Path, Site: api.Site().URL,
	})
	if q == nil {
		return nil
	}
	defer q.End()
	out := &watched{&caddyhttp.ResponseWriterWrapper{ResponseWriter: w}, q}
	err := next.ServeHTTP(out, in)
	if page := publish.PageFor(err); page != nil {
		page.Serve(out, r)
		return nil
	}
	if failed, ok := errors.AsType[caddyhttp.HandlerError](err); ok {
		q.Answer(failed.StatusCode)
	}
	return err
}

// hostname is the request's host without its port; "" if what stands for the port
// is none. A service that makes URLs of its host would make shop.example:x@evil a
// link to evil.
func hostname(r *http.Request) string {
	host, port, err := net.SplitHostPort(r.Host)
	switch {
	case err != nil:
		return r.Host
	case !digits(port):
		return ""
	}
	return host
}

// Upstreams finds the published service that a request is for by its host, or by
// the first segment of the path that it came with. It has none for a name under
// which nothing is published.
type Upstreams struct {
	// Whether the name is the first segment of the path, and not in the host. It is
	// left in the path, unless handlers in front of the reverse proxy, or its
	// rewrite, take it away. Default: false.
	Path bool `json:"path,omitempty"`

	core *gateway.Core
}

// CaddyModule returns the Caddy module information.
func (*Upstreams) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.reverse_proxy.upstreams.culvert",
		New: func() caddy.Module { return new(Upstreams) },
	}
}

// Provision finds the core.
func (u *Upstreams) Provision(ctx caddy.Context) error {
	a, err := app(ctx)
	if err != nil {
		return err
	}
	u.core = a.core
	return nil
}

// UnmarshalCaddyfile reads the source. Syntax:
//
//	dynamic culvert [path]
func (u *Upstreams) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // consume the name
	if d.NextArg() {
		if d.Val() != "path" {
			return d.Errf("dynamic culvert %s: the only argument is path, for names in the path", d.Val())
		}
		u.Path = true
	}
	if d.NextArg() {
		return d.ArgErr()
	}
	if d.NextBlock(0) {
		return d.Err("dynamic culvert has no options")
	}
	return nil
}

// GetUpstreams implements reverseproxy.UpstreamSource.
func (u *Upstreams) GetUpstreams(r *http.Request) ([]*reverseproxy.Upstream, error) {
	n, _, ok := find(u.core, u.Path, r)
	if !ok {
		return nil, nil
	}
	return []*reverseproxy.Upstream{{Dial: upstreamOf(n.Client, n.Service)}}, nil
}

// upstreamOf is the reverse of parseUpstream, with a port, which is in the keys
// of Caddy's pools and means nothing.
func upstreamOf(client, service string) string {
	parts := strings.Split(client, "/")
	name := service + "." + parts[len(parts)-1]
	if len(parts) > 1 {
		name += "." + parts[0]
	}
	return upstreamNetwork + "/" + name + ":80"
}

// Interface guards
var (
	_ caddy.Provisioner           = (*Published)(nil)
	_ caddyhttp.MiddlewareHandler = (*Published)(nil)
	_ caddy.Provisioner           = (*Upstreams)(nil)
	_ caddyfile.Unmarshaler       = (*Upstreams)(nil)
	_ reverseproxy.UpstreamSource = (*Upstreams)(nil)
)
