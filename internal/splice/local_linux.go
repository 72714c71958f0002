// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package splice

import (
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// paces reports whether the machine's connections are paced by timers, as BBR's
// are. Between two programs of one machine, an application and its tunnel or a
// tunnel and its service, there is nothing to pace for, and the timers cost more
// than all the rest (docs/decisions/0006).
var paces = sync.OnceValue(func() bool {
	b, err := os.ReadFile("/proc/sys/net/ipv4/tcp_congestion_control")
	name := strings.TrimSpace(string(b))
	return err == nil && name != "cubic" && name != "reno"
})

// unpace has a socket that never leaves the machine not be paced. It must not be
// connected yet: a connection that has begun to pace goes on. What a listener
// accepts inherits it.
func unpace(fd int, addr netip.Addr) {
	if addr.IsLoopback() && paces() {
		_ = unix.SetsockoptString(fd, unix.IPPROTO_TCP, unix.TCP_CONGESTION, "reno") // which all kernels have
	}
}

// tuneListener sets what its connections are to inherit.
func tuneListener(fd int, addr net.Addr) {
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	if a, ok := addr.(*net.TCPAddr); ok {
		unpace(fd, a.AddrPort().Addr().Unmap())
	}
}
