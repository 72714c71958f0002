// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package relay

import (
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/culvertd/culvert/internal/splice"
	"github.com/culvertd/culvert/internal/wire"
)

// maxParked bounds what one client may park: over it the oldest goes, which is
// the likeliest to be dead without our knowing. maxWaiting bounds how many
// visitors may wait for it at once.
const (
	maxParked  = 256
	maxWaiting = 4096
)

// renewAge is how old channels are that a client gives up when it registers
// again; it may have opened others when it noticed that its network is another.
const renewAge = time.Second

// sameAge is how much older a channel may be than the youngest and still be as
// good.
const sameAge = time.Second

// openTimeout is how long a visitor's channel waits for a provider's.
const openTimeout = 10 * time.Second

// Client is who parks channels, or visits.
type Client struct {
	relay  *Relay
	name   string
	key    wire.Key
	replay replay
	rate   bucket // of all sessions that it has part in
	udp    udpClient

	mu      sync.Mutex       // guards the fields below; inside nothing
	parked  []*parkedChannel // oldest first; taken from the end (rules R2)
	waiting []*waiter        // first come first served
	closed  bool
}

// waiter is a visitor's channel for which no provider's is there.
type waiter struct {
	visitor splice.Conn
	given   chan splice.Conn // has room for one; closed if there will be none
}

// parkedChannel is one that waits at the relay.
type parkedChannel struct {
	splice.Parked
	since time.Time
	from  netip.Addr
}

// Name returns the name it was added with.
func (c *Client) Name() string { return c.name }

// Parked returns how many channels wait.
func (c *Client) Parked() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.parked)
}

// Close forgets the client's key and resets its parked channels. Channels that
// are in use go on (rules R9). Repeating it does nothing.
func (c *Client) Close() {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return
	}
	c.closed = true
	parked, waiting := c.parked, c.waiting
	c.parked, c.waiting = nil, nil
	c.mu.Unlock()

	c.relay.mu.Lock()
	delete(c.relay.clients, c.key.ID)
	c.relay.mu.Unlock()
	c.relay.udp.removeClient(c)
	for _, w := range waiting {
		close(w.given)
	}
	for _, p := range parked {
		p.drop(c.relay)
	}
}

// drop resets a channel that is not in the client's list any more.
func (p *parkedChannel) drop(r *Relay) {
	if conn, ok := p.Take(); ok {
		r.count.parked.Add(-1)
		_ = conn.Reset()
	}
}

// park offers conn to visitors. It belongs to the client unless there is a
// refusal.
func (c *Client) park(conn splice.Conn) *wire.Refusal {
	var old []*parkedChannel
	defer func() {
		for _, p := range old { // which may take a moment, so not under the lock
			p.drop(c.relay)
		}
	}()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || c.relay.blocked(splice.Peer(conn)) {
		return refuseDenied
	}
	for len(c.waiting) > 0 {
		w := c.waiting[0]
		c.waiting = c.waiting[1:]
		// A visitor that has tried for long is not there any more; those behind
		// it are, but not for ever.
		if !splice.HungUp(w.visitor) {
			w.given <- conn
			return nil
		}
		close(w.given)
	}
	if len(c.parked) >= maxParked {
		old = c.forgetLocked(1)
	}
	p := &parkedChannel{since: time.Now(), from: splice.Peer(conn)}
	c.relay.count.parked.Add(1)
	// Under the lock: lost takes it, so it finds p in the list.
	p.Parked = c.relay.mover.Park(conn, func() { c.lost(p) })
	c.parked = append(c.parked, p)
	return nil
}

// Renew resets what was parked before the client registered again: behind
// another address it cannot tell us itself that these channels are dead, and a
// visitor that is given one waits for nothing.
func (c *Client) Renew() {
	c.mu.Lock()
	now := time.Now()
	n := 0 // they are sorted
	for n < len(c.parked) && now.Sub(c.parked[n].since) >= renewAge {
		n++
	}
	old := c.forgetLocked(n)
	c.mu.Unlock()
	for _, p := range old {
		p.drop(c.relay)
	}
}

// forgetLocked takes the n oldest out of the list.
func (c *Client) forgetLocked(n int) []*parkedChannel {
	old := slices.Clone(c.parked[:n])
	c.parked = slices.Delete(c.parked, 0, n)
	return old
}

// lost forgets a channel whose provider has gone.
func (c *Client) lost(p *parkedChannel) {
	c.relay.count.parked.Add(-1)
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, q := range c.parked {
		if q == p {
			c.parked = append(c.parked[:i], c.parked[i+1:]...)
			return
		}
	}
}

// take returns a parked channel for visitor, one of the youngest, or joins those
// who wait. Of both results one is nil, or both if the client is gone or too
// many wait.
func (c *Client) take(visitor splice.Conn) (conn splice.Conn, wait *waiter, wanted int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.parked) > 0 {
		i := c.nearLocked(visitor)
		p := c.parked[i]
		c.parked = slices.Delete(c.parked, i, i+1)
		if conn, ok := p.Take(); ok {
			c.relay.count.parked.Add(-1)
			return conn, nil, 0
		}
	}
	if c.closed || len(c.waiting) >= maxWaiting {
		return nil, nil, 0
	}
	wait = &waiter{visitor, make(chan splice.Conn, 1)}
	c.waiting = append(c.waiting, wait)
	return nil, wait, len(c.waiting)
}

// nearLocked returns the youngest channel, or one hardly older that is near.
func (c *Client) nearLocked(visitor splice.Conn) int {
	last := len(c.parked) - 1
	for i := last; i >= 0 && c.parked[last].since.Sub(c.parked[i].since) < sameAge; i-- {
		if c.parked[i].Near(visitor) {
			return i
		}
	}
	return last
}

// leave ends a visitor's wait. A channel that came at the last moment goes to
// the next.
func (c *Client) leave(wait *waiter) {
	c.mu.Lock()
	for i, w := range c.waiting {
		if w == wait {
			c.waiting = append(c.waiting[:i], c.waiting[i+1:]...)
			break
		}
	}
	c.mu.Unlock()
	select {
	case conn, ok := <-wait.given:
		if ok && c.park(conn) != nil {
			_ = conn.Reset()
		}
	default:
	}
}

// shed resets the older half of the parked channels (rules R2), and returns
// how many.
func (c *Client) shed() int {
	c.mu.Lock()
	old := c.forgetLocked((len(c.parked) + 1) / 2)
	c.mu.Unlock()
	for _, p := range old {
		p.drop(c.relay)
	}
	return len(old)
}
