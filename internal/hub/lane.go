// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package hub

import (
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// One turn of a lane (rules H8): then other lanes get theirs.
const (
	turnConns = 256
	turnTime  = time.Millisecond
	// stuckAfter is how long a blocking write may take before its receiver
	// counts as one that does not read, for whom publishers do not wait.
	stuckAfter = 20 * time.Millisecond
	// After a pass that carried at least gatherFrom messages a lane rests for
	// half of the pass's time, at most gatherMax: the next pass then finds more
	// to send with each call, which is what a busy endpoint costs. It saves a
	// tenth of the CPU; a message now and then never waits.
	gatherFrom = 8
	gatherMax  = 5 * time.Millisecond
)

// lane is a part of an endpoint's members that one writer at a time walks.
//
//	        wake             a writer takes it           pass is complete
//	idle ─────────▶ queued ───────────────────▶ running ─────────────────▶ idle
//	                  ▲                            │ wake
//	                  └── turn is over, or rested ─ again
type lane struct {
	ep     *endpoint
	state  atomic.Int32
	served atomic.Uint64 // all who can take it have got what is before this

	mu      sync.Mutex // guards the fields below; inside endpoint.mu
	conns   []*conn
	lowest  uint64 // no member is before this
	shuffle uint64 // counts removals, which move members

	// Of the pass under way; the writer's that runs the lane.
	next        int
	passFrom    uint64 // end of the log when it began
	passServed  uint64
	passLow     uint64
	passShuffle uint64
	passBegan   time.Time
	more        bool
	carried     uint64      // messages that the last pass began with
	rested      *time.Timer // puts the lane back into the queue
}

const (
	laneIdle int32 = iota
	laneQueued
	laneRunning
	laneAgain
)

func newLane(ep *endpoint) *lane {
	l := &lane{ep: ep, lowest: math.MaxUint64, passFrom: ep.log.end}
	l.served.Store(ep.log.end)
	return l
}

func (l *lane) len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.conns)
}

// low is a number that no member is before.
func (l *lane) low() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lowest
}

func (l *lane) appendTo(out []*conn) []*conn {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append(out, l.conns...)
}

// add is called under the endpoint's lock, which orders it with messages.
func (l *lane) add(c *conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c.lane, c.slot = l, len(l.conns)
	l.conns = append(l.conns, c)
	l.lowest = min(l.lowest, c.pos)
}

func (l *lane) remove(c *conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	last := len(l.conns) - 1
	l.conns[c.slot] = l.conns[last]
	l.conns[c.slot].slot = c.slot
	l.conns[last] = nil
	l.conns = l.conns[:last]
	l.shuffle++
	if last == 0 {
		l.lowest = math.MaxUint64
	}
}

// wake has the lane walked, or walked once more if that is under way.
func (l *lane) wake() {
	for {
		switch l.state.Load() {
		case laneIdle:
			if l.state.CompareAndSwap(laneIdle, laneQueued) {
				l.ep.hub.queue.push(l)
				return
			}
		case laneRunning:
			if l.state.CompareAndSwap(laneRunning, laneAgain) {
				return
			}
		default:
			return
		}
	}
}

// run gives the lane a turn, and more of the same pass while no other lane
// waits: handing it to the next writer would wake that for nothing. Another
// pass goes through the queue, so that more messages can gather for it.
func (l *lane) run(w *writer) {
	for {
		l.state.Store(laneRunning)
		done := l.turn(w)
		if done && l.state.CompareAndSwap(laneRunning, laneIdle) {
			return
		}
		if rest := l.gather(); rest > 0 {
			l.state.Store(laneQueued)
			l.rest(rest)
			return
		}
		if done || !l.ep.hub.queue.empty() {
			l.state.Store(laneQueued)
			l.ep.hub.queue.push(l)
			return
		}
	}
}

// gather is how long to rest before another pass; zero amid a pass, and while
// somebody is behind for lack of a turn.
func (l *lane) gather() time.Duration {
	if l.next != 0 || l.more || l.carried < gatherFrom {
		return 0
	}
	return min(time.Since(l.passBegan)/2, gatherMax)
}

func (l *lane) rest(d time.Duration) {
	if l.rested == nil {
		l.rested = time.AfterFunc(d, func() { l.ep.hub.queue.push(l) })
		return
	}
	l.rested.Reset(d)
}

// turn serves up to turnConns members, and reports whether nothing is left to
// do: the pass is complete and nobody is behind for lack of a turn.
func (l *lane) turn(w *writer) (done bool) {
	v := l.ep.view()
	l.mu.Lock()
	start := time.Now()
	if l.next == 0 {
		l.passBegan, l.carried = start, v.end-l.passFrom
		l.passFrom, l.passServed, l.passLow, l.passShuffle, l.more = v.end, v.end, v.end, l.shuffle, false
	}
	n := copy(w.batch[:], l.conns[min(l.next, len(l.conns)):])
	l.mu.Unlock()
	for i, c := range w.batch[:n] {
		l.serve(c, w.turn, v)
		if i%16 == 15 && time.Since(start) > turnTime {
			n = i + 1
			break
		}
	}
	w.turn.settle(l.ep)
	clear(w.batch[:])
	return l.settle(n, v.end)
}

// serve brings one member up to date, as far as that goes without blocking.
func (l *lane) serve(c *conn, t *turn, v view) {
	c.mu.Lock()
	defer c.mu.Unlock()
	more := c.flushLocked(t, v)
	if c.state == writeBusy {
		c.checkLocked(v)
	}
	if c.left {
		if more { // the lane does not know it any more
			c.drainLater()
		}
		return
	}
	l.passLow = min(l.passLow, c.pos)
	switch {
	case more:
		l.more = true
	case c.pos < v.end && c.raw == nil && (c.begun.IsZero() || time.Since(c.begun) < stuckAfter):
		// Its goroutine encrypts, or waits for a core: the gateway is behind,
		// not the receiver.
		l.passServed = min(l.passServed, c.pos)
	}
}

// settle ends a turn that served n members up to end, and with the last member
// the pass.
func (l *lane) settle(n int, end uint64) (done bool) {
	l.mu.Lock()
	l.next += n
	if l.next < len(l.conns) {
		l.mu.Unlock()
		return false
	}
	l.next = 0
	// A removal moved a member, perhaps past the walk: walk again, and do not
	// trust the minimum.
	moved := l.shuffle != l.passShuffle
	if !moved {
		l.lowest = l.passLow
		if len(l.conns) == 0 {
			l.lowest = math.MaxUint64
		}
	}
	// Messages that came between the turns of the pass: those at its start
	// have not got them, and the wake for them met a lane that was at work.
	done = !moved && !l.more && l.passFrom == end
	l.mu.Unlock()
	l.served.Store(l.passServed)
	l.ep.release()
	return done
}
