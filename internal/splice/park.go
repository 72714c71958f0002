// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package splice

import (
	"errors"
	"os"
	"sync/atomic"
	"time"
)

// Parked is a connection that waits for its peer's partner. Its own peer is to
// stay silent; a FIN, a RST or a byte makes it lost.
type Parked interface {
	// Take ends the wait. The connection is the caller's, for Link or to be
	// reset; ok is false if it was lost or taken before.
	Take() (c Conn, ok bool)
	// Near reports whether a link with c would cost less than with others,
	// because both are in one place already.
	Near(c Conn) bool
}

// Park watches c, which must not be used by the caller any more. When it is
// lost it is closed and lost is called, once, from a goroutine that must not
// be kept.
func (m *Mover) Park(c Conn, lost func()) Parked {
	return m.park(c, func(Conn) (Guest, func()) { return nil, lost })
}

// Expect is Park for a connection whose peer may speak. With the first byte, or
// its end, it cannot be taken any more and is the guest's that f, which is
// called at once, makes for the connection in its new place.
func (m *Mover) Expect(c Conn, f func(Conn) Guest) Parked {
	return m.park(c, func(c Conn) (Guest, func()) {
		g := f(c)
		return g, g.Gone
	})
}

func (m *Mover) park(c Conn, f func(Conn) (g Guest, lost func())) Parked {
	if p := m.fast.park(c, f); p != nil {
		return p
	}
	_ = c.SetDeadline(time.Time{}) // fails on closed ones only
	p := &watched{mover: m, c: c, gone: make(chan struct{})}
	p.guest, p.lost = f(c)
	m.tasks.Go(p.watch)
	return p
}

// watched is a parked connection with a goroutine that reads from it.
type watched struct {
	mover *Mover
	c     Conn
	lost  func()
	guest Guest // for what is read; nil if nothing may be
	taken atomic.Bool
	dead  atomic.Bool   // lost, perhaps while it was being taken
	gone  chan struct{} // closed when watch has let go of c
}

func (p *watched) watch() {
	b := make([]byte, 1)
	if p.guest != nil {
		b = make([]byte, guestRead)
	}
	n, err := p.c.Read(b)
	if n == 0 && p.taken.Load() && errors.Is(err, os.ErrDeadlineExceeded) {
		close(p.gone)
		return
	}
	if n > 0 && p.guest != nil && p.taken.CompareAndSwap(false, true) {
		close(p.gone)
		p.speak(b, n)
		return
	}
	_ = p.c.Reset()
	p.taken.Store(true)
	p.dead.Store(true)
	close(p.gone) // before lost, which may wait for who is in Take
	p.lost()
}

// speak has the guest go on with the first n bytes of b.
func (p *watched) speak(b []byte, n int) {
	m := p.mover
	m.mu.Lock()
	closed := m.closed
	if !closed {
		m.guests[p.c] = struct{}{}
	}
	m.mu.Unlock()
	switch {
	case closed:
		_ = p.c.Reset()
		p.guest.Gone()
	case p.guest.Read(b[:n]):
		m.read(p.c, p.guest, b)
	default:
		m.forget(p.c)
	}
}

// Take implements Parked.
func (p *watched) Take() (Conn, bool) {
	if !p.taken.CompareAndSwap(false, true) {
		return nil, false
	}
	// The reader has to be out of the way before anybody else reads.
	_ = p.c.SetReadDeadline(time.Unix(1, 0))
	<-p.gone
	if p.dead.Load() {
		return nil, false
	}
	_ = p.c.SetReadDeadline(time.Time{}) // fails on closed ones only
	return p.c, true
}

// Near implements Parked.
func (p *watched) Near(Conn) bool { return true }
