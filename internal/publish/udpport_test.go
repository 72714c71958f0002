// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package publish

import (
	"errors"
	"net"
	"net/netip"
	"testing"

	"github.com/culvertd/culvert/internal/signaling"
	"github.com/culvertd/culvert/internal/wire"
)

// TestUDPSources: what seems to come from a service that answers everybody, or from a
// public port of our own, is not let in, nor is who is blocked.
func TestUDPSources(t *testing.T) {
	p := &Publisher{}
	p.SetBlocked(netip.MustParsePrefix("198.51.100.0/24").Contains)
	p.here.add(20000)
	own := netip.MustParseAddr("127.0.0.1")
	for a := range interfaceAddrs() {
		if !a.IsLoopback() {
			own = a
		}
	}
	for _, tc := range []struct {
		from string
		want bool
	}{
		{"192.0.2.1:40000", false},
		{"192.0.2.1:20000", false}, // a number that anybody may have
		{"[2001:db8::1]:20000", false},
		{"192.0.2.1:53", true},
		{"[2001:db8::1]:11211", true},
		{"192.0.2.1:0", true},
		{"192.0.2.1:443", false},
		{"198.51.100.7:40000", true},
		{"127.0.0.1:20000", true},
		{"[::1]:20000", true},
		{"127.0.0.1:20001", false},
		{netip.AddrPortFrom(own, 20000).String(), true},
		{netip.AddrPortFrom(own, 40000).String(), false},
	} {
		if got := p.refuses(netip.MustParseAddrPort(tc.from)); got != tc.want {
			t.Errorf("%s: %t", tc.from, got)
		}
	}
	p.here.remove(20000)
	if p.refuses(netip.MustParseAddrPort("127.0.0.1:20000")) {
		t.Error("a port that is closed is still refused")
	}
}

// TestUDPPortsOpen: a number is TCP's and UDP's at once, one that somebody else has is
// refused, and all are closed at the end.
func TestUDPPortsOpen(t *testing.T) {
	h := open(t, signaling.Config{})
	taken, err := net.ListenPacket("udp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	number := taken.LocalAddr().(*net.UDPAddr).Port
	udp, tcp := signaling.Port{Protocol: wire.UDP, Number: number}, signaling.Port{Protocol: wire.TCP, Number: number}
	if h.Listen(udp) == nil {
		t.Error("a port that another program has is opened")
	}
	_ = taken.Close()
	for range 2 {
		if err := errors.Join(h.Listen(udp), h.Listen(tcp)); err != nil {
			t.Fatal(err)
		}
		if pc, err := net.ListenPacket("udp", taken.LocalAddr().String()); err == nil {
			_ = pc.Close()
			t.Error("it is not open")
		}
		h.Unlisten(udp)
		h.Unlisten(tcp)
		pc, err := net.ListenPacket("udp", taken.LocalAddr().String())
		if err != nil {
			t.Fatalf("it is still open: %v", err)
		}
		_ = pc.Close()
	}
	h.Unlisten(udp) // of nobody
	if err := h.Listen(udp); err != nil {
		t.Fatal(err)
	}
	h.Close()
	pc, err := net.ListenPacket("udp", taken.LocalAddr().String())
	if err != nil {
		t.Fatalf("it is open after the end: %v", err)
	}
	_ = pc.Close()
	if h.Listen(udp) == nil {
		t.Error("a port is opened after the end")
	}
}
