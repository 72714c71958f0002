// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package splice

import (
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
)

// Mover moves the bytes of its links, which end with it.
type Mover struct {
	fast engine

	mu     sync.Mutex // guards the fields below
	links  map[*Link]struct{}
	guests map[Conn]struct{} // that the engine has not taken
	closed bool
	tasks  sync.WaitGroup // one per link, per dial, and per guest of guests
}

// engine is the fast way between two TCP sockets, if the system has one.
type engine interface {
	// link takes over both sockets, or returns nil and leaves them alone.
	link(l *Link, a, b Conn) mover
	// park takes over a socket that waits, or returns nil and leaves it alone.
	// What the peer says is for the guest; without one it makes the socket
	// lost.
	park(c Conn, f func(Conn) (g Guest, lost func())) Parked
	// dial connects, or returns false and calls nothing.
	dial(to netip.AddrPort, o DialOptions, done func(Conn, error)) bool
	// listen accepts sockets until ln is closed, or returns false at once.
	listen(ln net.Listener, f func(Conn) Guest, failed func(error)) bool
	// dismiss ends all guests and dials; settled waits until it is done.
	dismiss(settled bool)
	close()
}

// mover is what moves a link's bytes.
type mover interface {
	// reset has the link end with err, as soon as possible.
	reset(err error)
}

// Link is a pair of connections under way. Both belong to it.
type Link struct {
	mover *Mover
	opt   Options
	impl  mover
	moved [2]atomic.Uint64
	ended bool // guarded by mover.mu
}

// New returns a mover.
func New() *Mover {
	return newMover(newEngine())
}

func newMover(e engine) *Mover {
	return &Mover{fast: e, links: make(map[*Link]struct{}), guests: make(map[Conn]struct{})}
}

// Link joins a and b, which must not be used by the caller any more, and
// returns at once. Their deadlines are off from then on.
func (m *Mover) Link(a, b Conn, o Options) *Link {
	for d := range o.First {
		o.First[d] = append([]byte(nil), o.First[d]...)
		o.Lead[d] = append([]byte(nil), o.Lead[d]...)
	}
	l := &Link{mover: m, opt: o}
	m.tasks.Add(1)
	if l.impl = m.fast.link(l, a, b); l.impl == nil {
		l.impl = startCopy(l, a, b)
	}
	m.mu.Lock()
	closed := m.closed
	if !l.ended {
		m.links[l] = struct{}{}
	}
	m.mu.Unlock()
	if closed {
		l.Reset()
	}
	return l
}

// Close resets all links, guests and dials and waits for their end. No link may
// be made after.
func (m *Mover) Close() {
	m.mu.Lock()
	m.closed = true
	m.mu.Unlock()
	m.dismiss(true)
	m.mu.Lock()
	links := make([]*Link, 0, len(m.links))
	for l := range m.links {
		links = append(links, l)
	}
	m.mu.Unlock()
	for _, l := range links {
		l.Reset()
	}
	m.tasks.Wait()
	m.fast.close()
}

// Stats returns how many bytes have been taken by B's and by A's socket.
func (l *Link) Stats() (forward, backward uint64) {
	return l.moved[Forward].Load(), l.moved[Backward].Load()
}

// Reset resets both connections. It does not wait; see Options.Done.
func (l *Link) Reset() { l.impl.reset(ErrReset) }

// took counts n bytes that a socket has taken. Each direction is called by one
// goroutine at a time.
func (l *Link) took(n, direction int) {
	own := min(n, l.opt.Own[direction])
	l.opt.Own[direction] -= own
	if n -= own; n == 0 {
		return
	}
	l.moved[direction].Add(uint64(n))
	if l.opt.Meter != nil {
		l.opt.Meter.Moved(n, direction)
	}
}

// end is called once by whatever moves the link, when both are closed.
func (l *Link) end(err error) {
	if l.opt.Done != nil {
		l.opt.Done(err)
	}
	l.mover.mu.Lock()
	l.ended = true
	delete(l.mover.links, l)
	l.mover.mu.Unlock()
	l.mover.tasks.Done()
}
