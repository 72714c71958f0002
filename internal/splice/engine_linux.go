// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package splice

import (
	"runtime"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// loops is the engine: about one epoll loop per core, each of which moves the
// bytes of many links. Compared with two goroutines per link it saves their
// stacks, which are most of an idle link's memory, and sees a reset of one
// side while the other side's window is closed (rules R5).
type loops struct {
	once sync.Once // starts them with the first link, so that a test without sockets has none
	all  []*loop   // empty if they could not be made: then links are copied
	next atomic.Uint32
}

func newEngine() engine { return new(loops) }

// pick returns a loop, in turn; nil if there are none.
func (e *loops) pick() *loop {
	e.once.Do(func() {
		for range runtime.GOMAXPROCS(0) {
			lp, err := newLoop()
			if err != nil { // out of descriptors
				break
			}
			e.all = append(e.all, lp)
			go lp.run()
		}
	})
	if len(e.all) == 0 {
		return nil
	}
	return e.all[int(e.next.Add(1))%len(e.all)]
}

func (e *loops) link(l *Link, a, b Conn) mover {
	lp := loopOf(a)
	if lp == nil {
		lp = loopOf(b)
	}
	if lp == nil && (isTCP(a) || isTCP(b)) {
		lp = e.pick()
	}
	if lp == nil || !fits(a, lp) || !fits(b, lp) {
		return nil
	}
	f := &flow{lp: lp, l: l}
	for i, c := range [2]Conn{a, b} {
		fd, err := detach(c)
		if err != nil { // closed already, or out of descriptors
			f.abandon(i, b, err)
			return f
		}
		f.end[i] = end{fd: fd, flow: f, writable: true}
	}
	f.start()
	return f
}

func (e *loops) park(c Conn, lost func()) Parked {
	if !isTCP(c) {
		return nil
	}
	lp := e.pick()
	if lp == nil {
		return nil
	}
	fd, err := detach(c)
	if err != nil {
		return nil
	}
	p := &berth{lp: lp, fd: fd, lost: lost}
	lp.addBerth(&end{fd: fd, berth: p})
	return p
}

func (e *loops) close() {
	e.once.Do(func() {})
	for _, lp := range e.all {
		lp.stop()
	}
}

// isTCP reports whether c is a socket that can be detached.
func isTCP(c Conn) bool {
	_, ok := c.(tcpConn)
	return ok
}

// loopOf returns the loop that a socket is bound to already.
func loopOf(c Conn) *loop {
	if p, ok := c.(*berth); ok {
		return p.lp
	}
	return nil
}

// fits reports whether lp can move the bytes of c.
func fits(c Conn, lp *loop) bool { return isTCP(c) || loopOf(c) == lp }

// detach takes the socket away from the runtime's poller, which would wake for
// each of its events too. The result is ours to close.
func detach(c Conn) (fd int, err error) {
	if p, ok := c.(*berth); ok {
		return p.fd, nil
	}
	t := c.(tcpConn)
	raw, err := t.SyscallConn()
	if err != nil {
		return -1, err
	}
	cerr := raw.Control(func(old uintptr) {
		fd, err = unix.FcntlInt(old, unix.F_DUPFD_CLOEXEC, 0)
	})
	if cerr != nil {
		return -1, cerr
	}
	if err != nil {
		return -1, err
	}
	return fd, t.Close() // of this descriptor only: the socket lives on
}
