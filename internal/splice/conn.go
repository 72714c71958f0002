// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package splice

import (
	"net"
	"net/netip"
)

// Peer returns the address at the other end of c; the zero address if it has
// none. It is unmapped, as Caddy's are.
func Peer(c Conn) netip.Addr {
	if p, ok := c.(interface{ peer() netip.Addr }); ok {
		return p.peer()
	}
	if a, ok := c.RemoteAddr().(*net.TCPAddr); ok {
		return a.AddrPort().Addr().Unmap().WithZone("")
	}
	return netip.Addr{}
}

// HungUp reports whether c is known to be broken off, without reading from it: it
// has been reset, or closed both ways. A FIN alone does not count, and where the
// system or the kind of connection cannot tell it is false.
func HungUp(c Conn) bool {
	h, ok := c.(interface{ HungUp() bool })
	return ok && h.HungUp()
}

// TCP makes a Conn of a TCP connection. Links between two of these take the
// fast way where the system has one.
func TCP(c *net.TCPConn) Conn { return tcpConn{c} }

type tcpConn struct{ *net.TCPConn }

// Reset sends a RST: whatever was not acknowledged is lost, and the peer knows.
func (c tcpConn) Reset() error {
	_ = c.SetLinger(0) // fails on closed sockets only
	return c.Close()
}

// Unix makes a Conn of a unix stream socket, which has no RST: to its peer a
// reset looks like a close. Bytes that it has not read are dropped.
func Unix(c *net.UnixConn) Conn { return unixConn{c} }

type unixConn struct{ *net.UnixConn }

func (c unixConn) Reset() error { return c.Close() }
