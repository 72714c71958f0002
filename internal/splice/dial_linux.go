// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package splice

import (
	"encoding/binary"
	"net"
	"net/netip"
	"os"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// call is a dial that a loop waits for.
type call struct {
	p     *berth
	done  func(Conn, error)
	timer *time.Timer
	over  atomic.Bool // whoever sets it calls done, and has the socket
}

func (e *loops) dial(to netip.AddrPort, o DialOptions, done func(Conn, error)) bool {
	lp := e.pick()
	if lp == nil || to.Addr().Zone() != "" {
		return false
	}
	fd, err := connect(to, o.KeepAlive)
	if err != nil && err != unix.EINPROGRESS { //nolint:errorlint // it comes from the system call
		done(nil, os.NewSyscallError("connect", err))
		return true
	}
	p := &berth{fd: fd, from: to.Addr().Unmap()}
	p.state.Store(berthTaken)
	if err == nil {
		done(p, nil)
		return true
	}
	p.lp = lp
	c := &call{p: p, done: done}
	c.timer = time.AfterFunc(o.Timeout, func() { c.end(os.ErrDeadlineExceeded) })
	lp.addBerth(&end{fd: fd, berth: p, call: c}, dialEvents)
	return true
}

// connect begins to connect a new socket; EINPROGRESS says that it is not done.
func connect(to netip.AddrPort, keepAlive time.Duration) (fd int, err error) {
	to = netip.AddrPortFrom(to.Addr().Unmap(), to.Port())
	family := unix.AF_INET6
	if to.Addr().Is4() {
		family = unix.AF_INET
	}
	fd, err = unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.IPPROTO_TCP)
	if err != nil {
		return -1, err
	}
	// None of these fails on a new socket, and all are only for the better.
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	unpace(fd, to.Addr())
	if keepAlive > 0 {
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1)
		_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, int(keepAlive/time.Second))
	}
	errno := connectRaw(fd, to)
	if errno == unix.EINPROGRESS {
		// On this machine it is done within the call, which does not say so.
		if again := connectRaw(fd, to); again != unix.EALREADY {
			errno = again
		}
	}
	switch errno {
	case 0:
		return fd, nil
	case unix.EINPROGRESS:
		return fd, errno
	default:
		closeSocket(fd)
		return -1, errno
	}
}

func connectRaw(fd int, to netip.AddrPort) unix.Errno {
	var addr unsafe.Pointer
	var size uintptr
	port := [2]byte{byte(to.Port() >> 8), byte(to.Port())}
	if to.Addr().Is4() {
		sa := unix.RawSockaddrInet4{Family: unix.AF_INET, Addr: to.Addr().As4()}
		sa.Port = binary.NativeEndian.Uint16(port[:])
		addr, size = unsafe.Pointer(&sa), unsafe.Sizeof(sa)
	} else {
		sa := unix.RawSockaddrInet6{Family: unix.AF_INET6, Addr: to.Addr().As16()}
		sa.Port = binary.NativeEndian.Uint16(port[:])
		addr, size = unsafe.Pointer(&sa), unsafe.Sizeof(sa)
	}
	_, _, errno := unix.RawSyscall(unix.SYS_CONNECT, uintptr(fd), uintptr(addr), size)
	return errno
}

// finish is called by the loop when the socket is connected, or has failed.
func (c *call) finish() {
	if !c.over.CompareAndSwap(false, true) {
		return
	}
	c.timer.Stop()
	n, err := unix.GetsockoptInt(c.p.fd, unix.SOL_SOCKET, unix.SO_ERROR)
	if err == nil && n != 0 {
		err = unix.Errno(n)
	}
	if err != nil {
		_ = c.p.Reset()
		c.done(nil, os.NewSyscallError("connect", err))
		return
	}
	c.done(c.p, nil)
}

// end gives up.
func (c *call) end(err error) {
	if !c.over.CompareAndSwap(false, true) {
		return
	}
	_ = c.p.Reset()
	c.done(nil, &net.OpError{Op: "dial", Net: "tcp", Err: err})
}

// hangUp ends all dials of a loop.
func (lp *loop) hangUp() {
	lp.mu.Lock()
	var calls []*call
	for _, e := range lp.ends {
		if e.call != nil {
			calls = append(calls, e.call)
		}
	}
	lp.mu.Unlock()
	for _, c := range calls {
		c.timer.Stop()
		c.end(net.ErrClosed)
	}
}
