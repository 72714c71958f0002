// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package tunnel

import (
	"net"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// legOf returns how to ask for the round trip to the other end of a socket; it
// answers 0 where the system does not tell.
func legOf(conn net.Conn) func() time.Duration {
	unknown := func() time.Duration { return 0 }
	s, ok := conn.(syscall.Conn)
	if !ok {
		return unknown
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return unknown
	}
	return func() (rtt time.Duration) {
		_ = raw.Control(func(fd uintptr) { // fails on closed ones only
			if info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO); err == nil {
				rtt = time.Duration(info.Rtt) * time.Microsecond
			}
		})
		return rtt
	}
}
