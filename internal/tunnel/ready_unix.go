// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package tunnel

import (
	"net"
	"syscall"
)

// readReady returns at most limit bytes that have come already. It does not
// wait, because many servers speak first.
func readReady(c net.Conn, limit int) []byte {
	sc, ok := c.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return nil
	}
	buf := make([]byte, min(limit, 4<<10))
	n := 0
	_ = raw.Read(func(fd uintptr) bool { // its error is that of the next read
		n, _ = syscall.Read(int(fd), buf)
		return true
	})
	return buf[:max(n, 0)]
}
