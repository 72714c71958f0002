// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"

	"github.com/culvertd/culvert/internal/signaling"
	"github.com/culvertd/culvert/internal/wire"
)

// TestGatewaysKey: it opens what is published, whomever else that is for, and
// nothing else; others come as before.
func TestGatewaysKey(t *testing.T) {
	own, mine, other := newKey(t).Public(), newKey(t).Public(), newKey(t).Public()
	c := New(Config{Key: newKey(t)})
	list := func(v wire.Service, keys ...wire.PublicKey) wire.Service {
		for _, k := range keys {
			v.Peers = append(v.Peers, k.Fingerprint())
		}
		return v
	}
	private, public := wire.Service{ID: "private"}, wire.Service{ID: "public", Publish: new(wire.Publish)}
	for _, tc := range []struct {
		name    string
		service wire.Service
		key     wire.PublicKey
		named   *wire.PublicKey // by the gateway as its own
		want    bool
	}{
		{"published", public, own, &own, true},
		{"published, with others on the list", list(public, mine), own, &own, true},
		{"published with a name", wire.Service{Publish: &wire.Publish{Host: "x"}}, own, &own, true},
		{"private", private, own, &own, false},
		{"private, with the gateway on the list", list(private, own), own, &own, false},
		{"another's key at what is published", public, other, &own, true},
		{"another's key at what is published, with a list", list(public, mine), other, &own, false},
		{"one on the list", list(private, mine), mine, &own, true},
		{"one who is not", list(private, mine), other, &own, false},
		{"anybody", private, mine, &own, true},
		{"the gateway has no key", private, own, nil, true},
		{"the gateway has another key by now", list(private, own), own, &other, true},
	} {
		c.gatewayKey.Store(tc.named)
		if got := c.mayCome(tc.service, tc.key); got != tc.want {
			t.Errorf("%s: %t", tc.name, got)
		}
		if got := c.isGateway(&tc.key); got != (tc.named != nil && *tc.named == tc.key) {
			t.Errorf("%s: the gateway's: %t", tc.name, got)
		}
		// The same counts for a handshake, where the gateway may name anybody.
		c.offers.set([]wire.Service{{ID: "s", Peers: tc.service.Peers, Publish: tc.service.Publish}})
		ss := &session{peer: "gateway", peerKey: &tc.key, service: wire.Service{ID: "s"}}
		if err := c.checkVisitor(ss, tc.key); (err == nil) != tc.want {
			t.Errorf("%s: %v", tc.name, err)
		}
	}
	if c.isGateway(nil) {
		t.Error("no key is the gateway's")
	}
	c.gatewayKey.Store(nil)
	if c.isGateway(nil) || c.isGateway(&wire.PublicKey{}) {
		t.Error("no key is that of a gateway without one")
	}
}

// TestGatewayIsToldNo, even by a gateway that lets itself in everywhere: whoever
// has the gateway's key comes to nothing but what its provider publishes.
func TestGatewayIsToldNo(t *testing.T) {
	key := newKey(t)
	public := key.Public()
	g := open(t, signaling.Config{GatewayKey: &public})
	visitor, provider, heard := secureEnds(t, g, func(c *Config) { c.Key = key }, nil)
	try := func() error {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		f, err := visitor.Forward(ctx, ForwardSpec{Target: "client-a", Service: "echo", Local: "0"})
		if err != nil {
			return err
		}
		defer f.Close()
		return say(dial(t, f), "hello", "hello")
	}
	if err := try(); kindOf(err) != TargetRefused || codeOf(err) != wire.CodeNotPublished || !strings.Contains(err.Error(), "does not publish its service echo") {
		t.Errorf("what is not published: %v", err)
	}
	if heard.Load() != 0 {
		t.Error("the service was reached")
	}
	services := provider.offers.services()
	services[0].Publish = new(wire.Publish)
	services[0].Peers = []string{newKey(t).Public().Fingerprint()} // for others
	if err := provider.SetServices(services); err != nil {
		t.Fatal(err)
	}
	if err := try(); err != nil {
		t.Errorf("what is: %v", err)
	}
	// One who begins before, and has what is open afterwards, loses it.
	f := forward(t, visitor, "client-a", "echo")
	c := dial(t, f)
	if err := say(c, "hello", "hello"); err != nil {
		t.Fatal(err)
	}
	services[0].Publish = nil
	if err := provider.SetServices(services); err != nil {
		t.Fatal(err)
	}
	f.Close()
	if err := try(); codeOf(err) != wire.CodeNotPublished {
		t.Errorf("what is not published any more: %v", err)
	}
	if heard.Load() != 2 {
		t.Errorf("the service was reached %d times", heard.Load())
	}
}

// TestPublishedStatus: what the gateway says of names is in the status, by
// service.
func TestPublishedStatus(t *testing.T) {
	g := open(t, signaling.Config{PublicSite: "https://*.apps.example.com"})
	cfg := g.config("client-a")
	publish := func(id, host string) wire.Service {
		return wire.Service{ID: id, Protocol: wire.ServiceHTTP, LocalPort: 1, Publish: &wire.Publish{Host: host}}
	}
	cfg.Services = []wire.Service{publish("web", "Shop"), publish("admin", "admin"), publish("bare", ""), {ID: "private", Protocol: wire.ServiceTCP, LocalPort: 1}}
	cfg.Logger = zap.NewNop() // it warns
	c := run(t, cfg)
	check := func(want map[string]string) {
		t.Helper()
		for _, v := range c.Status().Services {
			if v.URL != want[v.ID] || (v.PublishError != "") != (v.ID == "admin") {
				t.Errorf("%s is at %q (%s), want %q", v.ID, v.URL, v.PublishError, want[v.ID])
			}
		}
	}
	check(map[string]string{"web": "https://shop.apps.example.com"})
	again := g.cfg
	again.PublicSite = "http://*.localhost"
	g.server().Configure(again)
	eventually(t, 10*time.Second, "the new site is known", func() bool { return c.Status().Services[0].URL == "http://shop.localhost" })
	services := c.offers.services()
	services[0].Publish = nil
	services[2].Publish = &wire.Publish{Host: "shop"}
	if err := c.SetServices(services); err != nil {
		t.Fatal(err)
	}
	check(map[string]string{"bare": "http://shop.localhost"})
}

// moving is a connection's bytes.
type moving struct{ forward, backward atomic.Uint64 }

func (m *moving) Stats() (forward, backward uint64) { return m.forward.Load(), m.backward.Load() }

// TestDrainOfPublished: published connections are waited for while something moves over
// them, all others until they end, and none of them for ever.
func TestDrainOfPublished(t *testing.T) {
	const most = 30 * time.Second
	for name, tc := range map[string]struct {
		open []string                       // services of connections
		play func(flows []*flow, m *moving) // beside the drain; m is the first one's
		want time.Duration
	}{
		"nothing is open":                 {nil, nil, 0},
		"a quiet published one":           {[]string{"public"}, nil, publishedQuiet},
		"quiet published ones":            {[]string{"public", "public", "other"}, nil, publishedQuiet},
		"one that is not published":       {[]string{"private"}, nil, most},
		"a quiet published one, and not":  {[]string{"public", "private"}, nil, most},
		"a forward's":                     {[]string{""}, nil, most},
		"a quiet published one, and such": {[]string{"public", ""}, nil, most},
		"until it ends": {[]string{"private"}, func(f []*flow, _ *moving) {
			time.Sleep(7500 * time.Millisecond)
			f[0].end()
		}, 7500 * time.Millisecond},
		"until the other ends": {[]string{"public", "private"}, func(f []*flow, _ *moving) {
			time.Sleep(7500 * time.Millisecond)
			f[1].end()
		}, 8 * time.Second},
		"while something comes": {[]string{"public"}, func(_ []*flow, m *moving) {
			for range 10 {
				m.forward.Add(1)
				time.Sleep(500 * time.Millisecond)
			}
		}, 6 * time.Second},
		"while something goes": {[]string{"public", "other"}, func(_ []*flow, m *moving) {
			for range 100 {
				m.backward.Add(1)
				time.Sleep(500 * time.Millisecond)
			}
		}, most},
		"while some end": {[]string{"public", "public", "public"}, func(f []*flow, _ *moving) {
			time.Sleep(500 * time.Millisecond)
			f[1].end()
			time.Sleep(time.Second)
			f[0].end()
		}, 3 * time.Second},
		"until all have ended": {[]string{"public", "public"}, func(f []*flow, _ *moving) {
			time.Sleep(500 * time.Millisecond)
			f[0].end()
			f[1].end()
		}, 500 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := &Client{cfg: Config{DrainTimeout: most}, log: zap.NewNop()}
				c.offers.set([]wire.Service{{ID: "private"}, {ID: "public", Publish: new(wire.Publish)}, {ID: "other", Publish: &wire.Publish{Host: "x"}}})
				var flows []*flow
				var first moving
				var forwards tally
				for i, id := range tc.open {
					of := &forwards
					if v, ok := c.offers.find(id); ok {
						of = v.tally
					}
					f, m := of.begin(&c.busy), new(moving)
					if i == 0 {
						m = &first
					}
					f.attach(m, 0)
					flows = append(flows, f)
				}
				var playing sync.WaitGroup
				defer playing.Wait()
				if tc.play != nil {
					playing.Go(func() { tc.play(flows, &first) })
				}
				began := time.Now()
				c.drain()
				if d := time.Since(began); d != tc.want {
					t.Errorf("it took %v, want %v", d, tc.want)
				}
			})
		})
	}
}
