// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnels

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/culvertd/culvert/bench/internal/cases"
)

// The hosts of the websites.
const (
	publishedHost = "shop.localhost"
	plainHost     = "plain.localhost" // Caddy's reverse proxy before the service itself
)

// upPublished starts a server that has the service for the public, with the
// client that publishes it:
//
//	load -> server -> provider's agent -> service
//
// In c the visitor's port is the server's public one.
func (s *starter) upPublished(ctx context.Context, c *chain) error {
	c.target.Opts["http"], c.target.Opts["host"] = c.at(c.place.server, portNames), publishedHost
	switch c.name {
	case cases.Direct:
		c.target.Addr, c.target.Opts["http"] = c.target.Opts["service"], c.at(c.place.provider, portWeb)
		return nil
	case cases.Caddy:
		c.target.Opts["host"] = plainHost
		return s.gateway(ctx, c)
	case cases.Culvert, cases.CulvertTLS:
		if err := s.gateway(ctx, c); err != nil {
			return err
		}
		return s.publisher(ctx, c)
	case cases.FRP, cases.FRPFast:
		return s.publishByFRP(ctx, c)
	}
	return fmt.Errorf("%s does not publish", c.name)
}

// publisher starts a client that publishes the website by name, and the TCP
// service at any port, of which there is but one.
func (s *starter) publisher(ctx context.Context, c *chain) error {
	type object = map[string]any
	offer := func(id, protocol string, port int, publish object) (object, error) {
		n, err := strconv.Atoi(c.ports[port])
		o := object{"id": id, "protocol": protocol, "localHost": c.place.provider.addr, "localPort": n, "publish": publish}
		if c.name == cases.Culvert {
			o["encryption"] = "none"
		}
		return o, err
	}
	web, err := offer("web", "http", portWeb, object{"host": "shop"})
	if err != nil {
		return err
	}
	tcp, err := offer("tcp", "tcp", portService, object{"tcp": 0})
	if err != nil {
		return err
	}
	token := c.place.server.command(ctx, s.gatewayEnv(c), s.culvert, "client", "token", "create", "--client", "provider")
	if err := s.configure(c, "provider", token, object{"services": []object{web, tcp}}); err != nil {
		return err
	}
	return c.agent(ctx, []string{"CULVERT_HOME=" + filepath.Join(c.dir, "home")}, s.client, "--config", filepath.Join(c.dir, "provider.json"))
}

// publishByFRP starts frp with an HTTP proxy and a TCP proxy, as it comes or the
// fastest that it can be set to.
func (s *starter) publishByFRP(ctx context.Context, c *chain) error {
	server, client := frpSettings(c)
	server += fmt.Sprintf("vhostHTTPPort = %s\n", c.ports[portNames])
	client += fmt.Sprintf("[[proxies]]\nname = \"web\"\ntype = \"http\"\nlocalIP = %q\nlocalPort = %s\ncustomDomains = [%q]\n",
		c.place.provider.addr, c.ports[portWeb], publishedHost)
	client += fmt.Sprintf("[[proxies]]\nname = \"tcp\"\ntype = \"tcp\"\nlocalIP = %q\nlocalPort = %s\nremotePort = %s\n",
		c.place.provider.addr, c.ports[portService], c.ports[portVisitor])
	for name, text := range map[string]string{"frps.toml": server, "provider.toml": client} {
		if err := os.WriteFile(filepath.Join(c.dir, name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	p, err := c.launch(ctx, c.place.server, "server", nil, s.frps, "-c", filepath.Join(c.dir, "frps.toml"))
	if err != nil {
		return err
	}
	c.target.PID = p.PID
	if err := p.Until(ctx, func() error { return listening(ctx, c.place.server, c.ports[portServer]) }); err != nil {
		return err
	}
	return c.agent(ctx, nil, s.frpc, "-c", filepath.Join(c.dir, "provider.toml"))
}
