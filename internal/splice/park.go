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
}

// Park watches c, which must not be used by the caller any more. When it is
// lost it is closed and lost is called, once, from a goroutine that must not
// be kept.
func (m *Mover) Park(c Conn, lost func()) Parked {
	if p := m.fast.park(c, lost); p != nil {
		return p
	}
	_ = c.SetDeadline(time.Time{}) // fails on closed ones only
	p := &watched{c: c, lost: lost, gone: make(chan struct{})}
	m.tasks.Go(p.watch)
	return p
}

// watched is a parked connection with a goroutine that reads from it.
type watched struct {
	c     Conn
	lost  func()
	taken atomic.Bool
	dead  atomic.Bool   // lost, perhaps while it was being taken
	gone  chan struct{} // closed when watch has let go of c
}

func (p *watched) watch() {
	var b [1]byte
	n, err := p.c.Read(b[:])
	if n == 0 && p.taken.Load() && errors.Is(err, os.ErrDeadlineExceeded) {
		close(p.gone)
		return
	}
	_ = p.c.Reset()
	p.taken.Store(true)
	p.dead.Store(true)
	close(p.gone) // before lost, which may wait for who is in Take
	p.lost()
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
