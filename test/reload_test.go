// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package test

import (
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
	"weak"

	"github.com/caddyserver/caddy/v2"
	"github.com/gorilla/websocket"

	"github.com/culvertd/culvert/caddymodule"
	"github.com/culvertd/culvert/internal/control"
	programs "github.com/culvertd/culvert/test/process"
)

// reload is one way to load another config over a site's.
type reload struct {
	name   string
	change func(s *site, n int)
	stage  string // where another app fails
	fails  string // part of the error; empty if the config is good
}

var reloads = []reload{
	{name: "unrelated route", change: func(s *site, n int) {
		s.body = fmt.Sprintf("respond /%d done", n)
	}},
	{name: "limits", change: func(s *site, n int) {
		s.culvert = fmt.Sprintf("max_connections %d\nmax_message_size %d\nmessage_rate %d\nping_interval %ds", 2000+n, 4096+n, 1000+n, 20+n)
	}},
	{name: "another app fails to start", change: func(*site, int) {}, stage: "start", fails: "another app fails"},
	{name: "another app is invalid", change: func(*site, int) {}, stage: "validate", fails: "another app fails"},
	{name: "ours is invalid", change: func(s *site, n int) {
		s.culvert = fmt.Sprintf("memory %d\nlog_size %d", 1<<20+n, 2<<20+n)
	}, fails: "log_size"},
	{name: "ours changes the data folder", change: func(s *site, n int) {
		s.data += fmt.Sprint("-", n)
	}, fails: "cannot change the data folder"},
}

// TestReloadsDisturbNobody is 1,000 sockets under traffic through 50 reloads
// of all kinds: none closed, nothing lost, nothing out of order.
func TestReloadsDisturbNobody(t *testing.T) {
	s := newSite(t)
	s.start(t)
	c := gather(t, s, 10, 1000, time.Duration(sized(100, 20))*time.Millisecond)
	before := held(t)
	var generations []weak.Pointer[caddymodule.App]

	good := 0
	for n := range 50 {
		r := reloads[n%len(reloads)]
		was := app(t)
		pushes := was.Core().Pushes()
		next := *s
		r.change(&next, n)
		err := next.load(t, r.stage, n)
		c.advance(t) // traffic passes before the next reload
		now := app(t)
		if r.fails != "" {
			if err == nil || !strings.Contains(err.Error(), r.fails) {
				t.Fatalf("reload %d (%s): got %v, want %q", n, r.name, err, r.fails)
			}
			if now != was {
				t.Fatalf("reload %d (%s): the failed config is in force", n, r.name)
			}
			continue
		}
		if err != nil {
			t.Fatalf("reload %d (%s): %v", n, r.name, err)
		}
		if now == was || now.Core() != was.Core() || now.Core().Pushes() != pushes+1 {
			t.Fatalf("reload %d (%s): not a new generation on the same core", n, r.name)
		}
		good++
		generations = append(generations, weak.Make(was))
	}
	if want := 18; good != want {
		t.Errorf("%d good reloads, want %d", good, want)
	}
	c.check(t)
	returnsTo(t, before, 3)
	noneAlive(t, generations)

	c.leave(t)
	s.settles(t)
}

// noneAlive checks that no connection keeps an old config.
func noneAlive(t *testing.T, old []weak.Pointer[caddymodule.App]) {
	t.Helper()
	alive := 0
	for range 20 {
		runtime.GC()
		alive = 0
		for _, p := range old {
			if p.Value() != nil {
				alive++
			}
		}
		if alive == 0 {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	// The http app's idle connections of this process may hold the last one.
	if alive > 1 {
		t.Errorf("%d of %d old configs are still in memory", alive, len(old))
	}
}

// settles checks that the gateway has no connection left.
func (s *site) settles(t *testing.T) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for {
		m, ok := app(t).Core().Metrics()
		if ok && m.Connections == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d connections are left", m.Connections)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func TestFirstConfigFails(t *testing.T) {
	before := held(t)
	for _, stage := range []string{"provision", "validate", "start"} {
		for n := range 4 { // Caddy starts apps in random order
			s := newSite(t)
			if err := s.load(t, stage, n); err == nil {
				t.Fatal("no error")
			}
			// Nothing holds the folder: the next one may have it.
			s.port = programs.FreePort(t)
			if err := s.load(t, "", n); err != nil {
				t.Fatal(err)
			}
			if err := caddy.Stop(); err != nil {
				t.Fatal(err)
			}
		}
	}
	returnsTo(t, before, 3)
}

func TestRemovalClosesAndLeaksNothing(t *testing.T) {
	s := newSite(t)
	s.without = true
	s.start(t)
	http.DefaultClient.CloseIdleConnections()
	before := held(t)
	for range 3 {
		s.without = false
		if err := s.load(t, "", 0); err != nil {
			t.Fatal(err)
		}
		e := s.create(t, control.Settings{})
		var clients []*websocket.Conn
		for range 200 {
			clients = append(clients, dial(t, e.URL))
		}
		closed := expectClose(t, clients)
		s.without = true
		if err := s.load(t, "", 0); err != nil {
			t.Fatal(err)
		}
		for _, c := range closed() {
			if c.Code != 1001 || c.Text != "gateway removed" {
				t.Fatalf("got %v", c)
			}
		}
	}
	returnsTo(t, before, 3)
}

// expectClose reads from clients until they are closed; what it returns waits
// for that.
func expectClose(t *testing.T, clients []*websocket.Conn) func() []*websocket.CloseError {
	t.Helper()
	var wg sync.WaitGroup
	out := make([]*websocket.CloseError, len(clients))
	for i, c := range clients {
		wg.Go(func() {
			defer func() { _ = c.Close() }()
			for {
				_, _, err := c.ReadMessage()
				if err == nil {
					continue
				}
				if !errors.As(err, &out[i]) {
					t.Errorf("client %d: %v", i, err)
					out[i] = new(websocket.CloseError)
				}
				return
			}
		})
	}
	return func() []*websocket.CloseError {
		wg.Wait()
		return out
	}
}
