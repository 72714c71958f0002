// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/culvertd/culvert/internal/splice"
)

const (
	// shortcutAge is how long an address that has answered is used without
	// asking for its name, or for a proxy, again.
	shortcutAge = time.Minute
	// shortcutPatience is less than relayPatience, since a dial of the long
	// kind follows.
	shortcutPatience = time.Second
)

// shortcut is the relay's address, where neither a proxy nor a dialer of the
// caller's stands in between. Dials to it cost no goroutine: a burst of them is
// one of the few things that make a client busy.
type shortcut struct {
	mu    sync.Mutex // guards the fields below
	relay string     // host:port
	addr  netip.AddrPort
	until time.Time
}

// learn notes that a dial of relay has ended at addr.
func (s *shortcut) learn(relay string, addr net.Addr) {
	a, ok := addr.(*net.TCPAddr)
	if !ok {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.relay, s.addr, s.until = relay, a.AddrPort(), time.Now().Add(shortcutAge)
}

func (s *shortcut) find(relay string) (netip.AddrPort, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.addr, s.relay == relay && time.Now().Before(s.until)
}

func (s *shortcut) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.until = time.Time{}
}

// openSpare opens a channel for which nobody waits. use is called once, perhaps
// before openSpare returns, from a goroutine that must not be kept.
func (c *Client) openSpare(o opening, use func(channel, error)) {
	addr, ok := c.shortcut.find(o.relay)
	if !ok || !c.way.straight() || !c.mover.Dial(addr, splice.DialOptions{
		Timeout: shortcutPatience, KeepAlive: keepAliveIdle(addr.Addr()),
	}, func(conn splice.Conn, err error) {
		if err != nil {
			c.shortcut.forget()
			c.openSlowly(o, use)
			return
		}
		c.way.works(false)
		use(o.begin(conn, Relay))
	}) {
		c.openSlowly(o, use)
	}
}

// openSlowly has a goroutine find the way.
func (c *Client) openSlowly(o opening, use func(channel, error)) {
	if !c.spawn(func(ctx context.Context) { use(c.openChannel(ctx, o)) }) {
		use(channel{}, errStopped)
	}
}
