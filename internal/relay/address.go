// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package relay

import (
	"net"
	"net/netip"

	"github.com/culvertd/culvert/internal/splice"
)

// refusedBlocked counts connections that were reset for their address alone.
const refusedBlocked = "blocked"

// SetBlocked has connections and packets from addresses for which f is true
// be refused; nil lets all in. f is asked often, from any goroutine and with
// locks held: it must be quick.
func (r *Relay) SetBlocked(f func(netip.Addr) bool) {
	if f == nil {
		r.block.Store(nil)
	} else {
		r.block.Store(&f)
	}
}

func (r *Relay) blocked(addr netip.Addr) bool {
	f := r.block.Load()
	return f != nil && (*f)(addr.Unmap())
}

// CloseAddr resets the channels and forgets the UDP addresses of all for whom
// f is true. Channels that have not begun go within a second, because
// SetBlocked refuses them by then.
func (r *Relay) CloseAddr(f func(netip.Addr) bool) {
	r.mu.Lock()
	clients, sessions := values(r.clients), values(r.sessions)
	r.mu.Unlock()
	for _, c := range clients {
		c.closeAddr(f)
		c.udp.binding.unbind(f)
	}
	for _, s := range sessions {
		s.closeAddr(f)
		s.udp.binding.unbind(f)
	}
}

func (c *Client) closeAddr(f func(netip.Addr) bool) {
	c.mu.Lock()
	var gone []*parkedChannel
	kept := make([]*parkedChannel, 0, len(c.parked))
	for _, p := range c.parked {
		if f(p.from) {
			gone = append(gone, p)
		} else {
			kept = append(kept, p)
		}
	}
	c.parked = kept
	c.mu.Unlock()
	for _, p := range gone {
		p.drop(c.relay)
	}
}

func (s *Session) closeAddr(f func(netip.Addr) bool) {
	s.mu.Lock()
	channels := values(s.links)
	s.mu.Unlock()
	for _, c := range channels {
		if f(c.ends[0]) || f(c.ends[1]) {
			c.reset()
		}
	}
}

// unbind forgets the address.
func (b *binding) unbind(f func(netip.Addr) bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if p := b.place.Load(); p != nil && p.inside == nil && f(p.addr.Addr().Unmap()) {
		b.place.Store(nil)
	}
}

// behind is a connection that somebody has passed on for a client elsewhere.
type behind struct {
	splice.Conn
	addr netip.Addr
}

// RemoteAddr implements net.Conn.
func (c behind) RemoteAddr() net.Addr { return net.TCPAddrFromAddrPort(netip.AddrPortFrom(c.addr, 0)) }
