// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package datagram

import (
	"errors"
	"net"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// memDrops is the place of SK_MEMINFO_DROPS.
const memDrops = 8

// system moves packets with recvmmsg and sendmmsg.
type system struct {
	raw  syscall.RawConn
	six  bool // an IPv6 socket, which may carry IPv4 too
	pc   *net.UDPConn
	wait time.Duration
	name bool        // messages need a destination
	gso  atomic.Bool // off when the kernel or a driver has refused a train
	rd   reader

	waited atomic.Int64 // when Send did last, in Unix nanoseconds
}

// newSystem returns nil if the socket gives no access to its descriptor.
func newSystem(pc *net.UDPConn, o Options, trains bool) *system {
	raw, err := pc.SyscallConn()
	if err != nil {
		return nil
	}
	s := &system{raw: raw, pc: pc, wait: o.Wait, name: pc.RemoteAddr() == nil}
	s.rd.init()
	ok := false
	err = raw.Control(func(fd uintptr) {
		sa, err := unix.Getsockname(int(fd))
		if err != nil {
			return
		}
		_, s.six = sa.(*unix.SockaddrInet6)
		ok = true
		if o.Buffer > 0 { // past net.core.rmem_max, if we may
			_ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, o.Buffer)
			_ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_SNDBUFFORCE, o.Buffer)
		}
		if trains {
			_, err := unix.GetsockoptInt(int(fd), unix.SOL_UDP, unix.UDP_SEGMENT)
			s.gso.Store(err == nil)
			// Since Linux 5.0; without it trains come in as packets.
			_ = unix.SetsockoptInt(int(fd), unix.SOL_UDP, unix.UDP_GRO, 1)
		}
	})
	if err != nil || !ok {
		return nil
	}
	return s
}

// mayWait reports whether a full socket is to be waited for, and has the
// wait end in time.
func (s *system) mayWait() bool {
	if s.wait == 0 {
		return false
	}
	now := time.Now()
	last := s.waited.Load()
	if now.Sub(time.Unix(0, last)) < 10*s.wait || !s.waited.CompareAndSwap(last, now.UnixNano()) {
		return false
	}
	return s.pc.SetWriteDeadline(now.Add(s.wait)) == nil
}

func (s *system) trains() bool { return s.gso.Load() }

// overflow asks the socket for its count of drops.
func (s *system) overflow() (dropped uint64) {
	_ = s.raw.Control(func(fd uintptr) {
		var info [16]uint32
		size := uint32(unsafe.Sizeof(info))
		_, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, fd, unix.SOL_SOCKET, unix.SO_MEMINFO,
			uintptr(unsafe.Pointer(&info)), uintptr(unsafe.Pointer(&size)), 0)
		if errno == 0 && size > 4*memDrops {
			dropped = uint64(info[memDrops])
		}
	})
	return dropped
}

// finalErrno: a socket that is none, or arguments that can never be right.
func finalErrno(err error) bool {
	for _, e := range []unix.Errno{unix.EBADF, unix.ENOTSOCK, unix.EINVAL, unix.EFAULT, unix.ENOTCONN} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}
