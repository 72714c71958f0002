// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"net"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// setUserTimeout bounds how long the other end of a TCP connection may leave bytes
// unconfirmed (RFC 5482). Keepalive does not look while there are any.
func setUserTimeout(conn net.Conn, d time.Duration) {
	if m, ok := conn.(*metered); ok {
		conn = m.Conn
	}
	s, ok := conn.(syscall.Conn)
	if !ok {
		return
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) { // fails on closed ones only
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(d.Milliseconds())) // best effort
	})
}
