// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/culvertd/culvert/internal/publish"
	"github.com/culvertd/culvert/internal/signaling"
)

// Listen is an address of the gateway's whose visitors are taken, byte by byte, to
// services that tunnel clients publish. The client's configuration has to say
// `publish` for them; `{}` is enough.
type Listen struct {
	// Where to listen, in Caddy's form of network addresses: `tcp/:2222` or
	// `tcp/192.0.2.1:2222`. TCP alone is possible, and one port. It must not be
	// among `tcp_ports`.
	Address string `json:"address,omitempty"`
	// The services, `account/client/service`, or `client/service` for a client
	// without an account. Of several, a connection goes to the one with the fewest
	// open ones; one that is offline or cannot be reached is passed over. At least
	// one.
	Services []string `json:"services,omitempty"`
	// Has each connection begin with the header of the PROXY protocol, `v1` or
	// `v2`, which says where it comes from. The service has to expect it. Default:
	// none.
	ProxyProtocol string `json:"proxy_protocol,omitempty"`
}

// listens replaces placeholders and reads addresses.
func (a *App) listens() ([]publish.Static, error) {
	var list []publish.Static
	for _, l := range a.Listen {
		v, err := l.config()
		if err != nil {
			return nil, fmt.Errorf("listen %s: %w", l.Address, err)
		}
		list = append(list, v)
	}
	return list, nil
}

func (l Listen) config() (publish.Static, error) {
	repl := caddy.NewReplacer()
	addr, err := repl.ReplaceOrErr(l.Address, true, true)
	if err != nil {
		return publish.Static{}, err
	}
	v := publish.Static{ProxyProtocol: l.ProxyProtocol}
	if v.Address, err = listenAddress(addr); err != nil {
		return publish.Static{}, err
	}
	for _, s := range l.Services {
		if s, err = repl.ReplaceOrErr(s, true, true); err != nil {
			return publish.Static{}, err
		}
		// What this makes of another form, Validate refuses.
		i := max(strings.LastIndexByte(s, '/'), 0)
		v.Services = append(v.Services, signaling.Named{Client: s[:i], Service: strings.TrimPrefix(s[i:], "/")})
	}
	return v, nil
}

// listenAddress returns host:port of an address for TCP with one port.
func listenAddress(s string) (string, error) {
	addr, err := caddy.ParseNetworkAddress(s)
	switch {
	case err != nil:
		return "", fmt.Errorf("this is no address to listen on; write it like tcp/:2222: %w", err)
	case addr.Network == "udp":
		return "", fmt.Errorf("only TCP can be listened for here; write tcp/%s, "+
			"or have the client publish a UDP port", net.JoinHostPort(addr.Host, strconv.Itoa(int(addr.StartPort))))
	case addr.Network != "tcp":
		return "", fmt.Errorf("only TCP can be listened for here, and this is %s; write it like tcp/:2222", addr.Network)
	case addr.StartPort == 0:
		return "", fmt.Errorf("it needs a port; write it like tcp/:2222")
	case addr.PortRangeSize() > 1:
		return "", fmt.Errorf("it has %d ports, and one is possible; write a listen for each", addr.PortRangeSize())
	}
	return addr.JoinHostPort(0), nil
}

// unmarshalListen reads an address of the global option. Syntax:
//
//	listen <address> <service...> {
//		proxy_protocol v1|v2
//	}
func unmarshalListen(d *caddyfile.Dispenser, to *[]Listen) error {
	args := d.RemainingArgs()
	if len(args) < 2 {
		return d.ArgErr()
	}
	l := Listen{Address: args[0], Services: args[1:]}
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		if d.Val() != "proxy_protocol" {
			return d.Errf("unrecognized subdirective of listen: %s", d.Val())
		}
		if l.ProxyProtocol != "" {
			return d.Errf("proxy_protocol already specified")
		}
		if !d.AllArgs(&l.ProxyProtocol) {
			return d.ArgErr()
		}
	}
	*to = append(*to, l)
	return nil
}
