// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"context"
	"errors"
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/culvertd/culvert/internal/relay"
	"github.com/culvertd/culvert/internal/signaling"
	"github.com/culvertd/culvert/internal/wire"
)

// TestGatewayRestarts: clients find it again within 2 s, and forwards work
// again without a word from anybody. What was open is reset.
func TestGatewayRestarts(t *testing.T) {
	g, provider, visitor := ends(t, Auto, service(t, "echo", echo))
	f := forward(t, visitor, "client-a", "echo")
	old := dial(t, f)
	if err := say(old, "one", "one"); err != nil {
		t.Fatal(err)
	}
	g.stop(signaling.Closing{Code: wire.CloseRestart, Reason: "restarting"})
	if b, err := io.ReadAll(old); err == nil {
		t.Errorf("the cut looks like an end, after %q", b)
	}
	eventually(t, 5*time.Second, "both notice", func() bool {
		return provider.Status().State == StateConnecting && visitor.Status().State == StateConnecting
	})
	waiting := dial(t, f) // while there is no gateway
	time.Sleep(3 * time.Second)
	g.resume()
	eventually(t, 2*time.Second, "both are back", func() bool {
		return provider.Status().State == StateOnline && visitor.Status().State == StateOnline
	})
	if err := say(waiting, "held", "held"); err != nil {
		t.Errorf("a connection from before the gateway was back: %v", err)
	}
	if err := say(dial(t, f), "two", "two"); err != nil {
		t.Error(err)
	}
	if st := f.Status(); st.State != StateOnline || st.LastError != "" {
		t.Errorf("%+v", st)
	}
}

// TestSignalingAlone: without it, sessions and open connections go on.
func TestSignalingAlone(t *testing.T) {
	_, provider, visitor := ends(t, Relay, service(t, "echo", echo))
	f := forward(t, visitor, "client-a", "echo")
	c := dial(t, f)
	if err := say(c, "one", "one"); err != nil {
		t.Fatal(err)
	}
	ss := f.live()
	for _, cl := range []*Client{provider, visitor} {
		cl.mu.Lock()
		s := cl.signal
		cl.mu.Unlock()
		s.ws.NetConn().Close()
		<-s.done
	}
	if err := say(c, "two", "two"); err != nil {
		t.Error(err)
	}
	if err := say(dial(t, f), "three", "three"); err != nil {
		t.Error(err)
	}
	eventually(t, 5*time.Second, "online", func() bool { return visitor.isOnline() && provider.isOnline() })
	if f.live() != ss {
		t.Error("the session did not survive")
	}
	if err := say(c, "four", "four"); err != nil {
		t.Error(err)
	}
}

func TestIdleSessionIsRenewed(t *testing.T) {
	g := open(t, signaling.Config{Relay: relay.Limits{IdleTimeout: time.Second}})
	cfg := g.config("client-a")
	cfg.Services = []wire.Service{service(t, "echo", echo)}
	run(t, cfg)
	f := forward(t, run(t, g.config("client-b")), "client-a", "echo")
	ss := f.live()
	eventually(t, 10*time.Second, "the session ends", func() bool { return f.live() == nil })
	if ss.code != wire.CodeTimeout {
		t.Errorf("ended with %q: %v", ss.code, ss.err)
	}
	if err := say(dial(t, f), "hello", "hello"); err != nil {
		t.Error(err)
	}
}

// TestSessionThatTheRelayForgot: the relay refuses, and the application's
// connection is carried by a new session, with what it has said.
func TestSessionThatTheRelayForgot(t *testing.T) {
	both(t, func(t *testing.T, tr Transport) {
		_, _, visitor := ends(t, tr, service(t, "echo", echo))
		f := forward(t, visitor, "client-a", "echo")
		var all sync.WaitGroup
		for range 5 {
			known := f.live()
			forgotten := *known
			forgotten.id = strings.Repeat("x", 22)
			forgotten.key = &channelKey{Key: wire.NewKey()}
			forgotten.done = make(chan struct{})
			if forgotten.mode == wire.ModeTLS {
				forgotten.pool = newPool(visitor, &forgotten)
			} else {
				forgotten.warm = newWarm(visitor, &forgotten)
			}
			visitor.leave(known) // or its channels carry them
			visitor.sessions.add(&forgotten)
			f.mu.Lock()
			f.session = &forgotten
			f.mu.Unlock()
			for range 8 {
				all.Go(func() {
					c := dial(t, f)
					if err := say(c, "hello", "hello"); err != nil {
						t.Error(err)
					}
					c.CloseWrite()
					if b, err := io.ReadAll(c); len(b) > 0 || err != nil {
						t.Errorf("afterwards %q, %v", b, err)
					}
				})
			}
			all.Wait()
			if ss := f.live(); ss == nil || ss == &forgotten {
				t.Error("no new session")
			}
		}
	})
}

func TestRefusals(t *testing.T) {
	g, _, visitor := ends(t, Auto, service(t, "echo", echo))
	ask := func(target, service, local string) error {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		_, err := visitor.Forward(ctx, ForwardSpec{Target: target, Service: service, Local: local})
		return err
	}
	for _, tc := range []struct {
		target, service, local string
		kind                   Kind
		code                   string
	}{
		{"nobody", "echo", "0", TargetRefused, wire.CodeClientNotFound},
		{"client-a", "ssh", "0", TargetRefused, wire.CodeServiceNotFound},
		{"client-a", "echo", "http", LocalFailed, ""},
		{"client-a", "echo", port(g.addr), LocalFailed, ""},
	} {
		err := ask(tc.target, tc.service, tc.local)
		if kindOf(err) != tc.kind || codeOf(err) != tc.code || err == nil {
			t.Errorf("%+v: %v", tc, err)
		}
	}
	// A refused listener does not leave a session behind.
	eventually(t, 5*time.Second, "no session", func() bool { return len(g.server().Sessions()) == 0 })

	signIn := func(change func(*Config)) error {
		cfg := g.config("client-c")
		change(&cfg)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		return New(cfg).Run(ctx)
	}
	for name, tc := range map[string]struct {
		change func(*Config)
		kind   Kind
		code   string
	}{
		"token":       {func(c *Config) { c.Token = "nonsense" }, Refused, wire.CodeUnauthorized},
		"name":        {func(c *Config) { c.ClientID, c.Token = "client-a", "b" }, NameTaken, wire.CodeNameTaken},
		"not a name":  {func(c *Config) { c.ClientID = "client a" }, Refused, wire.CodeInvalid},
		"unreachable": {func(c *Config) { c.NoReconnect, c.Server = true, &url.URL{Scheme: "ws", Host: "127.0.0.1:1"} }, Unreachable, ""},
	} {
		if err := signIn(tc.change); kindOf(err) != tc.kind || codeOf(err) != tc.code {
			t.Errorf("%s: %v", name, err)
		} else if err != nil && strings.Contains(err.Error(), "nonsense") {
			t.Errorf("%s: the token is in the error: %v", name, err)
		}
	}
}

func TestTakeover(t *testing.T) {
	g := open(t, signaling.Config{})
	first := New(g.config("client-a"))
	ended := make(chan error, 1)
	go func() { ended <- first.Run(t.Context()) }()
	<-first.Ready()
	run(t, g.config("client-a"))
	select {
	case err := <-ended:
		if kindOf(err) != NameTaken || codeOf(err) != wire.CodeReplaced {
			t.Errorf("%v", err)
		}
	case <-time.After(time.Second):
		t.Error("the old one does not end within 1 s")
	}
	if st := first.Status(); st.State != StateStopped || st.LastError == "" {
		t.Errorf("%+v", st)
	}
	if _, err := first.List(t.Context()); kindOf(err) != NameTaken {
		t.Errorf("listing afterwards: %v", err)
	}
}

func TestLosingTheGatewayForGood(t *testing.T) {
	g := open(t, signaling.Config{})
	cfg := g.config("")
	cfg.NoReconnect = true
	c := New(cfg)
	ended := make(chan error, 1)
	go func() { ended <- c.Run(t.Context()) }()
	<-c.Ready()
	if c.Status().ClientID == "" {
		t.Error("no name was assigned")
	}
	g.stop(signaling.Closing{Code: wire.CloseGoingAway})
	if err := <-ended; kindOf(err) != Unreachable {
		t.Errorf("%v", err)
	}
}

func TestServicesChange(t *testing.T) {
	g, provider, visitor := ends(t, Auto, service(t, "stays", echo), service(t, "goes", echo))
	stays, goes := forward(t, visitor, "client-a", "stays"), forward(t, visitor, "client-a", "goes")
	a, b := dial(t, stays), dial(t, goes)
	for _, c := range []net.Conn{a, b} {
		if err := say(c, "hello", "hello"); err != nil {
			t.Fatal(err)
		}
	}
	moved := service(t, "stays", func(c *net.TCPConn) { io.WriteString(c, "moved") })
	if err := provider.SetServices([]wire.Service{moved, service(t, "comes", echo)}); err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(b); err == nil {
		t.Errorf("a connection to a service that is gone ended cleanly after %q", b)
	}
	if err := say(a, "still", "still"); err != nil {
		t.Errorf("a connection to a service that stays: %v", err)
	}
	if err := say(dial(t, stays), "", "moved"); err != nil {
		t.Errorf("a new connection: %v", err)
	}
	if err := say(dial(t, forward(t, visitor, "client-a", "comes")), "hello", "hello"); err != nil {
		t.Error(err)
	}
	list, err := visitor.List(t.Context())
	if err != nil || len(list) != 2 || len(list[0].Services) != 2 || list[0].ID != "client-a" {
		t.Errorf("%+v, %v", list, err)
	}
	if err := provider.SetServices([]wire.Service{{ID: "a b", Protocol: "tcp", LocalPort: 1}}); kindOf(err) != Refused {
		t.Errorf("a service that cannot be: %v", err)
	}
	_ = g
}

// TestProviderComesLater: an application waits for it.
func TestProviderComesLater(t *testing.T) {
	g := open(t, signaling.Config{})
	cfg := g.config("client-a")
	cfg.Services = []wire.Service{service(t, "echo", echo)}
	ctx, cancel := context.WithCancel(t.Context())
	first := New(cfg)
	ended := make(chan error, 1)
	go func() { ended <- first.Run(ctx) }()
	<-first.Ready()
	f := forward(t, run(t, g.config("client-b")), "client-a", "echo")
	cancel()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	eventually(t, 5*time.Second, "the session ends with the provider", func() bool { return f.live() == nil })
	c := dial(t, f)
	time.Sleep(time.Second)
	if st := f.Status(); st.State != StateConnecting || !strings.Contains(st.LastError, "offline") {
		t.Errorf("%+v", st)
	}
	run(t, cfg)
	if err := say(c, "hello", "hello"); err != nil {
		t.Error(err)
	}
}

func TestDrain(t *testing.T) {
	for _, patient := range []bool{true, false} {
		g := open(t, signaling.Config{})
		cfg := g.config("client-a")
		cfg.Services = []wire.Service{service(t, "echo", echo)}
		run(t, cfg)
		cfg = g.config("client-b")
		cfg.DrainTimeout = time.Minute
		if !patient {
			cfg.DrainTimeout = 200 * time.Millisecond
		}
		ctx, cancel := context.WithCancel(t.Context())
		visitor := New(cfg)
		ended := make(chan error, 1)
		go func() { ended <- visitor.Run(ctx) }()
		<-visitor.Ready()
		f := forward(t, visitor, "client-a", "echo")
		c := dial(t, f)
		if err := say(c, "hello", "hello"); err != nil {
			t.Fatal(err)
		}
		cancel()
		eventually(t, 5*time.Second, "nobody listens", func() bool {
			c, err := net.Dial("tcp", f.Addr().String())
			if err == nil {
				c.Close()
			}
			return err != nil
		})
		if patient {
			if err := say(c, "still", "still"); err != nil {
				t.Errorf("while draining: %v", err)
			}
			c.CloseWrite()
		}
		if b, err := io.ReadAll(c); patient != (err == nil) {
			t.Errorf("patient %v: %q, %v", patient, b, err)
		}
		select {
		case err := <-ended:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("it does not end")
		}
		eventually(t, 2*time.Second, "the gateway knows", func() bool { return len(g.server().Sessions()) == 0 })
	}
}

func TestForwardClosed(t *testing.T) {
	g, _, visitor := ends(t, Auto, service(t, "echo", echo))
	f := forward(t, visitor, "client-a", "echo")
	c := dial(t, f)
	if err := say(c, "hello", "hello"); err != nil {
		t.Fatal(err)
	}
	f.Close()
	f.Close()
	if b, err := io.ReadAll(c); err == nil {
		t.Errorf("a connection of a forward that is gone ended cleanly after %q", b)
	}
	if st := f.Status(); st.State != StateStopped || len(visitor.Status().Forwards) != 0 {
		t.Errorf("%+v", st)
	}
	eventually(t, 2*time.Second, "the session is gone", func() bool { return len(g.server().Sessions()) == 0 })
}

// TestBurst: many connections at once, none fails.
func TestBurst(t *testing.T) {
	_, provider, visitor := ends(t, Relay, service(t, "echo", echo))
	f := forward(t, visitor, "client-a", "echo")
	var all sync.WaitGroup
	failed := make(chan error, 300)
	for range cap(failed) {
		all.Go(func() {
			c, err := net.Dial("tcp", f.Addr().String())
			if err != nil {
				failed <- err
				return
			}
			defer c.Close()
			c.SetDeadline(time.Now().Add(20 * time.Second))
			if err := say(c, "hello", "hello"); err != nil {
				failed <- err
			}
		})
	}
	all.Wait()
	close(failed)
	n := 0
	for err := range failed {
		if n++; n <= 3 {
			t.Error(err)
		}
	}
	if n > 0 {
		t.Errorf("%d of 300 failed", n)
	}
	provider.parked.reserve.mu.Lock()
	defer provider.parked.reserve.mu.Unlock()
	if target := provider.parked.target; target < 4 || target > defaultMax {
		t.Errorf("%d channels are to be parked after a burst", target)
	}
}

func TestRunTwice(t *testing.T) {
	g := open(t, signaling.Config{})
	c := run(t, g.config("client-a"))
	if err := c.Run(t.Context()); err == nil {
		t.Error("ran twice")
	}
	never := New(g.config("client-b"))
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := never.List(ctx); kindOf(err) != Unreachable || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
}
