// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package splice

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/culvertd/culvert/internal/rawio"
)

// listener is a listening socket twice: net's has no way to wait on it, the
// file has.
type listener struct {
	*net.TCPListener
	file *os.File
	raw  syscall.RawConn
}

// Listener returns a listener in the place of ln from which Mover.Listen can
// accept in the fast way; ln itself where there is none.
func Listener(ln net.Listener) net.Listener {
	t, ok := ln.(*net.TCPListener)
	if !ok {
		return ln
	}
	f, err := t.File()
	if err != nil {
		return ln
	}
	raw, err := f.SyscallConn()
	if err != nil {
		_ = f.Close()
		return ln
	}
	_ = raw.Control(func(fd uintptr) { tuneListener(int(fd), t.Addr()) })
	return &listener{TCPListener: t, file: f, raw: raw}
}

// Close implements net.Listener.
func (l *listener) Close() error {
	err := l.file.Close() // wakes who waits
	return errors.Join(err, l.TCPListener.Close())
}

// listen accepts sockets without the runtime's poller ever hearing of them,
// which saves most of what a new connection costs.
func (e *loops) listen(ln net.Listener, f func(Conn) Guest, failed func(error)) bool {
	t, ok := ln.(*listener)
	if !ok || e.pick() == nil {
		return false
	}
	var (
		fd   int
		from netip.Addr
		aerr error
	)
	next := func(l uintptr) bool {
		fd, from, aerr = accept(int(l))
		return !errors.Is(aerr, unix.EAGAIN)
	}
	for {
		err := t.raw.Read(next)
		switch {
		case err != nil:
			return true // closed
		case errors.Is(aerr, unix.EINTR), errors.Is(aerr, unix.ECONNABORTED):
			continue
		case aerr != nil:
			failed(os.NewSyscallError("accept4", aerr))
			continue
		}
		p := &berth{fd: fd, from: from}
		p.state.Store(berthTaken)
		if g := f(p); g != nil {
			p.lp = e.pick()
			p.lp.addGuest(&end{fd: fd, berth: p, guest: g})
		}
	}
}

// greet reads for the guests that have something to say, and tells of dials.
func (lp *loop) greet() {
	for i, e := range lp.lobby {
		lp.lobby[i] = nil
		if c := e.call; c != nil {
			e.call = nil
			c.finish()
			continue
		}
		lp.hear(e)
	}
	lp.lobby = lp.lobby[:0]
}

// hear reads for one guest until it has left, or there is no more.
func (lp *loop) hear(e *end) {
	for e.guest != nil {
		n, err := rawio.Read(e.fd, lp.buf[:guestRead])
		switch {
		case err == unix.EAGAIN: //nolint:errorlint // it comes from the system call
			e.readable = false
			return
		case err != nil || n == 0:
			lp.leave(e)
		default:
			g := e.guest
			e.guest = nil // Read may link or close the socket
			e.readable = n == guestRead || e.hup
			if g.Read(lp.buf[:n]) {
				e.guest = g
			}
			if !e.readable {
				return // the next byte is a new event
			}
		}
	}
}

// leave resets a guest's socket.
func (lp *loop) leave(e *end) {
	g := e.guest
	e.guest = nil
	_ = e.berth.Reset()
	g.Gone()
}

// sendAway resets the guests for which f is true.
func (lp *loop) sendAway(f func(Guest) bool) {
	lp.mu.Lock()
	var guests []*end
	for _, e := range lp.ends {
		if e.guest != nil {
			guests = append(guests, e)
		}
	}
	lp.mu.Unlock()
	for _, e := range guests {
		if e.guest != nil && f(e.guest) {
			lp.leave(e)
		}
	}
}
