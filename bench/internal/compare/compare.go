// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// Package compare runs Culvert, other WebSocket servers and the reference hubs
// against each other, all on loopback and all in one run, and stores every
// single measurement. What it measures is in package cases; what comes of it is
// judged by package report.
package compare

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"slices"
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
	rounds map[bool]int // with and without TLS
	out    *os.File
	failed int
}

// Command is "bench compare".
func Command(args []string) error {
	fs := flag.NewFlagSet("compare", flag.ExitOnError)
	var o cases.Options
	var s starter
	out := fs.String("out", "results.jsonl", "file for the results")
	rounds := fs.Int("rounds", 5, "rounds of each fan-out case; with TLS, where nothing is judged, half of them")
	only := fs.String("only", "", "regular expression: the cases to run")
	commit := fs.String("commit", "unknown", "what Culvert was built from")
	fs.DurationVar(&o.Duration, "duration", 3*time.Second, "time of one fan-out run")
	fs.DurationVar(&o.Settle, "settle", time.Minute, "from the last idle connect to the reading of memory")
	fs.IntVar(&o.Idle, "idle", 10000, "idle connections")
	fs.StringVar(&s.culvert, "culvert", "", "Culvert's binary; without it, Culvert is left out")
	fs.StringVar(&s.caddyfile, "caddyfile", "bench/Caddyfile", "its configuration")
	fs.StringVar(&s.centrifugo, "centrifugo", "", "Centrifugo's binary")
	fs.StringVar(&s.centrifuge, "centrifuge", "", "the server on Centrifugo's library, where there is no Centrifugo")
	fs.StringVar(&s.uws, "uws", "", "folder of the uWebSockets.js server")
	if err := fs.Parse(args); err != nil {
		return err
	}
	pick, err := regexp.Compile(*only)
	if err != nil {
		return fmt.Errorf("reading -only: %w", err)
	}
	// An interrupt ends the servers, hence the runs on them.
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := s.prepare(ctx); err != nil {
		return err
	}
	defer os.RemoveAll(s.work)

	f, err := os.Create(*out)
	if err != nil {
		return fmt.Errorf("creating the results file: %w", err)
	}
	defer f.Close()
	r := &run{ctx: ctx, start: s, out: f, rounds: map[bool]int{false: *rounds, true: (*rounds + 1) / 2}}
	h := results.Machine()
	h.Set, h.Versions = cases.WebSocketSet, s.versions(ctx, *commit)
	h.RoundsTLS = r.rounds[true]
	h.Rounds, h.Duration, h.Settle, h.Idle = *rounds, o.Duration.String(), o.Settle.String(), o.Idle
	if err := json.NewEncoder(f).Encode(h); err != nil {
		return err
	}
	list := slices.DeleteFunc(cases.List(o), func(c cases.Case) bool { return !pick.MatchString(c.Name) })
	for _, tls := range []bool{false, true} {
		if err := r.group(list, tls); err != nil {
			return err
		}
	}
	if r.failed > 0 {
		return fmt.Errorf("%d runs failed", r.failed)
	}
	return nil
}

// group runs the cases with or without TLS: the fan-out cases on servers that
// stay up for all of them, the idle case on fresh ones.
func (r *run) group(list []cases.Case, tls bool) error {
	up := map[string]*server{}
	defer func() {
		for _, s := range up {
			s.Stop()
		}
	}()
	for _, c := range list {
		if c.TLS != tls {
			continue
		}
		fmt.Fprintln(os.Stderr, time.Now().Format(time.TimeOnly), c.Name)
		if c.Idle != nil {
			for name, s := range up {
				s.Stop()
				delete(up, name)
			}
			if err := r.idle(c); err != nil {
				return err
			}
			continue
		}
		var targets []harness.Target
		for _, name := range c.Servers {
			if !r.start.has(name) {
				continue
			}
			if up[name] == nil {
				s, err := r.start.up(r.ctx, name, tls)
				if err != nil {
					return err
				}
				up[name] = s
			}
			targets = append(targets, up[name].target)
		}
		if err := harness.Rounds(c.Name, r.rounds[tls], targets, c.Fanout.Measure, r.store); err != nil {
			return err
		}
		for name, s := range up {
			if s.Gone() { // the next case gets a new one
				fmt.Fprintf(os.Stderr, "%s ended by itself:\n%s\n", name, s.LastWords())
				s.Stop()
				delete(up, name)
			}
		}
	}
	return nil
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
