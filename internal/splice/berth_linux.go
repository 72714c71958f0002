// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package splice

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/culvertd/culvert/internal/rawio"
)

// berth is a TCP socket in a loop that is not part of a link: one that has not
// said what it wants, or is parked. It is a Conn for Link, Park, or to be reset;
// Plain makes an ordinary one of it for everything else.
type berth struct {
	lp    *loop // nil: in none yet
	fd    int
	from  netip.Addr // its peer
	lost  func()
	guest Guest // that is expected
	state atomic.Int32
}

const (
	berthParked int32 = iota
	berthTaken
	berthLost
)

var errParked = errors.New("a parked connection is for Link alone")

// Take implements Parked.
func (p *berth) Take() (Conn, bool) {
	return p, p.state.CompareAndSwap(berthParked, berthTaken)
}

// Near implements Parked.
func (p *berth) Near(c Conn) bool {
	lp := loopOf(c)
	return lp == nil || lp == p.lp
}

// Reset implements Conn.
func (p *berth) Reset() error {
	p.leave()
	closeReset(p.fd)
	return nil
}

// Close implements Conn.
func (p *berth) Close() error {
	p.leave()
	closeSocket(p.fd)
	return nil
}

// leave forgets the socket, which the caller is about to close.
func (p *berth) leave() {
	if p.lp != nil {
		p.lp.remove(p.fd)
	}
}

// plain gives the socket back to the runtime's poller.
func (p *berth) plain() (Conn, error) {
	if p.lp != nil {
		p.lp.unwatch(p.fd)
	}
	f := os.NewFile(uintptr(p.fd), "parked")
	defer f.Close()
	c, err := net.FileConn(f)
	if err != nil {
		linger(p.fd, true)
		return nil, err
	}
	return tcpConn{c.(*net.TCPConn)}, nil
}

// Write implements Conn for the few bytes that begin a connection, which the
// kernel takes at once.
func (p *berth) Write(b []byte) (int, error) {
	n, err := rawio.Send(p.fd, b)
	if err == nil && n < len(b) {
		err = io.ErrShortWrite
	}
	return n, err
}

func (p *berth) peer() netip.Addr { return p.from }

// HungUp is for splice.HungUp. The loop has seen the event as well and keeps
// nothing of it.
func (p *berth) HungUp() bool {
	fds := []unix.PollFd{{Fd: int32(p.fd)}}
	n, err := unix.Poll(fds, 0)
	return err == nil && n > 0 && fds[0].Revents&(unix.POLLERR|unix.POLLHUP) != 0
}

// The rest of Conn is for plain ones, but for deadlines: a berth waits for
// nothing.
func (p *berth) Read([]byte) (int, error)         { return 0, errParked }
func (p *berth) CloseWrite() error                { return errParked }
func (p *berth) LocalAddr() net.Addr              { return nil }
func (p *berth) RemoteAddr() net.Addr             { return nil }
func (p *berth) SetDeadline(time.Time) error      { return nil }
func (p *berth) SetReadDeadline(time.Time) error  { return nil }
func (p *berth) SetWriteDeadline(time.Time) error { return nil }
