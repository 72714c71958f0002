// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnels

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"github.com/culvertd/culvert/bench/internal/cases"
)

// upCulvert starts Culvert in a fresh data folder and two clients, the way
// their users would.
func (s *starter) upCulvert(ctx context.Context, c *chain) error {
	if err := s.gateway(ctx, c); err != nil {
		return err
	}
	type object = map[string]any
	service, err := strconv.Atoi(c.ports[portService])
	if err != nil {
		return err
	}
	// Both ends have to say so.
	said := func(o object) object {
		if c.name == cases.Culvert {
			o["encryption"] = "none"
		}
		return o
	}
	offer := func(protocol string) object {
		return said(object{"id": protocol, "protocol": protocol, "localHost": c.place.provider.addr, "localPort": service})
	}
	use := func(protocol string) object {
		return said(object{"target": "provider", "service": protocol, "local": c.target.Addr})
	}
	for name, more := range map[string]object{
		"provider": {"services": []object{offer("tcp"), offer("udp")}},
		"visitor":  {"connects": []object{use("tcp"), use("udp")}},
	} {
		token := c.place.server.command(ctx, s.gatewayEnv(c), s.culvert, "client", "token", "create", "--client", name)
		if err := s.configure(c, name, token, more); err != nil {
			return err
		}
	}
	client := func(name string) []string {
		return []string{s.client, "--config", filepath.Join(c.dir, name+".json")}
	}
	return c.agents(ctx, []string{"CULVERT_HOME=" + filepath.Join(c.dir, "home")}, client("provider"), client("visitor"))
}

// gateway starts Culvert itself, and returns when it listens.
func (s *starter) gateway(ctx context.Context, c *chain) error {
	p, err := c.launch(ctx, c.place.server, "server", s.gatewayEnv(c), s.culvert, "run", "--config", s.caddyfile, "--adapter", "caddyfile")
	if err != nil {
		return err
	}
	c.target.PID = p.PID
	return p.Until(ctx, func() error { return listening(ctx, c.place.server, c.ports[portServer]) })
}

// gatewayEnv has what the Caddyfiles ask for.
func (s *starter) gatewayEnv(c *chain) []string {
	return []string{
		"BENCH_HOST=" + c.place.server.addr, "BENCH_HTTP=" + c.ports[portMore],
		"BENCH_ADMIN=" + c.ports[portAdmin], "BENCH_RELAY=" + c.at(c.place.server, portServer),
		"BENCH_NAMES=" + c.ports[portNames], "BENCH_PORT=" + c.ports[portVisitor], "BENCH_WEB=" + c.at(c.place.provider, portWeb),
		"CULVERT_DATA=" + filepath.Join(c.dir, "culvert"),
		"XDG_DATA_HOME=" + c.dir, "XDG_CONFIG_HOME=" + c.dir,
	}
}

// configure writes a client's configuration with a token that the command makes.
func (s *starter) configure(c *chain, name string, token *exec.Cmd, conf map[string]any) error {
	out, err := token.Output()
	if err != nil {
		return fmt.Errorf("making a token: %w", err)
	}
	conf["serverUrl"] = "ws://" + c.at(c.place.server, portMore)
	conf["clientId"], conf["tokenFile"] = name, filepath.Join(c.dir, name+".token")
	if err := os.WriteFile(conf["tokenFile"].(string), out, 0o600); err != nil {
		return err
	}
	b, err := json.Marshal(conf)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(c.dir, name+".json"), b, 0o600)
}
