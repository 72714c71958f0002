// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package tunnel

import (
	"net"
	"syscall"
)

// readReady reads into b what has come already. It does not wait, because many
// servers speak first.
func readReady(c net.Conn, b []byte) int {
	sc, ok := c.(syscall.Conn)
	if !ok {
		return 0
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return 0
	}
	n := 0
	_ = raw.Read(func(fd uintptr) bool { // its error is that of the next read
		n, _ = syscall.Read(int(fd), b)
		return true
	})
	return max(n, 0)
}
