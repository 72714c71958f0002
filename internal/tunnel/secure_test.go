// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/culvertd/culvert/internal/identity"
	"github.com/culvertd/culvert/internal/signaling"
	"github.com/culvertd/culvert/internal/wire"
)

func newKey(t *testing.T) *identity.Key {
	t.Helper()
	k, err := identity.New()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// secureEnds are a provider of an echo and a visitor, each with a key.
func secureEnds(t *testing.T, g *gate, visitor, provider func(*Config)) (v, p *Client, heard *atomic.Int64) {
	t.Helper()
	heard = new(atomic.Int64)
	cfg := g.config("client-a")
	cfg.Key = newKey(t)
	cfg.Services = []wire.Service{service(t, "echo", func(c *net.TCPConn) {
		heard.Add(1)
		echo(c)
	})}
	if provider != nil {
		provider(&cfg)
	}
	p = run(t, cfg)
	cfg = g.config("client-b")
	cfg.Key = newKey(t)
	if visitor != nil {
		visitor(&cfg)
	}
	return run(t, cfg), p, heard
}

// TestKeysOfProviders: rules S14, for a gateway that names another key than the
// known one.
func TestKeysOfProviders(t *testing.T) {
	g := open(t, signaling.Config{})
	known := identity.OpenKnown(filepath.Join(t.TempDir(), "known_keys"))
	visitor, provider, heard := secureEnds(t, g, func(c *Config) { c.Known = known }, nil)
	is := provider.cfg.Key.Public()
	try := func(spec ForwardSpec) error {
		spec.Target, spec.Service, spec.Local = "client-a", "echo", "0"
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		f, err := visitor.Forward(ctx, spec)
		if err != nil {
			return err
		}
		defer f.Close()
		return say(dial(t, f), "hello", "hello")
	}
	if err := try(ForwardSpec{}); err != nil {
		t.Fatalf("at first contact: %v", err)
	}
	if key, ok := known.Lookup(visitor.server(), "client-a"); !ok || key != is {
		t.Errorf("remembered: %v %v", key, ok)
	}
	if err := try(ForwardSpec{PeerKey: is.Fingerprint()}); err != nil {
		t.Errorf("with its fingerprint: %v", err)
	}
	before := heard.Load()
	other := newKey(t).Public()
	if err := try(ForwardSpec{PeerKey: other.Fingerprint()}); kindOf(err) != PeerChanged || !strings.Contains(err.Error(), is.Fingerprint()) {
		t.Errorf("with another's fingerprint: %v", err)
	}
	if _, err := known.Forget(visitor.server(), "client-a"); err != nil {
		t.Fatal(err)
	}
	if _, err := known.Check(visitor.server(), "client-a", other); err != nil {
		t.Fatal(err)
	}
	err := try(ForwardSpec{})
	var changed *identity.ChangedError
	if kindOf(err) != PeerChanged || !errors.As(err, &changed) || !strings.Contains(err.Error(), "key forget") {
		t.Errorf("with another key remembered: %v", err)
	}
	if heard.Load() != before {
		t.Error("the service was reached")
	}
}

// TestKeysOfVisitors: the provider's own list says who may come.
func TestKeysOfVisitors(t *testing.T) {
	g := open(t, signaling.Config{})
	mine, other := newKey(t), newKey(t)
	visitor, provider, heard := secureEnds(t, g, func(c *Config) { c.Key = mine }, func(c *Config) {
		c.Services[0].Peers = []string{other.Public().Fingerprint()}
	})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if _, err := visitor.Forward(ctx, ForwardSpec{Target: "client-a", Service: "echo", Local: "0"}); kindOf(err) != TargetRefused {
		t.Errorf("a visitor that is not on the list gets %v", err)
	}
	services := provider.offers.services()
	services[0].Peers = append(services[0].Peers, mine.Public().Fingerprint())
	if err := provider.SetServices(services); err != nil {
		t.Fatal(err)
	}
	if err := say(dial(t, forward(t, visitor, "client-a", "echo")), "hello", "hello"); err != nil {
		t.Errorf("one that is: %v", err)
	}
	if heard.Load() != 1 {
		t.Errorf("the service was reached %d times", heard.Load())
	}
}

// TestGatewayCannotTakeEncryptionAway: both ends know what they have agreed to.
func TestGatewayCannotTakeEncryptionAway(t *testing.T) {
	c := New(Config{Key: newKey(t), Services: []wire.Service{
		{ID: "secret", Protocol: wire.ServiceTCP}, {ID: "open", Protocol: wire.ServiceTCP, Encryption: wire.EncryptionNone},
	}})
	asked := c.wishes.begin(ForwardSpec{Target: "a", Service: "secret"})
	agreed := c.wishes.begin(ForwardSpec{Target: "a", Service: "open", Encryption: wire.EncryptionNone})
	key := wire.NewKey()
	for _, tc := range []struct {
		name, role, service, label, mode string
		ok                               bool
	}{
		{"visitor", wire.Visitor, "secret", asked, wire.ModeTLS, true},
		{"visitor, taken away", wire.Visitor, "secret", asked, wire.ModePlain, false},
		{"visitor, another service", wire.Visitor, "open", asked, wire.ModeTLS, false},
		{"visitor, not asked", wire.Visitor, "secret", "x", wire.ModeTLS, false},
		{"visitor, agreed", wire.Visitor, "open", agreed, wire.ModePlain, true},
		{"provider", wire.Provider, "secret", "", wire.ModeTLS, true},
		{"provider, taken away", wire.Provider, "secret", "", wire.ModePlain, false},
		{"provider, agreed", wire.Provider, "open", "", wire.ModePlain, true},
		{"provider, unknown service", wire.Provider, "other", "", wire.ModeTLS, false},
		{"unknown mode", wire.Provider, "open", "", "rot13", false},
	} {
		ss := &session{role: tc.role, service: wire.Service{ID: tc.service}, mode: tc.mode}
		if err := c.judge(ss, wire.CreateSession{Label: tc.label, Key: &key, Service: ss.service}); (err == nil) != tc.ok {
			t.Errorf("%s: %v", tc.name, err)
		}
	}
}

// TestGatewayRestartsUnderStreams: rules S12. Nothing is restored, and what is
// open goes on.
func TestGatewayRestartsUnderStreams(t *testing.T) {
	g := open(t, signaling.Config{})
	visitor, _, heard := secureEnds(t, g, nil, nil)
	c := dial(t, forward(t, visitor, "client-a", "echo"))
	if err := say(c, "before", "before"); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		g.stop(signaling.Closing{Code: wire.CloseRestart, Reason: "restarting"})
		if _, err := io.WriteString(c, "while it is away"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(300 * time.Millisecond)
		g.resume()
		if err := say(c, " and after", "while it is away and after"); err != nil {
			t.Fatal(err)
		}
	}
	if heard.Load() != 1 {
		t.Errorf("the service was reached %d times", heard.Load())
	}
	st := visitor.Status().Streams
	if len(st) != 1 || st[0].Resumptions < 3 || st[0].LastFault == "" || st[0].Path == "" || st[0].Role != wire.Visitor {
		t.Errorf("%+v", st)
	}
}

// TestTamperedBytes: whoever is between the ends can break a channel, and
// nothing else: what arrives is what was said.
func TestTamperedBytes(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := open(t, signaling.Config{AdvertisePort: ln.Addr().(*net.TCPAddr).Port})
	evil := &tamperer{to: g.relay}
	go evil.serve(ln)
	t.Cleanup(func() { ln.Close() })
	visitor, _, _ := secureEnds(t, g, func(c *Config) { c.Transport = Relay }, func(c *Config) { c.Transport = Relay })
	c := dial(t, forward(t, visitor, "client-a", "echo"))
	c.SetDeadline(time.Now().Add(60 * time.Second))
	said := make([]byte, 24<<20)
	rand.NewChaCha8([32]byte{7}).Read(said)
	evil.on.Store(true)
	go func() {
		c.Write(said)
		c.CloseWrite()
	}()
	heard, err := io.ReadAll(c)
	if err != nil || !bytes.Equal(said, heard) {
		t.Errorf("%d of %d bytes came back, equal: %v, %v", len(heard), len(said), bytes.HasPrefix(said, heard), err)
	}
	if n := evil.done.Load(); n < 3 {
		t.Errorf("bytes were changed %d times", n)
	} else {
		t.Logf("bytes were changed %d times", n)
	}
}

// tamperer passes bytes on, and now and then others than it got: changed, left
// out, repeated or made up.
type tamperer struct {
	to   string
	on   atomic.Bool
	done atomic.Int64
}

func (e *tamperer) serve(ln net.Listener) {
	for {
		a, err := ln.Accept()
		if err != nil {
			return
		}
		b, err := net.Dial("tcp", e.to)
		if err != nil {
			a.Close()
			continue
		}
		for _, way := range [][2]net.Conn{{a, b}, {b, a}} {
			go func() {
				defer a.Close()
				defer b.Close()
				e.copy(way[1], way[0])
			}()
		}
	}
}

func (e *tamperer) copy(to, from net.Conn) {
	b := make([]byte, 32<<10)
	for passed := 0; ; {
		n, err := from.Read(b)
		if err != nil {
			return
		}
		out := b[:n]
		if passed += n; e.on.Load() && passed > 2<<20 && n > 100 {
			passed = 0
			e.done.Add(1)
			switch rand.N(4) {
			case 0:
				out[n/2] ^= 1
			case 1:
				out = append(out[:n/2:n/2], out[n/2+1:]...)
			case 2:
				out = append(bytes.Clone(out), out...)
			case 3:
				out = append(bytes.Clone(out), make([]byte, 100)...)
			}
		}
		if _, err := to.Write(out); err != nil {
			return
		}
	}
}
