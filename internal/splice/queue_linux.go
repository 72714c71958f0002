// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package splice

// queue is first in, first out. Its length is bounded by the number of flows,
// each of which stands in it once.
type queue struct {
	ring []*flow // n from head on
	head int
	n    int
}

func (q *queue) empty() bool { return q.n == 0 }

func (q *queue) push(f *flow) {
	if q.n == len(q.ring) {
		ring := make([]*flow, max(16, 2*q.n))
		for i := range q.n {
			ring[i] = q.ring[(q.head+i)%len(q.ring)]
		}
		q.ring, q.head = ring, 0
	}
	q.ring[(q.head+q.n)%len(q.ring)] = f
	q.n++
}

func (q *queue) pop() *flow {
	if q.n == 0 {
		return nil
	}
	f := q.ring[q.head]
	q.ring[q.head] = nil
	q.head = (q.head + 1) % len(q.ring)
	q.n--
	return f
}
