// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnels

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/culvertd/culvert/bench/internal/cases"
	"github.com/culvertd/culvert/bench/internal/daemon"
	"github.com/culvertd/culvert/bench/internal/harness"
)

// starter knows how to start each tunnel.
type starter struct {
	set                        string // the comparison
	culvert, client, caddyfile string
	frps, frpc                 string
	chisel                     string
	pick                       *regexp.Regexp // of names

	work string // a folder of this run
	self string // this program
	ref  string // a copy of it for references and service: a page shared with the load would count less in PSS

	ports daemon.Ports
}

// chain is a tunnel that is up, with a service of its own behind it.
type chain struct {
	name  string
	place place
	dir   string
	ports []string
	procs []*daemon.Process // the order in which they were started
	// target is what the load gets: where the visitor listens, the server's
	// process, and the provider's and the visitor's.
	target harness.Target
}

// The ports of a chain.
const (
	portService = iota // TCP and UDP
	portServer         // the server's own, or Culvert's relay
	portVisitor        // where the load goes to, TCP and UDP
	portMore           // Culvert's HTTP; chisel's reverse port
	portAdmin          // Culvert's
	portWeb            // the service's website, if things are published
	portNames          // the server's websites by name, likewise
	portCount
)

func (s *starter) prepare() (err error) {
	if s.work, err = os.MkdirTemp("", "culvert-bench-"); err != nil {
		return fmt.Errorf("making a work folder: %w", err)
	}
	if s.self, err = os.Executable(); err != nil {
		return err
	}
	s.ref = filepath.Join(s.work, "ref")
	b, err := os.ReadFile(s.self)
	if err != nil {
		return err
	}
	if s.caddyfile, err = filepath.Abs(s.caddyfile); err != nil {
		return err
	}
	return os.WriteFile(s.ref, b, 0o755)
}

// has tells whether a tunnel was given, and is wanted.
func (s *starter) has(name string) bool {
	if !s.pick.MatchString(name) {
		return false
	}
	switch name {
	case cases.Culvert, cases.CulvertTLS, cases.Caddy:
		return s.culvert != "" && s.client != ""
	case cases.FRP, cases.FRPFast, cases.FRPTLS:
		return s.frps != "" && s.frpc != ""
	case cases.Chisel:
		return s.chisel != ""
	}
	return true
}

// up starts a chain and returns when a connection comes through.
func (s *starter) up(ctx context.Context, p place, name string) (*chain, error) {
	ports, err := s.ports.Take(portCount)
	if err != nil {
		return nil, err
	}
	c := &chain{name: name, place: p, ports: ports}
	if c.dir, err = os.MkdirTemp(s.work, name+"-"); err != nil {
		return nil, err
	}
	service := c.at(p.provider, portService)
	visitor := "127.0.0.1:" + ports[portVisitor]
	c.target = harness.Target{Name: name, Addr: visitor, Opts: map[string]string{
		"service": service, "udp": visitor, "relay": c.at(p.server, portServer),
	}}
	serve := []string{"serve", "-listen", service}
	if s.set == cases.PublishedSet {
		serve = append(serve, "-http", c.at(p.provider, portWeb))
	}
	if _, err = c.launch(ctx, p.provider, "service", nil, s.ref, serve...); err != nil {
		return nil, err
	}
	if s.set == cases.PublishedSet {
		err = s.upPublished(ctx, c)
	} else {
		err = s.upTunnel(ctx, c)
	}
	if err == nil && name != cases.RefUDP {
		err = c.procs[len(c.procs)-1].Until(ctx, func() error { return s.through(ctx, c) })
	}
	if err != nil {
		c.stop()
		return nil, fmt.Errorf("starting the chain of %s: %w", name, err)
	}
	// Pools fill in the background.
	time.Sleep(500 * time.Millisecond)
	return c, nil
}

// upTunnel starts a tunnel from client to client.
func (s *starter) upTunnel(ctx context.Context, c *chain) error {
	switch c.name {
	case cases.Direct:
		service := c.target.Opts["service"]
		c.target.Addr, c.target.Opts["udp"] = service, service
		return nil
	case cases.RefSplice, cases.RefHybrid:
		return s.upRelay(ctx, c)
	case cases.RefUDP:
		return s.upUDP(ctx, c)
	case cases.FRP, cases.FRPFast, cases.FRPTLS:
		return s.upFRP(ctx, c)
	case cases.Chisel:
		return s.upChisel(ctx, c)
	case cases.Culvert, cases.CulvertTLS:
		return s.upCulvert(ctx, c)
	}
	return fmt.Errorf("unknown tunnel %q", c.name)
}

// ends launches server, provider and visitor, in that order, and accounts them.
func (c *chain) ends(ctx context.Context, server, provider, visitor []string) error {
	p, err := c.launch(ctx, c.place.server, "server", nil, server[0], server[1:]...)
	if err != nil {
		return err
	}
	c.target.PID = p.PID
	if err := p.Until(ctx, func() error { return listening(ctx, c.place.server, c.ports[portServer]) }); err != nil {
		return err
	}
	return c.agents(ctx, nil, provider, visitor)
}

// agents launches the two ends.
func (c *chain) agents(ctx context.Context, env, provider, visitor []string) error {
	a, err := c.launch(ctx, c.place.provider, "provider", env, provider[0], provider[1:]...)
	if err != nil {
		return err
	}
	// A visitor that finds nobody waits before it asks again.
	time.Sleep(300 * time.Millisecond)
	b, err := c.launch(ctx, c.place.visitor, "visitor", env, visitor[0], visitor[1:]...)
	if err != nil {
		return err
	}
	c.target.Agents = []int{a.PID, b.PID}
	return nil
}

// agent launches the only end that there is.
func (c *chain) agent(ctx context.Context, env []string, program string, args ...string) error {
	p, err := c.launch(ctx, c.place.provider, "provider", env, program, args...)
	if err == nil {
		c.target.Agents = []int{p.PID}
	}
	return err
}

func (c *chain) launch(ctx context.Context, h host, name string, env []string, program string, args ...string) (*daemon.Process, error) {
	p, err := daemon.Launch(ctx, c.dir, name, func(ctx context.Context) *exec.Cmd {
		return h.command(ctx, env, program, args...)
	})
	if err == nil {
		c.procs = append(c.procs, p)
	}
	return p, err
}

// at is one of the chain's ports on a host.
func (c *chain) at(h host, port int) string { return net.JoinHostPort(h.addr, c.ports[port]) }

// gone tells whether one of the processes has ended by itself, and says how.
func (c *chain) gone() bool {
	for _, p := range c.procs {
		if p.Gone() {
			fmt.Fprintf(os.Stderr, "%s: %s ended by itself:\n%s\n", c.name, p.Name, p.LastWords())
			return true
		}
	}
	return false
}

// stop ends the processes, the ends before the server.
func (c *chain) stop() {
	for i := range c.procs {
		c.procs[len(c.procs)-1-i].Stop()
	}
}

// through tells whether a connection comes through the chain, and a request if
// there is a website.
func (s *starter) through(ctx context.Context, c *chain) error {
	loads := [][]string{{"tcp-first", "-count=1"}}
	if c.name == cases.Caddy {
		loads = nil
	}
	if c.target.Opts["http"] != "" {
		loads = append(loads, []string{"http-load", "-conns=1", "-duration=10ms"})
	}
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	for _, load := range loads {
		args := slices.Concat(load, []string{"-rounds=1", "-target=" + c.target.String()})
		out, err := c.place.visitor.command(ctx, nil, s.self, args...).CombinedOutput()
		if err != nil {
			return errors.Join(err, errors.New(lastLine(out)))
		}
	}
	return nil
}

// listening tells whether a TCP port of a host is taken. It reads the kernel's
// table: the host may be in a namespace of its own.
func listening(ctx context.Context, h host, port string) error {
	out, err := h.command(ctx, nil, "cat", "/proc/net/tcp", "/proc/net/tcp6").Output()
	if err != nil {
		return fmt.Errorf("reading the table of sockets: %w", err)
	}
	n, err := net.LookupPort("tcp", port)
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(out)) {
		if f := strings.Fields(line); len(f) > 3 && f[3] == "0A" && strings.HasSuffix(f[1], fmt.Sprintf(":%04X", n)) {
			return nil
		}
	}
	return errors.New("port " + port + " is not listened on")
}

// versions says what the tunnels are.
func (s *starter) versions(commit string) map[string]string {
	v := map[string]string{}
	if s.has(cases.Culvert) {
		v[cases.Culvert] = commit + ", Caddy " + daemon.Version(s.culvert, "github.com/caddyserver/caddy/v2")
	}
	if s.has(cases.FRP) {
		v[cases.FRP] = daemon.Version(s.frps, "github.com/fatedier/frp")
	}
	if s.has(cases.Chisel) {
		v[cases.Chisel] = daemon.Version(s.chisel, "github.com/jpillora/chisel")
	}
	return v
}
