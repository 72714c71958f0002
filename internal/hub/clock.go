// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package hub

import (
	"math/rand/v2"
	"sync"
	"time"

	"github.com/culvertd/culvert/internal/wire"
)

// The clock's wheel: a ping interval has ticksPerPing ticks, and a connection
// may be up to wheelSlots-1 ticks ahead.
const (
	ticksPerPing = 64
	wheelSlots   = 256
	// restTicks is how often quiet endpoints are looked at.
	restTicks = 24
)

// clock times all connections with one goroutine and one timer: pings, at
// moments that differ from one connection to the next since synchronised ones
// drop packets, and the pongs that fail to come.
type clock struct {
	hub *Hub

	mu    sync.Mutex // guards the fields below; innermost
	slots [wheelSlots][]*conn
	now   int
}

func (k *clock) init(h *Hub) { k.hub = h }

func tickOf(cfg *Config) time.Duration { return max(cfg.PingInterval/ticksPerPing, time.Millisecond) }

// run is the clock's goroutine.
func (k *clock) run() {
	tick := tickOf(k.hub.settings())
	t := time.NewTicker(tick)
	defer t.Stop()
	for n := 1; ; n++ {
		select {
		case <-k.hub.stop:
			return
		case <-t.C:
		}
		for _, c := range k.due() {
			k.schedule(c, k.beat(c))
		}
		if n%restTicks == 0 {
			for _, ep := range k.hub.all() {
				ep.rest()
			}
		}
		if d := tickOf(k.hub.settings()); d != tick { // a reload changed it
			tick = d
			t.Reset(d)
		}
	}
}

// jitter is a number of ticks below n.
func jitter(n int) int {
	return rand.IntN(n) //nolint:gosec // it spreads load and hides nothing
}

// due advances the wheel and takes the connections whose time it is.
func (k *clock) due() []*conn {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.now = (k.now + 1) % wheelSlots
	conns := k.slots[k.now]
	k.slots[k.now] = nil
	for _, c := range conns {
		c.tick = -1
	}
	return conns
}

// add starts the clock for a new connection.
func (k *clock) add(c *conn) {
	c.tick = -1
	k.schedule(c, 1+ticksPerPing/2+jitter(ticksPerPing/2))
}

// schedule sets the next beat, unless the connection has ended.
func (k *clock) schedule(c *conn, ticks int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if c.tickGone {
		return
	}
	slot := (k.now + min(max(ticks, 1), wheelSlots-1)) % wheelSlots
	c.tick, c.tickAt = int16(slot), int32(len(k.slots[slot]))
	k.slots[slot] = append(k.slots[slot], c)
}

func (k *clock) remove(c *conn) {
	k.mu.Lock()
	defer k.mu.Unlock()
	c.tickGone = true
	if c.tick < 0 {
		return
	}
	s := k.slots[c.tick]
	last := len(s) - 1
	s[c.tickAt] = s[last]
	s[c.tickAt].tickAt = c.tickAt
	s[last] = nil
	k.slots[c.tick] = s[:last]
	c.tick = -1
}

// all returns every connection, also those that are being parted with.
func (k *clock) all() []*conn {
	k.mu.Lock()
	defer k.mu.Unlock()
	var out []*conn
	for _, s := range k.slots {
		out = append(out, s...)
	}
	return out
}

// beat sends a ping, or looks whether the last one was answered, and returns
// the ticks to the next beat.
func (k *clock) beat(c *conn) int {
	cfg := k.hub.settings()
	tick := tickOf(cfg)
	patience := int((cfg.PongTimeout + tick - 1) / tick)
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.end != nil || c.state == writeDead:
		return ticksPerPing
	case c.waiting && !c.heard.Load():
		// Overdue only from the moment it was written (rules H2).
		if left := cfg.PongTimeout - time.Since(c.pinged); left > 0 {
			return int(left/tick) + 1
		}
		c.end = &ending{code: wire.CloseAbnormal, reason: "ping timeout", drop: dropKicked}
		c.dieLocked(c.end.reason)
		return ticksPerPing
	case c.waiting: // answered, or something else came
		c.waiting = false
		return max(ticksPerPing-patience, 1) + jitter(ticksPerPing/10)
	case c.ping || c.rest != nil && c.restKind == framePing: // not written yet
		return patience
	}
	c.ping = true
	c.kickLocked()
	return patience
}
