// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"fmt"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/culvertd/culvert/internal/datagram"
	"github.com/culvertd/culvert/internal/wire"
)

// TestAllowance: three times a source's bytes until it has answered, and nothing for
// who is silent for too long.
func TestAllowance(t *testing.T) {
	const idle = time.Minute
	type step struct {
		after time.Duration
		in    int  // bytes of the source; or
		out   int  // bytes of the service
		goes  bool // and whether they go
	}
	for name, steps := range map[string][]step{
		"as much as three times, to the byte": {{in: 100}, {out: 300, goes: true}, {out: 1}},
		"one byte more":                       {{in: 100}, {out: 301}, {out: 300, goes: true}},
		"many small ones":                     {{in: 100}, {out: 100, goes: true}, {out: 150, goes: true}, {out: 51}, {out: 50, goes: true}, {out: 1}},
		"nothing was said":                    {{in: 0}, {out: 1}, {out: 0, goes: true}},
		"several before an answer":            {{in: 10}, {in: 10}, {in: 10}, {out: 91}, {out: 90, goes: true}, {out: 1}},
		"an answer":                           {{in: 10}, {out: 30, goes: true}, {in: 1}, {out: 65507, goes: true}, {out: 65507, goes: true}},
		"an empty answer":                     {{in: 10}, {out: 30, goes: true}, {in: 0}, {out: 65507, goes: true}},
		"an answer to nothing":                {{in: 10}, {out: 31}, {in: 10}, {out: 61}, {out: 60, goes: true}, {out: 1}},
		"silent but not for long":             {{in: 10}, {out: 1, goes: true}, {in: 10}, {after: idle, out: 5000, goes: true}},
		"silent after an answer":              {{in: 10}, {out: 1, goes: true}, {in: 10}, {after: idle + 1, out: 1}},
		"silent from the first on":            {{in: 10}, {after: idle + 1, out: 1}},
		"spoken to while silent": {
			{in: 10},
			{out: 1, goes: true},
			{in: 10},
			{after: idle / 2, out: 1, goes: true},
			{after: idle/2 + 1, out: 1},
			{in: 10},
			{out: 31},
			{out: 30, goes: true},
			{out: 1},
		},
		"back after silence has to answer again": {
			{in: 1000}, {out: 1, goes: true}, {in: 10}, {after: 2 * idle, in: 10}, {out: 31}, {out: 30, goes: true}, {in: 1}, {out: 5000, goes: true},
		},
	} {
		var a allowance
		now := time.Now()
		for i, s := range steps {
			now = now.Add(s.after)
			if s.out == 0 && !s.goes {
				a.took(s.in, now, idle)
			} else if got := a.spend(s.out, now, idle); got != s.goes {
				t.Errorf("%s: step %d: %d bytes go: %t", name, i, s.out, got)
			}
		}
	}
}

// strangers is a visitor for everybody, without anything behind it.
func strangers(t *testing.T, legs int) *udpVisitor {
	t.Helper()
	pc, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	v := newVisitorAt(&Forward{c: New(Config{})}, pc)
	t.Cleanup(v.close)
	v.guard = &guard{drops: new(PublicDrops), sources: make(map[netip.Prefix]int), refuse: func(a netip.AddrPort) bool { return a.Port() == 53 }}
	for range legs {
		l := &udpLeg{v: v, wanted: make(chan struct{}, 1), begun: time.Now().Add(time.Hour)} // too young to be given up
		for n := range wire.FlowsPerBlock {
			l.free = append(l.free, uint8(n))
		}
		v.legs = append(v.legs, l)
	}
	return v
}

// TestSourcesOfFlows: nobody has all flows of a port, and what is over the limit is
// dropped and counted until others have ended.
func TestSourcesOfFlows(t *testing.T) {
	v := strangers(t, 10)
	now := time.Now()
	at := func(addr string, port int) netip.AddrPort {
		return netip.AddrPortFrom(netip.MustParseAddr(addr), uint16(port))
	}
	for i := range maxPerSource {
		addr := fmt.Sprintf("2001:db8::%x", i%7) // one network
		if fl, refused := v.flow(at(addr, 1000+i), now); fl == nil || refused {
			t.Fatalf("flow %d is refused", i)
		}
	}
	for addr, want := range map[string]bool{"2001:db8::9": true, "2001:db8:0:1::1": false, "192.0.2.1": false} {
		if _, refused := v.flow(at(addr, 999), now); refused != want {
			t.Errorf("%s: %t", addr, refused)
		}
	}
	if fl, refused := v.flow(at("2001:db8::0", 1000), now); fl == nil || refused {
		t.Error("what there is does not go on")
	}
	v.train(newPacker(v.lose), &datagram.Train{Addr: at("2001:db8::9", 999), Data: []byte("abcdef"), Size: 2}, now)
	v.train(newPacker(v.lose), &datagram.Train{Addr: at("192.0.2.9", 53), Data: []byte("abcdef"), Size: 3}, now)
	if d := v.guard.drops; d.Flows.Load() != 3 || d.Refused.Load() != 2 || d.Lost.Load() != 0 {
		t.Errorf("%d for the limit, %d refused, %d lost", d.Flows.Load(), d.Refused.Load(), d.Lost.Load())
	}
	for from, want := range map[string]bool{"192.0.2.9:53": false, "192.0.2.9:54": true} { // as when it is blocked later
		fl := &localFlow{addr: netip.MustParseAddrPort(from)}
		fl.due.took(100, now, v.idle)
		if got := v.mayReach(fl, 100, now); got != want {
			t.Errorf("what is for %s goes: %t", from, got)
		}
	}
	if n := v.guard.drops.Refused.Load(); n != 3 {
		t.Errorf("%d refused", n)
	}
	v.sweep(now.Add(2 * v.idle))
	if n := len(v.guard.sources) + len(v.flows); n > 0 {
		t.Errorf("%d are left of flows that have ended", n)
	}
	if _, refused := v.flow(at("2001:db8::9", 999), now); refused {
		t.Error("refused when all have ended")
	}
}

// TestAllFlowsInUse: when a forward has as many sessions as it may, further sources
// are dropped and not held.
func TestAllFlowsInUse(t *testing.T) {
	v := strangers(t, maxLegs)
	now := time.Now()
	for i := range maxLegs * wire.FlowsPerBlock {
		a := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), 1000)
		if fl, refused := v.flow(a, now); fl == nil || refused {
			t.Fatalf("flow %d is refused", i)
		}
	}
	if fl, refused := v.flow(netip.MustParseAddrPort("192.0.2.1:1000"), now); fl != nil || !refused {
		t.Error("one more is let in")
	}
	v.legs = v.legs[:1]
	if fl, refused := v.flow(netip.MustParseAddrPort("192.0.2.1:1000"), now); fl != nil || refused {
		t.Error("with another session to come it is not waited for")
	}
}

// TestNobodysPort: who owns a port is asked for each session, and may be nobody.
func TestNobodysPort(t *testing.T) {
	c := New(Config{})
	owner, there := "alice/nas", false
	f := &Forward{c: c, owner: func() (string, string, bool) { return owner, "dns", there }}
	if _, err := f.wish(); kindOf(err) != TargetRefused || worthAsking(err) {
		t.Errorf("%v", err)
	}
	there = true
	for _, owner = range []string{"alice/nas", "bob/nas"} {
		if spec, err := f.wish(); err != nil || spec.Target != owner || spec.Service != "dns" {
			t.Errorf("%+v, %v", spec, err)
		}
	}
}
