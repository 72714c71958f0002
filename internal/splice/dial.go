// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package splice

import (
	"net"
	"net/netip"
	"time"
)

// DialOptions of Mover.Dial.
type DialOptions struct {
	// Timeout must be more than 0.
	Timeout time.Duration
	// KeepAlive is how long the connection is silent before it is probed; 0 is
	// never.
	KeepAlive time.Duration
}

// Dial connects to a TCP address without a goroutine and without the runtime's
// poller, which are half of what a dial costs. done is called once, perhaps
// before Dial returns, from a goroutine that must not be kept; what it is given
// can be written to a little, and is for Link, Park, Expect or Plain, or to be
// reset. Where there is no such way Dial returns false, and calls nothing.
func (m *Mover) Dial(to netip.AddrPort, o DialOptions, done func(Conn, error)) bool {
	m.mu.Lock()
	closed := m.closed
	if !closed {
		m.tasks.Add(1)
	}
	m.mu.Unlock()
	if closed {
		done(nil, net.ErrClosed)
		return true
	}
	if !m.fast.dial(to, o, func(c Conn, err error) {
		done(c, err)
		m.tasks.Done()
	}) {
		m.tasks.Done()
		return false
	}
	m.mu.Lock()
	closed = m.closed
	m.mu.Unlock()
	if closed { // between the two, so that Close may have missed it
		m.fast.dismiss(false)
	}
	return true
}
