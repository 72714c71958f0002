// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// Package tunnels runs Culvert, other tunnels and the reference relays against
// each other in one run, each as a whole chain:
//
//	load -> visitor's agent -> server -> provider's agent -> service
//
// or, for what is published, without the visitor's agent; and stores every single measurement. What it measures is in package cases;
// what comes of it is judged by package report.
package tunnels

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/culvertd/culvert/bench/internal/cases"
	"github.com/culvertd/culvert/bench/internal/harness"
	"github.com/culvertd/culvert/bench/internal/results"
)

// run is one comparison.
type run struct {
	ctx    context.Context //nolint:containedctx // lives as long as the one command
	start  starter
	rounds int
	out    *os.File
	failed int
}

// Command is "bench tunnels".
func Command(args []string) error {
	fs := flag.NewFlagSet("tunnels", flag.ExitOnError)
	var o cases.TunnelOptions
	var s starter
	out := fs.String("out", "results.jsonl", "file for the results")
	rounds := fs.Int("rounds", 5, "rounds of each case")
	only := fs.String("only", "", "regular expression: the cases to run")
	servers := fs.String("servers", "", "regular expression: the servers to run them on")
	fs.StringVar(&s.set, "set", cases.TunnelSet, "what to compare: tunnels, or published: websites and ports for the public")
	commit := fs.String("commit", "unknown", "what Culvert was built from")
	fs.DurationVar(&o.Duration, "duration", 2*time.Second, "time of one run")
	fs.DurationVar(&o.Settle, "settle", 20*time.Second, "from the last idle connect to the reading of memory")
	fs.IntVar(&o.Idle, "idle", 9000, "idle connections")
	fs.IntVar(&o.Silent, "silent", 5000, "connections that say nothing")
	fs.StringVar(&s.culvert, "culvert", "", "Culvert's binary; without it, Culvert is left out")
	fs.StringVar(&s.client, "tunnelclient", "", "tunnelclient's binary")
	fs.StringVar(&s.caddyfile, "caddyfile", "bench/tunnels.Caddyfile", "Culvert's configuration")
	fs.StringVar(&s.frps, "frps", "", "frp's server")
	fs.StringVar(&s.frpc, "frpc", "", "frp's client")
	fs.StringVar(&s.chisel, "chisel", "", "chisel's binary")
	if err := fs.Parse(args); err != nil {
		return err
	}
	all := map[string]func(cases.TunnelOptions) []cases.Tunnel{cases.TunnelSet: cases.Tunnels, cases.PublishedSet: cases.Published}[s.set]
	if all == nil {
		return fmt.Errorf("no comparison %q", s.set)
	}
	pick, err := regexp.Compile(*only)
	if err != nil {
		return fmt.Errorf("reading -only: %w", err)
	}
	if s.pick, err = regexp.Compile(*servers); err != nil {
		return fmt.Errorf("reading -servers: %w", err)
	}
	// An interrupt ends the processes, hence the runs on them.
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := s.prepare(); err != nil {
		return err
	}
	defer os.RemoveAll(s.work)

	f, err := os.Create(*out)
	if err != nil {
		return fmt.Errorf("creating the results file: %w", err)
	}
	defer f.Close()
	h := results.Machine()
	h.Set, h.Versions = s.set, s.versions(*commit)
	h.Rounds, h.Duration, h.Settle, h.Idle = *rounds, o.Duration.String(), o.Settle.String(), o.Idle
	if err := json.NewEncoder(f).Encode(h); err != nil {
		return err
	}
	r := &run{ctx: ctx, start: s, out: f, rounds: *rounds}
	list := slices.DeleteFunc(all(o), func(c cases.Tunnel) bool { return !pick.MatchString(c.Name) })
	if err := errors.Join(r.loopback(list), r.delayed(list)); err != nil {
		return err
	}
	if r.failed > 0 {
		return fmt.Errorf("%d runs failed", r.failed)
	}
	return nil
}

func (r *run) loopback(list []cases.Tunnel) error {
	return r.group(loopback(), slices.DeleteFunc(slices.Clone(list), func(c cases.Tunnel) bool { return c.Delayed }))
}

// delayed runs the cases with delay, where namespaces can be made.
func (r *run) delayed(list []cases.Tunnel) error {
	list = slices.DeleteFunc(slices.Clone(list), func(c cases.Tunnel) bool { return !c.Delayed })
	if len(list) == 0 {
		return nil
	}
	if os.Geteuid() != 0 {
		fmt.Fprintln(os.Stderr, "SKIP the cases with delay: network namespaces need root")
		return nil
	}
	p, net, err := delayed(r.ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, "SKIP the cases with delay:", err)
		return nil
	}
	err = r.group(p, list)
	return errors.Join(err, net.Close())
}

// group runs cases at one place, on chains that stay up for all of them or, if
// a case asks for it, on fresh ones.
func (r *run) group(p place, list []cases.Tunnel) error {
	up := map[string]*chain{}
	stopAll := func() {
		for name, c := range up {
			c.stop()
			delete(up, name)
		}
	}
	defer stopAll()
	for _, c := range list {
		fmt.Fprintln(os.Stderr, time.Now().Format(time.TimeOnly), c.Name)
		if c.Fresh {
			stopAll()
		}
		var targets []harness.Target
		for _, name := range c.Servers {
			if r.start.has(name) {
				targets = append(targets, harness.Target{Name: name})
			}
		}
		rounds := r.rounds
		if c.Rounds > 0 {
			rounds = min(rounds, c.Rounds)
		}
		measure := func(t harness.Target) ([]harness.Metric, error) {
			ch, err := r.chain(up, p, t.Name)
			if err != nil {
				return nil, err
			}
			ms, err := r.load(p, ch, c)
			if c.Fresh || ch.gone() {
				ch.stop()
				delete(up, t.Name)
			}
			return ms, err
		}
		if err := harness.Rounds(c.Name, rounds, targets, measure, r.store); err != nil {
			return err
		}
	}
	return nil
}

// chain is a chain that is up, or a new one.
func (r *run) chain(up map[string]*chain, p place, name string) (*chain, error) {
	if up[name] != nil {
		return up[name], nil
	}
	c, err := r.start.up(r.ctx, p, name)
	if err == nil {
		up[name] = c
	}
	return c, err
}

// load runs a case's load once, in a process of its own at the visitor's side.
func (r *run) load(p place, ch *chain, c cases.Tunnel) ([]harness.Metric, error) {
	// The longest loads take a minute or so; a tunnel that hangs must not
	// hold up the others.
	ctx, cancel := context.WithTimeout(r.ctx, 3*time.Minute)
	defer cancel()
	file := filepath.Join(r.start.work, "load.jsonl")
	args := append(slices.Clone(c.Load), "-rounds=1", "-json="+file, "-target="+ch.target.String())
	cmd := p.visitor.command(ctx, nil, r.start.self, args...)
	said, runErr := cmd.CombinedOutput()
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, errors.Join(runErr, errors.New(lastLine(said)))
	}
	if err := os.Remove(file); err != nil {
		return nil, err
	}
	var x harness.Result
	if err := json.Unmarshal(b, &x); err != nil {
		return nil, fmt.Errorf("reading what the load measured: %w", err)
	}
	if x.Error != "" {
		return nil, errors.New(x.Error)
	}
	ms := make([]harness.Metric, 0, len(x.Order))
	for _, m := range x.Order {
		ms = append(ms, harness.Metric{Name: m, Value: x.Values[m]})
	}
	return ms, nil
}

// store appends a result to the file.
func (r *run) store(x harness.Result) error {
	if r.ctx.Err() != nil {
		return errors.New("interrupted")
	}
	if x.Error != "" {
		r.failed++
		fmt.Fprintf(os.Stderr, "%s, round %d, %s: %s\n", x.Case, x.Round, x.Target, x.Error)
	}
	return json.NewEncoder(r.out).Encode(x)
}

func lastLine(b []byte) string {
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	return lines[len(lines)-1]
}
