// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package hub

import (
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/culvertd/culvert/internal/wire"
)

// endpoint is a broadcast channel: one log, its members, and their lanes.
type endpoint struct {
	hub    *Hub
	id     ID
	limits atomic.Pointer[limits]

	out, outBytes atomic.Uint64 // delivered
	dropped       [dropReasons]atomic.Uint64
	packers       atomic.Int32 // members that take the packed encoding
	// cuts is how often all were parted with; who was let in before the last
	// time may not join. Changed under mu.
	cuts atomic.Uint32

	mu       sync.Mutex // guards the fields below; before lane.mu, conn.ownMu
	log      log
	lanes    []*lane // only ever longer, and replaced when that happens
	members  int
	reserved int // upgrades under way, which count against the limit
	closing  *Closing
	total    uint64 // connections
	accepted uint64 // messages
	bytes    uint64
	eligible uint64
	active   time.Time
	tickets  []ticket // oldest first
	quiet    bool     // nothing appended since the clock last looked
}

type dropReason uint8

const (
	dropClosed dropReason = iota
	dropSlow
	dropKicked
	dropReasons
)

func newEndpoint(h *Hub, id ID) *endpoint {
	return &endpoint{hub: h, id: id, log: log{end: 1}}
}

// reserve takes a place for a connection that is being upgraded; unreserve or
// join follow. The limit is returned for the refusal.
func (ep *endpoint) reserve() (limit int, ok bool) {
	limit = ep.limits.Load().MaxConnections
	ep.mu.Lock()
	defer ep.mu.Unlock()
	if ep.closing != nil || ep.members+ep.reserved >= limit {
		return limit, false
	}
	ep.reserved++
	return limit, true
}

func (ep *endpoint) unreserve() {
	ep.mu.Lock()
	defer ep.mu.Unlock()
	ep.reserved--
}

// join makes the connection a member from the next message on; joins are
// ordered with messages (rules H5). It fails if the endpoint is being closed,
// or the connection was let in by what does not hold any more.
func (ep *endpoint) join(c *conn) bool {
	ep.mu.Lock()
	defer ep.mu.Unlock()
	ep.reserved--
	if ep.closing != nil || c.cuts != ep.cuts.Load() {
		return false
	}
	if c.enc == packed {
		ep.packers.Add(1)
	}
	ep.members++
	ep.total++
	ep.active = c.opened
	c.pos = ep.log.end
	ep.laneLocked().add(c)
	return true
}

// perLane is how many members fill a lane before another one helps.
const perLane = 64

// laneLocked returns the lane with the fewest members, and starts another, up
// to one per core, while all are well filled.
func (ep *endpoint) laneLocked() *lane {
	var best *lane
	least := perLane
	if len(ep.lanes) == runtime.GOMAXPROCS(0) {
		least = int(^uint(0) >> 1)
	}
	for _, l := range ep.lanes {
		if n := l.len(); n < least {
			best, least = l, n
		}
	}
	if best == nil {
		best = newLane(ep)
		ep.lanes = append(slices.Clone(ep.lanes), best)
	}
	return best
}

// leave ends a membership and returns how many messages the member will not
// get any more. The connection's mu is held.
func (ep *endpoint) leave(c *conn) uint64 {
	if c.lane == nil { // never joined
		return 0
	}
	if c.enc == packed {
		ep.packers.Add(-1)
	}
	ep.mu.Lock()
	defer ep.mu.Unlock()
	ep.members--
	c.gone = true
	c.lane.remove(c)
	return c.lag(c.pos, ep.log.end)
}

func (ep *endpoint) view() view {
	ep.mu.Lock()
	defer ep.mu.Unlock()
	return ep.log.view()
}

func (ep *endpoint) delivered(messages, payload uint64) {
	ep.out.Add(messages)
	ep.outBytes.Add(payload)
}

// publish numbers a message, appends it to the log and sets the writers to
// work. It takes nothing from a connection that is no member any more. It waits
// while the gateway's own writers are far behind, but never for a receiver that
// does not read.
func (ep *endpoint) publish(c *conn, op wire.Opcode, payload []byte) {
	deflated := ep.deflate(payload)
	size := ep.limits.Load().logSize
	ep.mu.Lock()
	for ep.closing == nil && ep.behindLocked(size/2) {
		ep.mu.Unlock()
		ep.wake()
		time.Sleep(time.Millisecond)
		ep.mu.Lock()
	}
	if c.gone {
		ep.mu.Unlock()
		ep.putDeflated(deflated)
		return
	}
	ep.accepted++
	ep.bytes += uint64(len(payload))
	c.messages++
	c.bytes += uint64(len(payload))
	ep.eligible += uint64(ep.members - 1)
	ep.active, ep.quiet = time.Now(), false
	num, grown := ep.log.append(op, payload, deflated.bytes(), ep.packers.Load() > 0)
	c.sentBy(num)
	grown -= ep.log.trim(size)
	lanes := ep.lanes
	ep.mu.Unlock()
	ep.putDeflated(deflated)
	ep.hub.charge(grown)
	for _, l := range lanes {
		l.wake()
	}
}

// behindLocked reports whether the writers have more than limit bytes to do.
func (ep *endpoint) behindLocked(limit int64) bool {
	if ep.log.bytes <= limit {
		return false
	}
	served := ep.log.end
	for _, l := range ep.lanes {
		served = min(served, l.served.Load())
	}
	return ep.log.ahead(served) > limit
}

// wake has every lane walked by a writer soon.
func (ep *endpoint) wake() {
	ep.mu.Lock()
	lanes := ep.lanes
	ep.mu.Unlock()
	for _, l := range lanes {
		l.wake()
	}
}

// release frees what every member has.
func (ep *endpoint) release() {
	ep.mu.Lock()
	low := ep.lowLocked()
	freed := ep.log.release(low)
	ep.mu.Unlock()
	ep.hub.charge(-freed)
}

// rest frees the whole log of an endpoint that has been quiet since the last
// call; the clock makes it. Who drained after the last pass makes another one
// necessary, to see that nobody is behind.
func (ep *endpoint) rest() {
	ep.mu.Lock()
	var freed int64
	if ep.quiet {
		freed = ep.log.rest(ep.lowLocked())
	}
	stale := ep.quiet && ep.log.bytes > 0
	ep.quiet = true
	ep.mu.Unlock()
	ep.hub.charge(-freed)
	if stale {
		ep.wake()
	}
}

// trim cuts the log to size bytes at the expense of who lags, and reports
// whether that freed anything.
func (ep *endpoint) trim(size int64) bool {
	ep.mu.Lock()
	freed := ep.log.trim(size)
	ep.mu.Unlock()
	ep.hub.charge(-freed)
	ep.wake()
	return freed > 0
}

func (ep *endpoint) logSize() int64 {
	ep.mu.Lock()
	defer ep.mu.Unlock()
	return ep.log.bytes
}

func (ep *endpoint) lowLocked() uint64 {
	low := ep.log.end
	for _, l := range ep.lanes {
		low = min(low, l.low())
	}
	return low
}

// close parts with all members, and lets nobody join any more.
func (ep *endpoint) close(c Closing) {
	ep.mu.Lock()
	ep.closing = &c
	ep.mu.Unlock()
	for _, m := range ep.all() {
		m.part(c.ending())
	}
}

// all returns the members at this moment.
func (ep *endpoint) all() []*conn {
	ep.mu.Lock()
	lanes := ep.lanes
	ep.mu.Unlock()
	var out []*conn
	for _, l := range lanes {
		out = l.appendTo(out)
	}
	return out
}

// stats reads the counters. Each is exact; the sums agree when nothing moves.
func (ep *endpoint) stats() Stats {
	members := ep.all()
	v := ep.view()
	queued := uint64(0)
	for _, c := range members {
		c.mu.Lock()
		queued += c.queuedLocked(v.end)
		c.mu.Unlock()
	}
	s := ep.sums()
	s.Queued = queued
	return s
}

// sums are the counters but Queued.
func (ep *endpoint) sums() Stats {
	var s Stats
	s.MessagesOut, s.BytesOut = ep.out.Load(), ep.outBytes.Load()
	s.Dropped = Drops{
		Slow:   ep.dropped[dropSlow].Load(),
		Closed: ep.dropped[dropClosed].Load(),
		Kicked: ep.dropped[dropKicked].Load(),
	}
	ep.mu.Lock()
	defer ep.mu.Unlock()
	s.Connections, s.TotalConnections = ep.members, ep.total
	s.MessagesIn, s.BytesIn, s.Eligible = ep.accepted, ep.bytes, ep.eligible
	s.LastActive = ep.active
	return s
}
