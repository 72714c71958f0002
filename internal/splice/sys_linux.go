// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package splice

import (
	"net/netip"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The calls that never block go past the scheduler, as those of package rawio;
// splice as well, see loop.run.

// accept is told who it is with the socket, and does not ask for its protocol,
// as the library does.
func accept(ln int) (int, netip.Addr, error) {
	var sa unix.RawSockaddrInet6 // room for either family
	size := uint32(unix.SizeofSockaddrInet6)
	fd, _, errno := unix.RawSyscall6(unix.SYS_ACCEPT4, uintptr(ln), uintptr(unsafe.Pointer(&sa)),
		uintptr(unsafe.Pointer(&size)), unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0, 0)
	if errno != 0 {
		return -1, netip.Addr{}, errno
	}
	switch sa.Family {
	case unix.AF_INET:
		return int(fd), netip.AddrFrom4((*unix.RawSockaddrInet4)(unsafe.Pointer(&sa)).Addr), nil
	case unix.AF_INET6:
		return int(fd), netip.AddrFrom16(sa.Addr).Unmap(), nil
	}
	return int(fd), netip.Addr{}, nil
}

// epollWait does not wait; it returns no events on any failure.
func epollWait(ep int, events []unix.EpollEvent) int {
	n, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(ep), uintptr(unsafe.Pointer(unsafe.SliceData(events))),
		uintptr(len(events)), 0, 0, 0)
	if errno != 0 {
		return 0
	}
	return int(n)
}

// shutdown sends a FIN.
func shutdown(fd int) error {
	_, _, errno := unix.RawSyscall(unix.SYS_SHUTDOWN, uintptr(fd), unix.SHUT_WR, 0)
	switch errno {
	case 0:
		return nil
	case unix.ENOTCONN:
		return unix.ECONNRESET
	default:
		return errno
	}
}

// closeSocket does not wait, since no socket of ours lingers for a time.
func closeSocket(fd int) { _, _, _ = unix.RawSyscall(unix.SYS_CLOSE, uintptr(fd), 0, 0) }

// socketError returns why a socket has failed, which it says once.
func socketError(fd int) error {
	n, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR)
	if err != nil || n == 0 {
		return unix.ECONNRESET
	}
	return syscall.Errno(n)
}

// linger makes a close, the kernel's at the end of the process too, a RST, or
// a FIN again.
func linger(fd int, reset bool) {
	var l unix.Linger
	if reset {
		l.Onoff = 1
	}
	_, _, _ = unix.RawSyscall6(unix.SYS_SETSOCKOPT, uintptr(fd), unix.SOL_SOCKET, unix.SO_LINGER,
		uintptr(unsafe.Pointer(&l)), unsafe.Sizeof(l), 0)
}

func closeReset(fd int) {
	linger(fd, true)
	closeSocket(fd)
}
