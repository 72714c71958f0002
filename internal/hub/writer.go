// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package hub

import "sync"

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
	closed bool
}

func (q *laneQueue) init() { q.wake.L = &q.mu }

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
	q.wake.Signal()
}

// pop waits for a lane; nil once the queue is closed.
func (q *laneQueue) pop() *lane {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.n == 0 && !q.closed {
		q.wake.Wait()
	}
	if q.closed {
		return nil
	}
	l := q.lanes[q.head]
	q.lanes[q.head] = nil
	q.head = (q.head + 1) % len(q.lanes)
	q.n--
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
