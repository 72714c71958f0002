// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnels

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/culvertd/culvert/bench/internal/cases"
)

// upRelay starts the bare relay with bare agents.
func (s *starter) upRelay(ctx context.Context, c *chain) error {
	mode := []string{"-copy=splice"}
	if c.name == cases.RefHybrid {
		mode = []string{"-copy=hybrid", "-pool=64"}
	}
	relay := c.at(c.place.server, portServer)
	role := func(role string, more ...string) []string {
		return append(append([]string{s.ref, "ref-relay", "-role=" + role}, mode...), more...)
	}
	return c.ends(ctx,
		role("relay", "-listen="+relay),
		role("provider", "-relay="+relay, "-to="+c.at(c.place.provider, portService)),
		role("visitor", "-relay="+relay, "-listen="+c.target.Addr))
}

// upUDP starts three bare hops, from the service to the load.
func (s *starter) upUDP(ctx context.Context, c *chain) error {
	// The hop in the middle and the provider's listen on ports that are this
	// chain's own.
	server, provider := c.at(c.place.server, portServer), c.at(c.place.provider, portMore)
	hop := func(listen, to string) []string { return []string{s.ref, "ref-udp", "-listen=" + listen, "-to=" + to} }
	middle := hop(server, provider)
	p, err := c.launch(ctx, c.place.server, "server", nil, middle[0], middle[1:]...)
	if err != nil {
		return err
	}
	c.target.PID = p.PID
	return c.agents(ctx, nil, hop(provider, c.at(c.place.provider, portService)), hop(c.target.Addr, server))
}

// upFRP starts frp with secret proxies, which is its way from client to client:
// as it comes, the fastest that it can be set to, or that with TLS.
func (s *starter) upFRP(ctx context.Context, c *chain) error {
	server, client := frpSettings(c)
	provider, visitor := client, client
	for _, kind := range []string{"stcp", "sudp"} {
		provider += fmt.Sprintf("[[proxies]]\nname = %[1]q\ntype = %[1]q\nsecretKey = \"bench\"\nlocalIP = %[2]q\nlocalPort = %[3]s\n",
			kind, c.place.provider.addr, c.ports[portService])
		visitor += fmt.Sprintf("[[visitors]]\nname = \"%[1]s-visitor\"\ntype = %[1]q\nserverName = %[1]q\nsecretKey = \"bench\"\nbindAddr = \"127.0.0.1\"\nbindPort = %[2]s\n",
			kind, c.ports[portVisitor])
	}
	for name, text := range map[string]string{"frps.toml": server, "provider.toml": provider, "visitor.toml": visitor} {
		if err := os.WriteFile(filepath.Join(c.dir, name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	return c.ends(ctx,
		[]string{s.frps, "-c", filepath.Join(c.dir, "frps.toml")},
		[]string{s.frpc, "-c", filepath.Join(c.dir, "provider.toml")},
		[]string{s.frpc, "-c", filepath.Join(c.dir, "visitor.toml")})
}

// frpSettings are those of server and clients, without what is carried.
func frpSettings(c *chain) (server, client string) {
	if c.name != cases.FRP {
		server = "transport.tcpMux = false\ntransport.maxPoolCount = 50\n"
		client = "transport.tcpMux = false\ntransport.poolCount = 50\n"
	}
	if c.name == cases.FRPFast {
		client += "transport.tls.enable = false\n"
	}
	server = fmt.Sprintf("bindAddr = %q\nbindPort = %s\nlog.level = \"error\"\n%s", c.place.server.addr, c.ports[portServer], server)
	client = fmt.Sprintf("serverAddr = %q\nserverPort = %s\nlog.level = \"error\"\n%s", c.place.server.addr, c.ports[portServer], client)
	return server, client
}

// upChisel starts chisel: the provider opens a reverse port on the server's
// loopback, to which the visitor forwards.
func (s *starter) upChisel(ctx context.Context, c *chain) error {
	url := "http://" + c.at(c.place.server, portServer)
	return c.ends(ctx,
		[]string{s.chisel, "server", "--reverse", "--host", c.place.server.addr, "--port", c.ports[portServer]},
		[]string{s.chisel, "client", url, "R:127.0.0.1:" + c.ports[portMore] + ":" + c.at(c.place.provider, portService)},
		[]string{s.chisel, "client", url, c.target.Addr + ":127.0.0.1:" + c.ports[portMore]})
}
