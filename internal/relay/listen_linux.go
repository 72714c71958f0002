// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package relay

import (
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// inheritKeepAlive has ln's connections inherit their probes, which saves
// system calls for each, and reports whether it could. Clients probe sooner,
// each at a time of its own, so these are for clients that have vanished; they
// cannot be in step unless thousands vanish together.
func inheritKeepAlive(ln net.Listener) bool {
	t, ok := ln.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := t.SyscallConn()
	if err != nil {
		return false
	}
	cerr := raw.Control(func(fd uintptr) {
		for _, o := range [][3]int{
			{unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1},
			{unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, int(keepAliveIdle.Seconds())},
			{unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, int(keepAliveInterval.Seconds())},
		} {
			if err == nil {
				err = unix.SetsockoptInt(int(fd), o[0], o[1], o[2])
			}
		}
	})
	return cerr == nil && err == nil
}
