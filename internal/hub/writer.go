// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package hub

import (
	"sync"
	"time"
)

// patience is how long lanes wait for the writers that are at work before one
// more wakes. A message for a few hundred receivers is written by one writer
// in that time; waking another for half of it costs more than it saves.
const patience = 5 * time.Millisecond

// writer is one of the few goroutines, about one per core, that walk lanes.
type writer struct {
	turn  *turn
	batch [turnConns]*conn
}

// laneQueue is the lanes that have something to write, first come first
// served. It is bounded by the number of lanes: each stands in it once.
type laneQueue struct {
	mu     sync.Mutex // guards the fields below; innermost
	wake   sync.Cond
	lanes  []*lane // a ring: n from head on
	head   int
	n      int
	idle   int       // writers that wait and are not signalled
	active int       // the others
	behind time.Time // since when lanes wait while writers are at work
	closed bool
}

// init prepares for writers that are about to start.
func (q *laneQueue) init(writers int) {
	q.wake.L = &q.mu
	q.active = writers
}

func (q *laneQueue) push(l *lane) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.n == len(q.lanes) {
		ring := make([]*lane, max(16, 2*q.n))
		for i := range q.n {
			ring[i] = q.lanes[(q.head+i)%len(q.lanes)]
		}
		q.lanes, q.head = ring, 0
	}
	q.lanes[(q.head+q.n)%len(q.lanes)] = l
	q.n++
	switch {
	case q.active == 0:
		q.signal()
	case q.n == 1:
		q.behind = time.Now()
	}
}

// signal wakes a writer, if one is idle.
func (q *laneQueue) signal() {
	if q.idle > 0 {
		q.idle--
		q.active++
		q.wake.Signal()
	}
}

// pop waits for a lane; nil once the queue is closed.
func (q *laneQueue) pop() *lane {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.n == 0 && !q.closed {
		q.active--
		q.idle++
		q.wake.Wait()
	}
	if q.closed {
		return nil
	}
	l := q.lanes[q.head]
	q.lanes[q.head] = nil
	q.head = (q.head + 1) % len(q.lanes)
	q.n--
	if q.n > 0 && q.idle > 0 && time.Since(q.behind) > patience {
		q.behind = time.Now()
		q.signal()
	}
	return l
}

// empty reports whether no lane waits, and none is to stop for the end.
func (q *laneQueue) empty() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.n == 0 && !q.closed
}

func (q *laneQueue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.wake.Broadcast()
}

// write is the life of a writer.
func (h *Hub) write() {
	w := &writer{turn: newTurn()}
	for l := h.queue.pop(); l != nil; l = h.queue.pop() {
		l.run(w)
	}
}
