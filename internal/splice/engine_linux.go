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
	if !isTCP(a) || !isTCP(b) {
		return nil
	}
	// Where b is: in the relay that is the parked one, whose place is spread.
	lp := loopOf(b)
	if lp == nil {
		lp = loopOf(a)
	}
	if lp == nil {
		lp = e.pick()
	}
	if lp == nil {
		return nil
	}
	f := &flow{lp: lp, l: l}
	for i, c := range [2]Conn{a, b} {
		fd, err := detach(c, lp)
		if err != nil { // closed already, or out of descriptors
			f.abandon(i, b, err)
			return f
		}
		f.end[i] = end{fd: fd, flow: f, writable: true}
		lp.recall(&f.end[i])
	}
	f.start()
	return f
}

func (e *loops) park(c Conn, f func(Conn) (Guest, func())) Parked {
	p, err := e.berth(c)
	if p == nil || err != nil {
		return nil
	}
	p.guest, p.lost = f(p)
	p.state.Store(berthParked)
	p.lp.addBerth(&end{fd: p.fd, berth: p}, readEvents)
	return p
}

// berth returns the raw socket of c, in some loop; nil if it cannot have one.
func (e *loops) berth(c Conn) (*berth, error) {
	if p, ok := c.(*berth); ok && p.lp != nil {
		return p, nil
	}
	if !isTCP(c) {
		return nil, nil
	}
	lp := e.pick()
	if lp == nil {
		return nil, nil
	}
	from := Peer(c) // which it forgets when it is detached
	fd, err := detach(c, lp)
	if err != nil {
		return nil, err
	}
	if p, ok := c.(*berth); ok {
		return p, nil
	}
	p := &berth{lp: lp, fd: fd, from: from}
	p.state.Store(berthTaken)
	return p, nil
}

func (e *loops) close() {
	e.once.Do(func() {})
	for _, lp := range e.all {
		lp.stop()
	}
}

func (e *loops) dismiss(settled bool) {
	e.once.Do(func() {})
	for _, lp := range e.all {
		n := note{dismiss: true}
		if settled {
			n.done = make(chan struct{})
		}
		lp.post(n)
		if settled {
			<-n.done
		}
	}
}

// isTCP reports whether c is a socket that a loop can have.
func isTCP(c Conn) bool {
	switch c.(type) {
	case tcpConn, *berth:
		return true
	}
	return false
}

// loopOf returns the loop that a socket is bound to already.
func loopOf(c Conn) *loop {
	if p, ok := c.(*berth); ok {
		return p.lp
	}
	return nil
}

// detach takes the socket away from where it is: from another loop, or from
// the runtime's poller, which would wake for each of its events too. The
// result is lp's to close.
func detach(c Conn, lp *loop) (fd int, err error) {
	if p, ok := c.(*berth); ok {
		if p.lp != lp {
			if p.lp != nil {
				p.lp.unwatch(p.fd)
			}
			p.lp = lp
		}
		return p.fd, nil
	}
	t := c.(tcpConn) //nolint:forcetypeassert // isTCP said so
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
