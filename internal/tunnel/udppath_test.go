// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/culvertd/culvert/internal/signaling"
	"github.com/culvertd/culvert/internal/wire"
)

// nat stands between one socket and the relay, with a port of its own, which
// it can lose for another.
type nat struct {
	t     *testing.T
	relay string
	alter func(b []byte) [][]byte // what goes on in place of a datagram; nil: itself
	in    *net.UDPConn
	back  atomic.Pointer[net.UDPAddr]
	out   atomic.Pointer[net.UDPConn]
	tasks sync.WaitGroup
}

func newNAT(t *testing.T, relay string, alter func(b []byte) [][]byte) *nat {
	t.Helper()
	in, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	n := &nat{t: t, relay: relay, in: in, alter: alter}
	n.rebind()
	n.tasks.Go(func() {
		b := make([]byte, 65536)
		for {
			k, from, err := in.ReadFromUDP(b)
			if err != nil {
				return
			}
			n.back.Store(from)
			for _, b := range n.altered(b[:k]) {
				n.out.Load().Write(b)
			}
		}
	})
	t.Cleanup(func() { in.Close(); n.out.Load().Close(); n.tasks.Wait() })
	return n
}

func (n *nat) rebind() {
	n.t.Helper()
	c, err := net.Dial("udp", n.relay)
	if err != nil {
		n.t.Fatal(err)
	}
	out := c.(*net.UDPConn)
	if old := n.out.Swap(out); old != nil {
		old.Close()
	}
	n.tasks.Go(func() {
		b := make([]byte, 65536)
		for {
			k, err := out.Read(b)
			if err != nil {
				return
			}
			if to := n.back.Load(); to != nil {
				for _, b := range n.altered(b[:k]) {
					n.in.WriteToUDP(b, to)
				}
			}
		}
	})
}

func (n *nat) altered(b []byte) [][]byte {
	if n.alter == nil {
		return [][]byte{b}
	}
	return n.alter(b)
}

// dial is a Config.Dial with this NAT before the relay's UDP port.
func (n *nat) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	if _, p, _ := net.SplitHostPort(addr); network == "udp" && p == port(n.relay) {
		addr = n.in.LocalAddr().String()
	}
	return dialPlain(ctx, network, addr)
}

// TestUDPRebound: a NAT forgets a visitor's port in the middle of a flow. The
// flow comes back by itself, the service seeing the same source.
func TestUDPRebound(t *testing.T) {
	if testing.Short() {
		t.Skip("takes as long as a path may be in doubt")
	}
	g := open(t, signaling.Config{})
	var sources sync.Map
	cfg := g.config("client-a")
	cfg.Services = []wire.Service{datagrams(t, "echo", func(b []byte, from net.Addr) []byte {
		sources.Store(from.String(), true)
		return b
	})}
	run(t, cfg)
	n := newNAT(t, g.relay, nil)
	cfg = g.config("client-b")
	cfg.Dial = n.dial
	f := forward(t, run(t, cfg), "client-a", "echo")
	c := dialUDP(t, f)
	eventually(t, 5*time.Second, "UDP is in use", func() bool { return f.Status().UDP })
	if err := ask(c, []byte("before"), []byte("before")); err != nil {
		t.Fatal(err)
	}
	before := g.server().Relay().Stats().PacketsDropped["unbound"]
	n.rebind()
	begun := time.Now()
	for {
		if err := ask(c, []byte("after"), []byte("after")); err == nil {
			break
		}
		if time.Since(begun) > 20*time.Second {
			t.Fatal("the flow does not come back")
		}
	}
	if g.server().Relay().Stats().PacketsDropped["unbound"] == before {
		t.Error("packets from the new port were taken before it was proven")
	}
	count := 0
	sources.Range(func(any, any) bool { count++; return true })
	if count != 1 {
		t.Errorf("the service saw %d sources", count)
	}
}

// TestUDPIdle: an idle flow frees its id and its socket, and the id rests.
func TestUDPIdle(t *testing.T) {
	g := open(t, signaling.Config{})
	cfg := g.config("client-a")
	cfg.Services = []wire.Service{datagrams(t, "echo", udpEcho)}
	provider := run(t, cfg)
	f := forward(t, run(t, g.config("client-b")), "client-a", "echo")
	a, b := dialUDP(t, f), dialUDP(t, f)
	for _, c := range []net.Conn{a, b} {
		if err := ask(c, []byte("x"), []byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	v := f.carrier.(*udpVisitor)
	now := time.Now()
	v.sweep(now.Add(v.idle / 2))
	if n := f.Status().Connections; n != 2 {
		t.Errorf("%d flows before their time, want 2", n)
	}
	v.sweep(now.Add(v.idle + time.Second))
	v.mu.Lock()
	l := v.legs[0]
	free, resting := len(l.free), len(l.resting)
	v.mu.Unlock()
	if n := f.Status().Connections; n != 0 || free != wire.FlowsPerBlock-2 || resting != 2 {
		t.Errorf("%d flows, %d ids free, %d at rest", n, free, resting)
	}
	v.sweep(now.Add(v.idle + 2*time.Second + flowRest))
	v.mu.Lock()
	free = len(l.free)
	v.mu.Unlock()
	if free != wire.FlowsPerBlock {
		t.Errorf("%d ids are free", free)
	}
	for _, g := range *provider.udp.blocks.Load() {
		g.end(time.Now().Add(time.Hour))
	}
	eventually(t, 5*time.Second, "the provider's sockets are closed", func() bool {
		return provider.Status().Services[0].Connections == 0
	})
	if err := ask(a, []byte("again"), []byte("again")); err != nil {
		t.Error(err)
	}
}

// TestAvoidance: UDP is looked at again soon, once, while a session is young; a
// burst of datagrams counts as one.
func TestAvoidance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var a avoidance
		session := time.Now()
		avoided := func() time.Duration {
			for range 100 {
				a.begin(session)
			}
			begun := time.Now()
			for a.holds(time.Now()) {
				time.Sleep(100 * time.Millisecond)
			}
			return time.Since(begun)
		}
		for _, want := range []time.Duration{avoidOnce, avoidFor, avoidFor} {
			if got := avoided(); got != want {
				t.Errorf("%v, want %v", got, want)
			}
		}
		a.begin(session)
		a.end()
		if a.holds(time.Now()) {
			t.Error("an answer does not end it")
		}
		if got := avoided(); got != avoidFor {
			t.Errorf("%v in a session that is not young", got)
		}
	})
}
