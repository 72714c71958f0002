// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package hub

import (
	"errors"
	"net"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// errAgain means that the socket has no room at the moment.
var errAgain = errors.New("socket buffer full")

// sysWriter writes to sockets without blocking, with one system call for many
// buffers. It keeps what the call needs, so that a write allocates nothing.
type sysWriter struct {
	one  []byte // the only buffer; nil: see iov
	iov  [maxPieces]unix.Iovec
	msg  unix.Msghdr
	size int
	n    int
	err  error
	ctl  func(fd uintptr)
}

func newTurn() *turn {
	t := &turn{}
	s := &t.sys
	s.ctl = func(fd uintptr) { s.send(fd) }
	return t
}

// write sends at most maxTurn bytes of bufs inside RawConn.Control, which
// keeps the descriptor from being closed and used again under our hands.
func (s *sysWriter) write(raw syscall.RawConn, bufs [][]byte) (int, error) {
	s.load(bufs)
	defer s.unload()
	if err := raw.Control(s.ctl); err != nil {
		return 0, err
	}
	return s.n, s.err
}

// writeFD is write for a caller that holds the descriptor.
func (s *sysWriter) writeFD(fd uintptr, bufs [][]byte) (int, error) {
	s.load(bufs)
	defer s.unload()
	s.send(fd)
	return s.n, s.err
}

func (s *sysWriter) load(bufs [][]byte) {
	if len(bufs) == 1 {
		s.one = bufs[0][:min(len(bufs[0]), maxTurn)]
		s.size = len(s.one)
		return
	}
	s.size = 0
	k := 0
	for _, b := range bufs {
		b = b[:min(len(b), maxTurn-s.size)]
		if len(b) == 0 {
			break
		}
		s.iov[k].Base = &b[0]
		s.iov[k].SetLen(len(b))
		s.size += len(b)
		k++
	}
	s.msg.Iov = &s.iov[0]
	s.msg.SetIovlen(k)
}

// unload lets go of the buffers, which are chunks of logs.
func (s *sysWriter) unload() {
	s.one = nil
	for i := range s.iov {
		if s.iov[i].Base == nil {
			break
		}
		s.iov[i].Base = nil
	}
}

// send never blocks, so for short writes the scheduler need not hear of it:
// that saves handing over the P, a fifth of the cost of a small write. A long
// one copies for tens of microseconds and lets others run.
func (s *sysWriter) send(fd uintptr) {
	const flags = unix.MSG_DONTWAIT | unix.MSG_NOSIGNAL
	const long = 32 << 10
	var n uintptr
	errno := unix.EINTR
	for errno == unix.EINTR {
		switch {
		case s.one != nil && s.size <= long: // a message header less to read for the kernel
			n, _, errno = unix.RawSyscall6(unix.SYS_SENDTO, fd, uintptr(unsafe.Pointer(&s.one[0])), uintptr(s.size), flags, 0, 0)
		case s.one != nil:
			n, _, errno = unix.Syscall6(unix.SYS_SENDTO, fd, uintptr(unsafe.Pointer(&s.one[0])), uintptr(s.size), flags, 0, 0)
		case s.size <= long:
			n, _, errno = unix.RawSyscall(unix.SYS_SENDMSG, fd, uintptr(unsafe.Pointer(&s.msg)), flags)
		default:
			n, _, errno = unix.Syscall(unix.SYS_SENDMSG, fd, uintptr(unsafe.Pointer(&s.msg)), flags)
		}
	}
	switch errno {
	case 0:
		s.n, s.err = int(n), nil
	case unix.EAGAIN:
		s.n, s.err = 0, errAgain
	default:
		s.n, s.err = 0, errno
	}
}

// rawConn prepares a connection for raw writes, if it is a bare TCP socket
// (rules H6), and else returns nil.
func rawConn(nc net.Conn) syscall.RawConn {
	tc, ok := nc.(*net.TCPConn)
	if !ok {
		return nil
	}
	raw, err := tc.SyscallConn()
	if err != nil {
		return nil
	}
	return raw
}

// notSentLowat is how much unsent data the kernel holds for one receiver; the
// default would be 4 MiB (rules H7).
const notSentLowat = 128 << 10

// tune sets the socket options of a connection of the hub. Failures are of no
// consequence but speed.
func tune(nc net.Conn) {
	tc := tcpConn(nc)
	if tc == nil {
		return
	}
	_ = tc.SetNoDelay(true)
	// The hub's pings do it, spread in time; the kernel's probes go out in
	// step for all connections of a burst, and drop packets.
	_ = tc.SetKeepAlive(false)
	if raw, err := tc.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) {
			_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT, notSentLowat)
		})
	}
}

// descriptors returns how many descriptors are in use, and the process's limit.
func descriptors() (used, limit int, ok bool) {
	var r unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &r) != nil {
		return 0, 0, false
	}
	limit = int(min(r.Cur, 1<<30))
	// Since Linux 6.2 the size of this folder is their number.
	var st unix.Stat_t
	if unix.Stat("/proc/self/fd", &st) == nil && st.Size > 0 {
		return int(st.Size), limit, true
	}
	// Before, the lowest free number, which the next one gets, is a lower bound.
	fd, err := unix.Open("/dev/null", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return limit, limit, errors.Is(err, unix.EMFILE) || errors.Is(err, unix.ENFILE)
	}
	_ = unix.Close(fd)
	return fd, limit, true
}

// sysRead reads from a non-blocking socket.
func sysRead(fd uintptr, b []byte) (int, error) { return unix.Read(int(fd), b) }
