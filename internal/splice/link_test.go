// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package splice

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"testing"
	"time"
)

// noFast is an engine that takes nothing, so that all links are copied.
type noFast struct{}

func (noFast) link(*Link, Conn, Conn) mover                 { return nil }
func (noFast) park(Conn, func(Conn) (Guest, func())) Parked { return nil }
func (noFast) dismiss(bool)                                 {}
func (noFast) close()                                       {}

func (noFast) dial(netip.AddrPort, DialOptions, func(Conn, error)) bool { return false }

func (noFast) listen(net.Listener, func(Conn) Guest, func(error)) bool { return false }

// each runs a test with the system's engine and with copying.
func each(t *testing.T, f func(t *testing.T, m *Mover)) {
	for _, c := range []struct {
		name string
		fast engine
	}{{"engine", newEngine()}, {"copy", noFast{}}} {
		t.Run(c.name, func(t *testing.T) {
			m := newMover(c.fast)
			defer m.Close()
			f(t, m)
		})
	}
}

// pair returns two ends of one TCP connection.
func pair(t testing.TB) (near, far *net.TCPConn) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	c, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	d, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = c.Close(), d.Close() })
	for _, x := range []net.Conn{c, d} {
		_ = x.SetDeadline(time.Now().Add(30 * time.Second))
	}
	return c.(*net.TCPConn), d.(*net.TCPConn)
}

// chain is a link with an application at either side.
type chain struct {
	a, b *net.TCPConn // the applications
	l    *Link
	err  chan error
}

func join(t testing.TB, m *Mover, o Options) *chain {
	t.Helper()
	a, linkA := pair(t)
	linkB, b := pair(t)
	for _, c := range []net.Conn{linkA, linkB} {
		_ = c.SetDeadline(time.Time{})
	}
	c := &chain{a: a, b: b, err: make(chan error, 1)}
	o.Done = func(err error) { c.err <- err }
	c.l = m.Link(TCP(linkA), TCP(linkB), o)
	return c
}

func (c *chain) end(t *testing.T) error {
	t.Helper()
	select {
	case err := <-c.err:
		return err
	case <-time.After(10 * time.Second):
		t.Fatal("the link does not end")
		return nil
	}
}

func TestBytesArrive(t *testing.T) {
	each(t, func(t *testing.T, m *Mover) {
		c := join(t, m, Options{})
		const size = 64 << 20
		var wg sync.WaitGroup
		run := func(from, to *net.TCPConn, seed byte) {
			sent, got := sha256.New(), sha256.New()
			wg.Go(func() {
				rng := rand.NewChaCha8([32]byte{seed})
				sizes := rand.New(rand.NewPCG(uint64(seed), 0))
				for n := 0; n < size; {
					b := make([]byte, min(1+sizes.IntN(200_000), size-n))
					_, _ = rng.Read(b)
					sent.Write(b)
					if _, err := from.Write(b); err != nil {
						t.Error(err)
						return
					}
					n += len(b)
				}
				_ = from.CloseWrite()
			})
			wg.Go(func() {
				n, err := io.Copy(got, to)
				if err != nil || n != size {
					t.Errorf("%d bytes, %v", n, err)
				}
			})
			t.Cleanup(func() {
				if !bytes.Equal(sent.Sum(nil), got.Sum(nil)) {
					t.Error("the hashes differ")
				}
			})
		}
		run(c.a, c.b, 1)
		run(c.b, c.a, 2)
		wg.Wait()
		if err := c.end(t); err != nil {
			t.Error(err)
		}
		if f, b := c.l.Stats(); f != size || b != size {
			t.Errorf("counted %d and %d", f, b)
		}
	})
}

// TestHalfClose: a FIN is passed on as a FIN, and the other way stays open.
func TestHalfClose(t *testing.T) {
	each(t, func(t *testing.T, m *Mover) {
		c := join(t, m, Options{})
		_, _ = c.a.Write([]byte("question"))
		_ = c.a.CloseWrite()
		got, err := io.ReadAll(c.b)
		if err != nil || string(got) != "question" {
			t.Fatalf("%q, %v", got, err)
		}
		time.Sleep(20 * time.Millisecond)
		_, _ = c.b.Write([]byte("answer"))
		_ = c.b.CloseWrite()
		got, err = io.ReadAll(c.a)
		if err != nil || string(got) != "answer" {
			t.Fatalf("%q, %v", got, err)
		}
		if err := c.end(t); err != nil {
			t.Error(err)
		}
	})
}

// TestReset: a RST is passed on as a RST, whichever end sends it, and also
// when the other side's window is closed.
func TestReset(t *testing.T) {
	for _, tc := range []struct {
		name   string
		before func(c *chain, from *net.TCPConn)
	}{
		{"silent", func(*chain, *net.TCPConn) {}},
		{"after data", func(_ *chain, from *net.TCPConn) { _, _ = from.Write([]byte("x")) }},
		{"window closed", func(_ *chain, from *net.TCPConn) {
			// Nobody reads: the way fills up.
			_ = from.SetWriteDeadline(time.Now().Add(300 * time.Millisecond))
			_, _ = from.Write(make([]byte, 64<<20))
		}},
	} {
		for _, side := range []string{"a", "b"} {
			t.Run(tc.name+" from "+side, func(t *testing.T) {
				each(t, func(t *testing.T, m *Mover) {
					c := join(t, m, Options{})
					from, to := c.a, c.b
					if side == "b" {
						from, to = c.b, c.a
					}
					tc.before(c, from)
					if _, fast := m.fast.(noFast); fast && tc.name == "window closed" {
						// Copying sees a reset when it reads, so the data has
						// to go somewhere.
						go func() { _, _ = io.Copy(io.Discard, to) }()
						_ = tcpConn{from}.Reset()
						if err := c.end(t); err == nil {
							t.Error("the link ended cleanly")
						}
						return
					}
					_ = tcpConn{from}.Reset()
					if err := c.end(t); err == nil {
						t.Error("the link ended cleanly")
					}
					if _, err := io.Copy(io.Discard, to); !errors.Is(err, syscall.ECONNRESET) {
						t.Errorf("the other side sees %v", err)
					}
				})
			})
		}
	}
}

func TestFirstLeadAnswer(t *testing.T) {
	each(t, func(t *testing.T, m *Mover) {
		c := join(t, m, Options{
			First: [2][]byte{[]byte("GO x\ndata")},
			Own:   [2]int{5},
			Lead:  [2][]byte{nil, []byte("+")},
			Answer: func(b []byte) (int, error) {
				if len(b) < 3 {
					return 0, ErrShort
				}
				return 3, nil
			},
		})
		buf := make([]byte, 9)
		if _, err := io.ReadFull(c.b, buf); err != nil || string(buf) != "GO x\ndata" {
			t.Fatalf("%q, %v", buf, err)
		}
		for _, s := range []string{"a", "b", "cde"} {
			_, _ = c.b.Write([]byte(s))
			time.Sleep(10 * time.Millisecond)
		}
		_ = c.b.CloseWrite()
		got, err := io.ReadAll(c.a)
		if err != nil || string(got) != "+de" {
			t.Fatalf("%q, %v", got, err)
		}
		_ = c.a.CloseWrite()
		if err := c.end(t); err != nil {
			t.Error(err)
		}
		if f, b := c.l.Stats(); f != 4 || b != 2 {
			t.Errorf("counted %d and %d", f, b)
		}
	})
}

func TestLeadBeforeFIN(t *testing.T) {
	each(t, func(t *testing.T, m *Mover) {
		c := join(t, m, Options{Lead: [2][]byte{nil, []byte("+")}})
		_ = c.b.CloseWrite()
		got, err := io.ReadAll(c.a)
		if err != nil || string(got) != "+" {
			t.Fatalf("%q, %v", got, err)
		}
	})
}

func TestAnswerRefuses(t *testing.T) {
	each(t, func(t *testing.T, m *Mover) {
		no := errors.New("no")
		c := join(t, m, Options{Answer: func([]byte) (int, error) { return 0, no }})
		_, _ = c.b.Write([]byte("-"))
		if _, err := c.a.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("the application sees %v", err)
		}
		if err := c.end(t); !errors.Is(err, no) {
			t.Error(err)
		}
	})
}

func TestEndWithoutAnswer(t *testing.T) {
	each(t, func(t *testing.T, m *Mover) {
		c := join(t, m, Options{Answer: func([]byte) (int, error) { return 1, nil }})
		_ = c.b.CloseWrite()
		if _, err := c.a.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("the application sees %v", err)
		}
		if err := c.end(t); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Error(err)
		}
	})
}

func TestCloseResets(t *testing.T) {
	each(t, func(t *testing.T, m *Mover) {
		c := join(t, m, Options{})
		m.Close()
		if err := c.end(t); !errors.Is(err, ErrReset) {
			t.Error(err)
		}
		if _, err := c.b.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("the application sees %v", err)
		}
		m.closed = false // for the second Close
		m.fast = noFast{}
	})
}
