// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
	"github.com/pires/go-proxyproto"

	"github.com/culvertd/culvert/internal/gateway"
	"github.com/culvertd/culvert/internal/publish"
	"github.com/culvertd/culvert/internal/wire"
)

func init() {
	caddy.RegisterModule(new(Transport))
}

// upstreamNetwork is what addresses of published services begin with.
const upstreamNetwork = "culvert"

// defaultDialTimeout is longer than HTTPTransport's: a client that changes its
// network is back within a second or two.
const defaultDialTimeout = 10 * time.Second

// defaultExpectTimeout is for how long a service is waited for that is to say
// whether it wants a body (Expect: 100-continue). HTTPTransport's default sends
// the body at once, and the visitor of a service that does not want it gets 502
// in one case of three.
const defaultExpectTimeout = time.Second

// Transport reaches services that tunnel clients publish: `culvert/web.nas.alice`
// is the service `web` of the client `nas` of the account `alice`, and
// `culvert/web.nas` one of a client that belongs to the operator. The client's
// configuration has to say `publish` for the service. What is carried is
// encrypted from the gateway to the client, and survives the client's change of
// network, unless the service says `encryption: none`.
//
// It has the settings of Caddy's `http` transport, those for how addresses are
// dialed excepted. A WebSocket ends when a config is reloaded unless the
// reverse proxy's `stream_close_delay` is set.
type Transport struct {
	reverseproxy.HTTPTransport

	core *gateway.Core
}

// CaddyModule returns the Caddy module information.
func (*Transport) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.reverse_proxy.transport.culvert",
		New: func() caddy.Module { return new(Transport) },
	}
}

// Provision finds the core and replaces how HTTPTransport dials.
func (t *Transport) Provision(ctx caddy.Context) error {
	a, err := app(ctx)
	if err != nil {
		return err
	}
	t.core = a.core
	if err := t.validate(); err != nil {
		return err
	}
	if t.DialTimeout == 0 {
		t.DialTimeout = caddy.Duration(defaultDialTimeout)
	}
	if t.ExpectContinueTimeout == 0 {
		t.ExpectContinueTimeout = caddy.Duration(defaultExpectTimeout)
	}
	if err := t.HTTPTransport.Provision(ctx); err != nil {
		return err
	}
	t.Transport.Proxy = nil // a proxy of the server's would be sent what goes through the tunnel
	t.Transport.DialContext = t.dial
	if t.Transport.DialTLSContext != nil {
		t.Transport.DialTLSContext = t.dialTLS
	}
	return nil
}

// validate refuses what HTTPTransport would dial by itself, or what would do
// nothing.
func (t *Transport) validate() error {
	no := func(setting string) error {
		return fmt.Errorf("transport culvert: %s does not apply to services of tunnel clients; leave it out", setting)
	}
	switch {
	case slices.Contains(t.Versions, "3"):
		return no("HTTP version 3")
	case t.TLS != nil && strings.Contains(t.TLS.ServerName, "{"):
		return no("a placeholder in tls_server_name")
	case t.LocalAddress != "":
		return no("local_address")
	case t.Resolver != nil:
		return no("resolvers")
	case t.FallbackDelay != 0:
		return no("dial_fallback_delay")
	case t.ForwardProxyURL != "" || len(t.NetworkProxyRaw) > 0:
		return no("a network proxy")
	case t.ReadTimeout != 0 || t.WriteTimeout != 0:
		return no("read_timeout or write_timeout")
	case !slices.Contains([]string{"", "v1", "v2"}, t.ProxyProtocol):
		return fmt.Errorf("transport culvert: proxy_protocol %q; use v1 or v2", t.ProxyProtocol)
	}
	return nil
}

// dial connects to the service that the upstream names.
func (t *Transport) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	conn, err := t.connect(ctx)
	if err != nil {
		return nil, &dialError{err}
	}
	if err := t.introduce(ctx, conn); err != nil {
		_ = conn.Close()
		return nil, &dialError{err}
	}
	return conn, nil
}

// dialError is a reverseproxy.DialError, after which another upstream is tried,
// whose cause can be seen.
type dialError struct{ error }

// Unwrap returns the cause.
func (e *dialError) Unwrap() error { return e.error }

// As makes it what the reverse proxy looks for.
func (e *dialError) As(target any) bool {
	d, ok := target.(*reverseproxy.DialError)
	if ok {
		*d = reverseproxy.NewDialError(e.error)
	}
	return ok
}

// Timeout has the reverse proxy answer 504. It implements net.Error.
func (e *dialError) Timeout() bool {
	failed, ok := errors.AsType[*publish.Error](e.error)
	return ok && failed.Kind == publish.Timeout
}

// Temporary implements net.Error.
func (e *dialError) Temporary() bool { return false }

// dialTLS is what HTTPTransport has for TLS behind the PROXY protocol's header.
func (t *Transport) dialTLS(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := t.dial(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	cfg := t.Transport.TLSClientConfig.Clone()
	if info, ok := reverseproxy.GetDialInfo(ctx); ok && cfg.ServerName == "" {
		cfg.ServerName = info.Host
	}
	// The name is HTTPTransport's own: WebSockets need HTTP/1.1.
	if caddyhttp.GetVar(ctx, "reverse_proxy.tls_h1_only") == true {
		cfg.NextProtos = nil
	}
	if timeout := t.Transport.TLSHandshakeTimeout; timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, timeout)
		defer cancel()
	}
	secure := tls.Client(conn, cfg)
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = secure.Close()
		return nil, fmt.Errorf("speaking TLS with the service: %w", err)
	}
	return secure, nil
}

func (t *Transport) connect(ctx context.Context) (net.Conn, error) {
	info, ok := reverseproxy.GetDialInfo(ctx)
	if !ok || info.Network != upstreamNetwork {
		return nil, fmt.Errorf("%q is no service of a tunnel client; write the upstream as culvert/service.client.account", info.Address)
	}
	client, service, err := parseUpstream(info.Host)
	if err != nil {
		return nil, err
	}
	p := t.core.Publisher()
	if p == nil {
		return nil, errors.New("the gateway starts or stops just now")
	}
	ctx, cancel := context.WithTimeout(ctx, time.Duration(t.DialTimeout))
	defer cancel()
	return p.Dial(ctx, client, service)
}

// parseUpstream reads service.client.account, or service.client for one of the
// operator's.
func parseUpstream(host string) (client, service string, err error) {
	parts := strings.Split(host, ".")
	for _, part := range parts {
		if !wire.ValidName(part) {
			parts = nil
		}
	}
	switch len(parts) {
	case 2:
		return parts[1], parts[0], nil
	case 3:
		return parts[2] + "/" + parts[1], parts[0], nil
	}
	return "", "", fmt.Errorf("%q is no service of a tunnel client; write the upstream as culvert/service.client.account, "+
		"or culvert/service.client for a client without an account", host)
}

// introduce tells the service by the PROXY protocol who has come, if that is
// configured. HTTPTransport does so in the dialing that was replaced; it has a
// connection for each address then.
func (t *Transport) introduce(ctx context.Context, conn net.Conn) error {
	if t.ProxyProtocol == "" {
		return nil
	}
	// The name is HTTPTransport's own.
	info, ok := caddyhttp.GetVar(ctx, "reverse_proxy.proxy_protocol_info").(reverseproxy.ProxyProtocolInfo)
	if !ok || !info.AddrPort.IsValid() {
		return errors.New("the request's address, for the PROXY protocol, is not known")
	}
	from := net.TCPAddrFromAddrPort(info.AddrPort)
	to := &net.TCPAddr{IP: net.IPv4zero}
	if info.AddrPort.Addr().Is6() {
		to.IP = net.IPv6zero
	}
	version := byte(1)
	if t.ProxyProtocol == "v2" {
		version = 2
	}
	if _, err := proxyproto.HeaderProxyFromAddrs(version, from, to).WriteTo(conn); err != nil {
		return fmt.Errorf("sending the PROXY protocol's header: %w", err)
	}
	return nil
}

// UnmarshalCaddyfile reads the settings of HTTPTransport. Syntax:
//
//	transport culvert {
//		...
//	}
func (t *Transport) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	return t.HTTPTransport.UnmarshalCaddyfile(d)
}

// Interface guards
var (
	_ caddy.Provisioner                                = (*Transport)(nil)
	_ caddy.CleanerUpper                               = (*Transport)(nil)
	_ caddyfile.Unmarshaler                            = (*Transport)(nil)
	_ reverseproxy.TLSTransport                        = (*Transport)(nil)
	_ reverseproxy.H2CTransport                        = (*Transport)(nil)
	_ reverseproxy.HealthCheckSchemeOverriderTransport = (*Transport)(nil)
	_ reverseproxy.ProxyProtocolTransport              = (*Transport)(nil)
)
