// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package relay

import (
	"errors"
	"net"
	"net/netip"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/culvertd/culvert/internal/wire"
)

var badAddr = netip.MustParseAddr("127.0.0.2")

func isBad(a netip.Addr) bool { return a == badAddr }

// loopback skips where only one of its addresses can be used.
func loopback(t *testing.T) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux has 127.0.0.2 without preparation")
	}
}

// bad is send from an address that is blocked at times.
func (w *world) bad(b []byte) *net.TCPConn {
	w.t.Helper()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: badAddr.AsSlice()}, Timeout: 10 * time.Second}
	c, err := d.Dial("tcp", w.addr)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	_, _ = c.Write(b) // it may have been reset before
	return c.(*net.TCPConn)
}

func (w *world) badLine(role wire.Role, data string) *net.TCPConn {
	l, s := w.line(role)
	return w.bad(append(l.Append(nil, s), data...))
}

// reset waits until c is, and no longer than the rules allow.
func (w *world) reset(name string, c net.Conn) {
	w.t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(2 * time.Second))
	if n, err := c.Read(make([]byte, 64)); n > 0 || !errors.Is(err, syscall.ECONNRESET) {
		w.t.Errorf("%s: %d bytes, %v", name, n, err)
	}
}

// A block cuts what is live from the address, in whatever state, lets nothing
// in, and leaves everybody else alone.
func TestBlockedAddress(t *testing.T) {
	loopback(t)
	w := newWorld(t, Limits{})
	kept := w.park(1)[0]
	open := w.badLine(wire.Open, "x")
	w.expect(kept, goLine+"x")
	honest := w.park(1)[0]
	other := w.good(wire.Open, "y")
	w.expect(honest, goLine+"y")

	parked := w.badLine(wire.Park, "")
	w.until(func() bool { return w.provider.Parked() == 1 })
	silent := w.bad(nil)
	warm := w.badLine(wire.Warm, "")
	w.until(func() bool { st := w.r.Stats(); return st.Warm == 1 && st.Pending == 1 })

	w.r.SetBlocked(isBad)
	w.r.CloseAddr(isBad)
	for name, c := range map[string]net.Conn{
		"visitor": open, "its provider": kept, "parked": parked, "silent": silent, "warm": warm,
	} {
		w.reset(name, c)
	}
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: badAddr.AsSlice()}, Timeout: 10 * time.Second}
	if c, err := d.Dial("tcp", w.addr); err == nil {
		w.reset("new", c)
	} else if !errors.Is(err, syscall.ECONNRESET) { // sooner than the dial was done
		t.Error(err)
	}
	_, _ = other.Write([]byte("z"))
	w.expect(honest, "z")
	if st := w.r.Stats(); st.Refused[refusedBlocked] != 1 || w.provider.Parked() != 0 {
		t.Errorf("%+v", st)
	}
	w.r.SetBlocked(nil)
	w.badLine(wire.Park, "")
	w.until(func() bool { return w.provider.Parked() == 1 })
}

// A visitor that waits for a channel is blocked before it gets one.
func TestBlockedWhileItWaits(t *testing.T) {
	loopback(t)
	w := newWorld(t, Limits{})
	v := w.badLine(wire.Open, "x")
	w.until(func() bool { w.mu.Lock(); defer w.mu.Unlock(); return w.wanted > 0 })
	w.r.SetBlocked(isBad)
	w.r.CloseAddr(isBad)
	w.send(func() []byte { l, s := w.line(wire.Park); return l.Append(nil, s) }())
	w.reset("visitor", v)
}

// A channel that somebody passes on is judged by its client's address.
func TestBlockedBehindAProxy(t *testing.T) {
	w := newWorld(t, Limits{})
	near, far := net.Pipe()
	w.r.ServeChannel(&pipeConn{far}, badAddr)
	l, s := w.line(wire.Park)
	_, _ = near.Write(l.Append(nil, s))
	w.until(func() bool { return w.provider.Parked() == 1 })
	w.r.SetBlocked(isBad)
	w.r.CloseAddr(isBad)
	_ = near.SetReadDeadline(time.Now().Add(2 * time.Second))
	if _, err := near.Read(make([]byte, 1)); err == nil || w.provider.Parked() != 0 {
		t.Errorf("%v, %d are parked", err, w.provider.Parked())
	}
}

func TestBlockedUDP(t *testing.T) {
	loopback(t)
	b := newUDPBed(t, Limits{})
	s, key := b.session()
	v, p := s.Blocks()
	pc, err := net.DialUDP("udp", &net.UDPAddr{IP: badAddr.AsSlice()}, net.UDPAddrFromAddrPort(b.addr))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pc.Close() })
	visitor, provider := &person{t: t, pc: pc, key: key, buf: make([]byte, 2048)}, b.person(b.key)
	visitor.bind()
	provider.bind()
	provider.send(p, []byte("before"))
	visitor.receive()

	b.relay.SetBlocked(isBad)
	b.relay.CloseAddr(isBad)
	provider.send(p, []byte("after"))
	provider.answer(wire.Unreachable, nil)
	visitor.silence()
	visitor.send(v, []byte("x"))
	visitor.control(wire.ControlPacket{Kind: wire.Hello})
	visitor.silence()
	provider.silence()
	if got := b.drops(4); got["blocked"] != 1 || got["unbound"] != 1 || got["peer_unbound"] != 1 {
		t.Errorf("%v", got)
	}
	b.relay.SetBlocked(nil)
	visitor.bind()
}
