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
	"sync"
	"syscall"
	"testing"
	"time"
)

// noFast is an engine that takes nothing, so that all links are copied.
type noFast struct{}

func (noFast) link(*Link, Conn, Conn) mover { return nil }
func (noFast) park(Conn, func()) Parked     { return nil }
func (noFast) dismiss()                     {}
func (noFast) close()                       {}

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

// meterFunc is a meter for tests.
type meterFunc struct {
	mu      sync.Mutex
	allow   func(n int) (int, time.Duration)
	granted int
	moved   [2]int
	idle    time.Duration
}

func (m *meterFunc) Allow(n int) (int, time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n, wait := m.allow(n)
	m.granted += n
	return n, wait
}

func (m *meterFunc) GiveBack(n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.granted -= n
}

func (m *meterFunc) Moved(n, d int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.moved[d] += n
}

func (m *meterFunc) Idle() time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.idle
}

func TestQuota(t *testing.T) {
	each(t, func(t *testing.T, m *Mover) {
		const quota = 3_000_001
		me := &meterFunc{}
		me.allow = func(n int) (int, time.Duration) { return min(n, quota-me.granted), 0 }
		c := join(t, m, Options{Meter: me})
		go func() { _, _ = c.a.Write(make([]byte, 10<<20)) }()
		n, err := io.Copy(io.Discard, c.b)
		if n > quota || !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("%d bytes, %v", n, err)
		}
		if err := c.end(t); !errors.Is(err, ErrQuota) {
			t.Error(err)
		}
		if me.granted != quota || me.moved[Forward] > quota {
			t.Errorf("granted %d, moved %d", me.granted, me.moved[Forward])
		}
	})
}

// TestThrottle: what the meter holds waits, loses nothing, and goes on.
func TestThrottle(t *testing.T) {
	each(t, func(t *testing.T, m *Mover) {
		me := &meterFunc{}
		var last time.Time
		held := 0
		me.allow = func(n int) (int, time.Duration) {
			if time.Since(last) < 10*time.Millisecond {
				held++
				return 0, 10 * time.Millisecond
			}
			last = time.Now()
			return min(n, 10_000), 0
		}
		c := join(t, m, Options{Meter: me})
		go func() {
			_, _ = c.a.Write(make([]byte, 200_000))
			_ = c.a.CloseWrite()
		}()
		start := time.Now()
		n, err := io.Copy(io.Discard, c.b)
		if n != 200_000 || err != nil {
			t.Errorf("%d bytes, %v", n, err)
		}
		me.mu.Lock()
		defer me.mu.Unlock()
		if d := time.Since(start); d < 150*time.Millisecond || held == 0 {
			t.Errorf("it took %v, held %d times", d, held)
		}
	})
}

func TestIdle(t *testing.T) {
	each(t, func(t *testing.T, m *Mover) {
		me := &meterFunc{allow: func(n int) (int, time.Duration) { return n, 0 }}
		c := join(t, m, Options{Meter: me})
		_, _ = c.a.Write([]byte("x"))
		_, _ = c.b.Read(make([]byte, 1))
		select {
		case err := <-c.err:
			t.Fatalf("ended without a limit: %v", err)
		case <-time.After(1500 * time.Millisecond):
		}
		me.mu.Lock()
		me.idle = time.Second // holds at once, for what is open
		me.mu.Unlock()
		if err := c.end(t); !errors.Is(err, ErrIdle) {
			t.Error(err)
		}
		if _, err := c.a.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("the application sees %v", err)
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

func TestPark(t *testing.T) {
	each(t, func(t *testing.T, m *Mover) {
		lost := make(chan string, 4)
		park := func(name string) (Parked, *net.TCPConn) {
			a, b := pair(t)
			_ = b.SetDeadline(time.Time{})
			return m.Park(TCP(b), func() { lost <- name }), a
		}
		// One whose peer leaves, one whose peer resets, one whose peer speaks.
		_, fin := park("fin")
		_ = fin.Close()
		_, rst := park("rst")
		_ = tcpConn{rst}.Reset()
		p, talk := park("talk")
		_, _ = talk.Write([]byte("x"))
		seen := map[string]bool{}
		for range 3 {
			select {
			case name := <-lost:
				seen[name] = true
			case <-time.After(5 * time.Second):
				t.Fatalf("only %v are noticed", seen)
			}
		}
		if _, ok := p.Take(); ok {
			t.Error("a lost one can be taken")
		}
		// One that is taken, and linked.
		p, far := park("taken")
		conn, ok := p.Take()
		if !ok {
			t.Fatal("not taken")
		}
		if _, ok := p.Take(); ok {
			t.Error("taken twice")
		}
		a, linkA := pair(t)
		_ = linkA.SetDeadline(time.Time{})
		m.Link(TCP(linkA), conn, Options{})
		_, _ = a.Write([]byte("hello"))
		buf := make([]byte, 5)
		if _, err := io.ReadFull(far, buf); err != nil || string(buf) != "hello" {
			t.Fatalf("%q, %v", buf, err)
		}
		_, _ = far.Write([]byte("there"))
		if _, err := io.ReadFull(a, buf); err != nil || string(buf) != "there" {
			t.Fatalf("%q, %v", buf, err)
		}
		// One that is taken and reset.
		p, far = park("reset")
		conn, _ = p.Take()
		_ = conn.Reset()
		if _, err := far.Read(buf); !errors.Is(err, syscall.ECONNRESET) {
			t.Error(err)
		}
		select {
		case name := <-lost:
			t.Errorf("%s counts as lost", name)
		default:
		}
	})
}

// TestParkedWithAnother links a parked socket with a connection that the
// engine cannot take.
func TestParkedWithAnother(t *testing.T) {
	each(t, func(t *testing.T, m *Mover) {
		far, near := pair(t)
		_ = near.SetDeadline(time.Time{})
		p := m.Park(TCP(near), func() { t.Error("lost") })
		conn, ok := p.Take()
		if !ok {
			t.Fatal("not taken")
		}
		a, b := net.Pipe()
		m.Link(&pipeConn{Conn: b}, conn, Options{})
		_ = a.SetDeadline(time.Now().Add(5 * time.Second))
		_, _ = a.Write([]byte("hello"))
		buf := make([]byte, 5)
		if _, err := io.ReadFull(far, buf); err != nil || string(buf) != "hello" {
			t.Fatalf("%q, %v", buf, err)
		}
		_ = a.Close()
	})
}

type pipeConn struct{ net.Conn }

func (p *pipeConn) CloseWrite() error { return p.Close() }
func (p *pipeConn) Reset() error      { return p.Close() }

// TestFullPipesAreGivenBack: receivers that take nothing keep neither pipes
// nor bytes from the others, and get everything in the end.
func TestFullPipesAreGivenBack(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIP: it takes seconds")
	}
	m := New()
	defer m.Close()
	const links, size = 40, 16 << 20
	var wg sync.WaitGroup
	var chains []*chain
	for range links {
		c := join(t, m, Options{})
		chains = append(chains, c)
		wg.Go(func() {
			n, err := c.a.Write(make([]byte, size))
			if n != size || err != nil {
				t.Errorf("wrote %d, %v", n, err)
			}
			_ = c.a.CloseWrite()
		})
	}
	time.Sleep(3500 * time.Millisecond)
	for _, c := range chains {
		wg.Go(func() {
			if n, err := io.Copy(io.Discard, c.b); n != size || err != nil {
				t.Errorf("%d bytes, %v", n, err)
			}
		})
	}
	wg.Wait()
}
