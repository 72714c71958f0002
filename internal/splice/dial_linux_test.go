// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package splice

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"syscall"
	"testing"
	"time"
)

type dialed struct {
	c   Conn
	err error
}

func dial(t *testing.T, m *Mover, to netip.AddrPort, timeout time.Duration) chan dialed {
	t.Helper()
	result := make(chan dialed, 2)
	if !m.Dial(to, DialOptions{Timeout: timeout, KeepAlive: time.Minute}, func(c Conn, err error) { result <- dialed{c, err} }) {
		t.Fatal("there is no such way here")
	}
	return result
}

func (d dialed) check(t *testing.T, want error) {
	t.Helper()
	if !errors.Is(d.err, want) || d.c != nil {
		t.Errorf("%v, %v; want %v", d.c, d.err, want)
	}
}

func listenLocal(t *testing.T) (net.Listener, netip.AddrPort) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	return ln, netip.MustParseAddrPort(ln.Addr().String())
}

// unanswered is an address where a SYN gets no answer: a listener whose queue
// is full.
func unanswered(t *testing.T) netip.AddrPort {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(fd) })
	if err := errors.Join(syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}), syscall.Listen(fd, 0)); err != nil {
		t.Fatal(err)
	}
	sa, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	to := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(sa.(*syscall.SockaddrInet4).Port))
	for range 8 {
		if c, err := net.DialTimeout("tcp", to.String(), 200*time.Millisecond); err == nil {
			t.Cleanup(func() { _ = c.Close() })
		} else {
			return to
		}
	}
	t.Fatal("the queue does not fill")
	return to
}

func TestDial(t *testing.T) {
	m := New()
	defer m.Close()
	ln, to := listenLocal(t)
	d := <-dial(t, m, to, time.Second)
	if d.err != nil {
		t.Fatal(d.err)
	}
	peer, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	if _, err := d.c.Write([]byte("line")); err != nil {
		t.Fatal(err)
	}
	app, near := pair(t)
	_ = near.SetDeadline(time.Time{})
	m.Link(TCP(near), d.c, Options{})
	_, _ = app.Write([]byte("data"))
	buf := make([]byte, 8)
	if _, err := io.ReadFull(peer, buf); err != nil || string(buf) != "linedata" {
		t.Fatalf("%q, %v", buf, err)
	}

	_ = ln.Close()
	(<-dial(t, m, to, time.Second)).check(t, syscall.ECONNREFUSED)
	if m.Dial(netip.MustParseAddrPort("[fe80::1%lo]:1"), DialOptions{Timeout: time.Second}, nil) {
		t.Error("addresses with a zone are for the resolver")
	}
}

// TestDialWaits: the answer comes later, through the loop.
func TestDialWaits(t *testing.T) {
	m := New()
	defer m.Close()
	to := unanswered(t)
	begun := time.Now()
	(<-dial(t, m, to, 100*time.Millisecond)).check(t, os.ErrDeadlineExceeded)
	if took := time.Since(begun); took < 100*time.Millisecond {
		t.Errorf("gave up after %v", took)
	}

	other := New()
	result := dial(t, other, to, time.Hour)
	other.Close()
	(<-result).check(t, net.ErrClosed)
	(<-dial(t, other, to, time.Hour)).check(t, net.ErrClosed)
}

// TestDialLater has the queue drain while the dial waits: the kernel tries
// again after a second.
func TestDialLater(t *testing.T) {
	m := New()
	defer m.Close()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	f := os.NewFile(uintptr(fd), "listener")
	defer f.Close()
	if err := errors.Join(syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}), syscall.Listen(fd, 0)); err != nil {
		t.Fatal(err)
	}
	ln, err := net.FileListener(f)
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	to := netip.MustParseAddrPort(ln.Addr().String())
	var waiting []chan dialed
	for range 4 {
		waiting = append(waiting, dial(t, m, to, 10*time.Second))
	}
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			defer c.Close()
		}
	}()
	for _, w := range waiting {
		d := <-w
		if d.err != nil {
			t.Fatal(d.err)
		}
		_ = d.c.Reset()
	}
}
