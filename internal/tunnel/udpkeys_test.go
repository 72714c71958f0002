// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"context"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/culvertd/culvert/internal/datagram"
	"github.com/culvertd/culvert/internal/seal"
	"github.com/culvertd/culvert/internal/signaling"
	"github.com/culvertd/culvert/internal/wire"
)

// TestUDPUnknownKey: an end that has lost the keys that the other one uses gets
// new ones; otherwise all would be lost, for ever (rules U4).
func TestUDPUnknownKey(t *testing.T) {
	g := open(t, signaling.Config{})
	cfg := g.secured("client-a")
	cfg.Services = []wire.Service{datagrams(t, "echo", udpEcho)}
	provider := run(t, cfg)
	f := forward(t, run(t, g.secured("client-b")), "client-a", "echo")
	c := byUDP(t, f)
	v := f.carrier.(*udpVisitor)
	v.mu.Lock()
	near := v.legs[0].keys
	v.mu.Unlock()
	var far *udpKeys
	for _, g := range *provider.udp.blocks.Load() {
		far = g.keys
	}
	for what, lost := range map[string]*udpKeys{"the provider": far, "the visitor": near} {
		before := near.sender.Load()
		for range 10 {
			lost.receiver.Add(seal.Key{}) // displaces what it has
		}
		begun := time.Now()
		if err := ask(c, []byte(what), []byte(what)); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if near.sender.Load() == before {
			t.Errorf("%s: the keys are the same", what)
		}
		t.Logf("%s: %v", what, time.Since(begun))
		time.Sleep(wishFirst)
	}
	if !f.Status().UDP {
		t.Error("UDP is not in use")
	}
}

// TestUDPProviderRestarts: another process with the same name and key.
func TestUDPProviderRestarts(t *testing.T) {
	g := open(t, signaling.Config{})
	cfg := g.secured("client-a")
	cfg.Services = []wire.Service{datagrams(t, "echo", udpEcho)}
	first := New(cfg)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- first.Run(ctx) }()
	<-first.Ready()
	f := forward(t, run(t, g.secured("client-b")), "client-a", "echo")
	c := byUDP(t, f)
	run(t, cfg) // takes the name over, as after kill -9
	if err := ask(c, []byte("after"), []byte("after")); err != nil {
		t.Error(err)
	}
	cancel()
	<-done
	if err := ask(c, []byte("at last"), []byte("at last")); err != nil {
		t.Error(err)
	}
	byUDP(t, f)
}

// TestUDPChannelReplaced: a channel that breaks is replaced while datagrams go
// on by UDP, not more than once a second.
func TestUDPChannelReplaced(t *testing.T) {
	g := open(t, signaling.Config{})
	cfg := g.secured("client-a")
	cfg.Services = []wire.Service{datagrams(t, "echo", udpEcho)}
	run(t, cfg)
	f := forward(t, run(t, g.secured("client-b")), "client-a", "echo")
	c := byUDP(t, f)
	v := f.carrier.(*udpVisitor)
	v.mu.Lock()
	l := v.legs[0]
	v.mu.Unlock()
	var begun time.Time
	for i := range 3 {
		s, keys := l.stream.Load(), l.keys.sender.Load()
		_ = s.conn.Reset()
		broken := time.Now()
		eventually(t, 5*time.Second, "there is another channel, with other keys", func() bool {
			if err := ask(c, []byte{byte(i)}, []byte{byte(i)}); err != nil {
				t.Fatal(err)
			}
			s2 := l.stream.Load()
			return s2 != nil && s2 != s && l.keys.sender.Load() != keys
		})
		if i > 0 && time.Since(begun) < channelPause {
			t.Errorf("two channels within %v", time.Since(begun))
		}
		begun = broken
	}
}

// TestUDPAgain: when another channel follows.
func TestUDPAgain(t *testing.T) {
	for _, tc := range []struct {
		name           string
		secured, heard bool
		inUse          bool
		lasted         time.Duration
		wanted         bool
		least, most    time.Duration
	}{
		{"plain, of use", false, true, true, time.Hour, false, 0, 0},
		{"plain, refused", false, false, true, 0, true, retryLeast, refillFirst},
		{"idle", true, true, false, time.Hour, false, 0, 0},
		{"broken", true, true, true, time.Hour, true, 0, 0},
		{"broken soon", true, true, true, 100 * time.Millisecond, true, channelPause - 100*time.Millisecond, channelPause},
		{"refused", true, false, false, 0, true, channelPause, channelPause},
	} {
		t.Run(tc.name, func(t *testing.T) {
			l := &udpLeg{v: &udpVisitor{}, wanted: make(chan struct{}, 1)}
			if tc.secured {
				l.keys = &udpKeys{}
			}
			if tc.inUse {
				l.flows[7].Store(&localFlow{})
			}
			wait := l.again(&backoff{first: refillFirst}, tc.heard, tc.lasted)
			if wait < tc.least || wait > tc.most || (len(l.wanted) == 1) != tc.wanted {
				t.Errorf("after %v, wanted %v", wait, len(l.wanted) == 1)
			}
		})
	}
}

// TestUDPNoWay: a path that is open but leads nowhere, while there is no
// channel yet, holds datagrams and does nothing else.
func TestUDPNoWay(t *testing.T) {
	pc, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:0")))
	if err != nil {
		t.Fatal(err)
	}
	c := datagram.New(pc, datagram.Options{})
	defer c.Close()
	v := &udpVisitor{}
	l := &udpLeg{v: v, path: newUDPPath(&channelKey{}, v.pool, nil), wanted: make(chan struct{}, 1), begun: time.Now()}
	l.path.bound.Store(c)
	l.avoid.until.Store(time.Now().Add(time.Hour).UnixNano())
	k := newPacker(v.lose)
	l.send(k, headed{256, []byte("held")}, time.Now())
	l.release()
	if queue, _ := l.waiting.take(); len(queue) != 1 || string(queue[0].data) != "held" || len(l.wanted) != 1 {
		t.Errorf("%d datagrams are held", len(queue))
	}
}

// TestUDPProviderAsks: an answer that needs a channel, of which there is none,
// has the visitor asked for one; in plain mode nobody can be.
func TestUDPProviderAsks(t *testing.T) {
	asked := 0
	p := &udpProvider{}
	g := &udpGrant{p: p, ss: &session{}, keys: &udpKeys{ask: func() { asked++ }}, begun: time.Now()}
	large := make([]byte, maxPacket)
	for range 3 {
		g.send(newPacker(p.lose), &serviceFlow{}, large, time.Now())
	}
	if asked != 1 || p.lost.Load() != 3 {
		t.Errorf("asked %d times for 3 datagrams at once, %d lost", asked, p.lost.Load())
	}
	g.keys = nil
	g.send(newPacker(p.lose), &serviceFlow{}, large, time.Now())
	if asked != 1 || p.lost.Load() != 4 {
		t.Errorf("in plain mode: asked %d times, %d lost", asked, p.lost.Load())
	}
}
