// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package auth

import (
	"container/heap"
	"context"
	"errors"
	"sync"
)

// ErrBusy says that too many wait for a core already, and that those before
// have a better claim.
var ErrBusy = errors.New("too many passwords are being checked")

// waitersPerSlot bounds the queue, and with it how long the last one waits: at
// DefaultCost about three seconds.
const waitersPerSlot = 8

// Gate lets at most as many run at once as there are slots. Those who wait come
// in order of their score, the lowest first: whoever has failed often waits for
// whoever has not, and is the one to go when the queue is full. So a flood of
// guesses costs honest people the rest of one hash, whatever its size.
type Gate struct {
	mu      sync.Mutex // guards the fields below
	slots   int
	running int
	doubted int // of running: those with a score above 0
	queue   waiters
	arrived uint64
}

// NewGate returns a gate; slots is the number of cores.
func NewGate(slots int) *Gate { return &Gate{slots: max(slots, 1)} }

// Do runs f when there is room, and returns ErrBusy if there will not be any
// soon, or the context's error.
func (g *Gate) Do(ctx context.Context, score int, f func()) error {
	if err := g.enter(ctx, score); err != nil {
		return err
	}
	defer g.leave(score)
	f()
	return nil
}

func (g *Gate) enter(ctx context.Context, score int) error {
	g.mu.Lock()
	w := &waiter{score: score, number: g.arrived, admitted: make(chan error, 1)}
	g.arrived++
	heap.Push(&g.queue, w)
	g.admitLocked()
	if g.queue.Len() > g.slots*waitersPerSlot {
		worst := g.queue.worst()
		heap.Remove(&g.queue, worst.index)
		worst.admitted <- ErrBusy
	}
	g.mu.Unlock()

	select {
	case err := <-w.admitted:
		return err
	case <-ctx.Done():
	}
	g.mu.Lock()
	gone := w.index < 0
	if !gone {
		heap.Remove(&g.queue, w.index)
	}
	g.mu.Unlock()
	if gone && <-w.admitted == nil {
		g.leave(score) // it was let in at the same moment
	}
	return ctx.Err()
}

func (g *Gate) leave(score int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.running--
	if score > 0 {
		g.doubted--
	}
	g.admitLocked()
}

// admitLocked lets in whom it can. One slot is kept free of those who have
// failed, if there are two.
func (g *Gate) admitLocked() {
	for g.running < g.slots && g.queue.Len() > 0 {
		doubted := g.queue[0].score > 0
		if doubted && g.slots > 1 && g.doubted >= g.slots-1 {
			return // all others in the queue have failed too
		}
		w := heap.Pop(&g.queue).(*waiter)
		g.running++
		if doubted {
			g.doubted++
		}
		w.admitted <- nil
	}
}

type waiter struct {
	score    int
	number   uint64
	index    int        // in the queue; -1: not there any more
	admitted chan error // has room for the one answer
}

func (w *waiter) before(v *waiter) bool {
	if w.score != v.score {
		return w.score < v.score
	}
	return w.number < v.number
}

// waiters implements heap.Interface.
type waiters []*waiter

func (q waiters) Len() int           { return len(q) }
func (q waiters) Less(i, j int) bool { return q[i].before(q[j]) }

func (q waiters) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].index, q[j].index = i, j
}

func (q *waiters) Push(x any) {
	w := x.(*waiter)
	w.index = len(*q)
	*q = append(*q, w)
}

func (q *waiters) Pop() any {
	old := *q
	w := old[len(old)-1]
	old[len(old)-1] = nil
	*q = old[:len(old)-1]
	w.index = -1
	return w
}

// worst returns the last in order. The queue is short, so it looks at all.
func (q waiters) worst() *waiter {
	w := q[0]
	for _, v := range q[1:] {
		if w.before(v) {
			w = v
		}
	}
	return w
}
