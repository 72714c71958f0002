// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package datagram

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestTrainRefused sends through a socket on which the kernel refuses trains,
// which it does without checksums.
func TestTrainRefused(t *testing.T) {
	to := New(listen(t, "udp4", "127.0.0.1:0"), Options{Buffer: 4 << 20})
	from := New(listen(t, "udp4", "127.0.0.1:0"), Options{})
	if !from.Offload() {
		t.Skip("no trains here")
	}
	err := from.sys.raw.Control(func(fd uintptr) {
		if err := unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_NO_CHECK, 1); err != nil {
			t.Error(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	dst := to.LocalAddr().(*net.UDPAddr).AddrPort()
	for range 2 {
		tr := []Train{
			{Addr: dst, Data: filled(3, 'a'), Size: 3},
			{Addr: dst, Data: filled(10*100+5, 'b'), Size: 100},
			{Addr: dst, Data: filled(10*100, 'c'), Size: 100},
			{Addr: dst, Data: filled(3, 'd'), Size: 3},
		}
		from.Send(NewOutbox(), tr)
		for i := range tr {
			if tr[i].Lost != 0 {
				t.Errorf("train %d: %d lost", i, tr[i].Lost)
			}
		}
		got, _, _ := packetsOf(t, to, 1+11+10+1)
		if len(got[11]) != 5 || got[22][0] != 'd' {
			t.Error("order or sizes differ")
		}
	}
}

// TestUnsendable has one packet in the middle that no system can send.
func TestUnsendable(t *testing.T) {
	to := New(listen(t, "udp4", "127.0.0.1:0"), Options{})
	from := New(listen(t, "udp4", "127.0.0.1:0"), Options{})
	dst := to.LocalAddr().(*net.UDPAddr).AddrPort()
	tr := []Train{
		{Addr: dst, Data: filled(3, 'a'), Size: 3},
		{Addr: dst, Data: filled(65530, 'b'), Size: 65530},
		{Addr: dst, Data: filled(3, 'c'), Size: 3},
	}
	from.Send(NewOutbox(), tr)
	if tr[0].Lost != 0 || tr[1].Lost != 1 || tr[2].Lost != 0 {
		t.Errorf("lost %d, %d, %d", tr[0].Lost, tr[1].Lost, tr[2].Lost)
	}
	got, _, _ := packetsOf(t, to, 2)
	if got[1][0] != 'c' {
		t.Error("the wrong packet came")
	}
}

func TestOverflow(t *testing.T) {
	pc := listen(t, "udp4", "127.0.0.1:0")
	_ = pc.SetReadBuffer(8 << 10)
	to := New(pc, Options{})
	from := New(dial(t, to.LocalAddr()), Options{})
	if n := to.Overflow(); n != 0 {
		t.Fatalf("%d drops at the beginning", n)
	}
	const sent = 200
	for range sent {
		from.Send(NewOutbox(), []Train{{Data: filled(1000, 'x'), Size: 1000}})
	}
	var there int
	in := NewInbox(sent)
	if err := to.Receive(in); err != nil {
		t.Fatal(err)
	}
	for i := range in.Trains {
		there += in.Trains[i].Packets()
	}
	if n := to.Overflow(); n == 0 || int(n)+there != sent {
		t.Errorf("%d came and %d were dropped of %d", there, n, sent)
	}
}

func TestAddrRoundTrip(t *testing.T) {
	for _, s := range []string{"1.2.3.4:5", "[::1]:65535", "[fe80::1%3]:80", "[2001:db8::1]:0"} {
		want := netip.MustParseAddrPort(s)
		var sa sockaddr
		putAddr(&sa, true, want)
		if got := addrPort(&sa); got != want {
			t.Errorf("%v became %v", want, got)
		}
		if want.Addr().Is4() {
			putAddr(&sa, false, want)
			if got := addrPort(&sa); got != want {
				t.Errorf("%v became %v", want, got)
			}
		}
	}
}

func TestAllocations(t *testing.T) {
	to := New(listen(t, "udp4", "127.0.0.1:0"), Options{})
	from := New(listen(t, "udp4", "127.0.0.1:0"), Options{})
	in, out := NewInbox(4), NewOutbox()
	tr := []Train{{Addr: to.LocalAddr().(*net.UDPAddr).AddrPort(), Data: filled(1000, 'x'), Size: 100}}
	n := testing.AllocsPerRun(100, func() {
		from.Send(out, tr)
		if err := to.Receive(in); err != nil {
			t.Fatal(err)
		}
	})
	if n != 0 {
		t.Errorf("%v allocations a train", n)
	}
}

// FuzzTrainSize looks for control messages that lead out of the buffer.
func FuzzTrainSize(f *testing.F) {
	var c control
	f.Add(c.b[:c.putTrainSize(1200)])
	h := make([]byte, unix.CmsgSpace(4))
	f.Add(h)
	f.Fuzz(func(t *testing.T, oob []byte) {
		if n := trainSize(append(make([]byte, 0, len(oob)+8), oob...)); n < 0 {
			t.Errorf("%d", n)
		}
	})
}

// TestFull sends to a full socket, as one of a stream of its own makes it.
func TestFull(t *testing.T) {
	for _, wait := range []time.Duration{0, 20 * time.Millisecond} {
		pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK, 0)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { unix.Close(pair[0]); unix.Close(pair[1]) })
		s := &system{wait: wait, pc: listen(t, "udp4", "127.0.0.1:0"), raw: fakeRaw(pair[0])}
		o := NewOutbox()
		tr := make([]Train, 4000)
		for i := range tr {
			tr[i] = Train{Data: filled(100, 'x'), Size: 100}
		}
		begun := time.Now()
		s.send(o, tr)
		lost := 0
		for i := range tr {
			lost += tr[i].Lost
		}
		if took := time.Since(begun); took < wait || took > wait+time.Second {
			t.Errorf("wait %v: it took %v", wait, took)
		}
		there := 0
		for b := make([]byte, 200); ; there++ {
			if _, err := unix.Read(pair[1], b); err != nil {
				break
			}
		}
		if lost == 0 || there+lost != len(tr) {
			t.Errorf("wait %v: %d came and %d were lost of %d", wait, there, lost, len(tr))
		}
	}
}

// fakeRaw is a descriptor that is never ready again once it is full.
type fakeRaw int

func (f fakeRaw) Control(fn func(uintptr)) error { fn(uintptr(f)); return nil }

func (f fakeRaw) Read(func(uintptr) bool) error { return unix.ENOTSUP }

func (f fakeRaw) Write(fn func(uintptr) bool) error {
	for end := time.Now().Add(20 * time.Millisecond); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if fn(uintptr(f)) {
			return nil
		}
	}
	return unix.ETIMEDOUT
}
