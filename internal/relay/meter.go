// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package relay

import (
	"sync"
	"sync/atomic"
	"time"
)

// meter counts what a session carries and holds it to its limits, for all its
// channels and flows together.
type meter struct {
	session *Session
	moved   [2]atomic.Uint64 // taken by the provider's, by the visitor's side
	granted atomic.Int64     // moved or about to be
	active  atomic.Int64     // when something moved last, in Unix seconds
	rate    bucket
}

// Allow implements splice.Meter.
func (m *meter) Allow(n int) (int, time.Duration) {
	l := m.session.relay.limits.Load()
	if limit := l.MaxBytesPerSession; limit > 0 {
		left := limit - m.granted.Load()
		if left <= 0 {
			return 0, 0
		}
		n = int(min(int64(n), left))
	}
	var wait time.Duration
	if l.SessionRate > 0 || l.ClientRate > 0 {
		if n, wait = m.take(n, l); n == 0 {
			return 0, wait
		}
	}
	m.granted.Add(int64(n))
	return n, 0
}

// take takes tokens for up to n bytes from all three buckets.
func (m *meter) take(n int, l *Limits) (int, time.Duration) {
	var taken [3]int
	buckets := [3]*bucket{&m.rate, &m.session.spec.Provider.rate, &m.session.spec.Visitor.rate}
	rates := [3]int64{l.SessionRate, l.ClientRate, l.ClientRate}
	if buckets[1] == buckets[2] { // a client that visits itself counts once
		rates[2] = 0
	}
	for i, b := range buckets {
		allowed, wait := b.take(n, rates[i])
		if allowed == 0 {
			for j := range i {
				buckets[j].give(taken[j])
			}
			return 0, wait
		}
		n, taken[i] = allowed, allowed
	}
	for i, b := range buckets {
		b.give(taken[i] - n)
	}
	return n, 0
}

// GiveBack implements splice.Meter.
func (m *meter) GiveBack(n int) {
	m.granted.Add(-int64(n))
	m.rate.give(n)
	m.session.spec.Provider.rate.give(n)
	if m.session.spec.Visitor != m.session.spec.Provider {
		m.session.spec.Visitor.rate.give(n)
	}
}

// Moved implements splice.Meter.
func (m *meter) Moved(n, direction int) {
	m.moved[direction].Add(uint64(n))
	r := m.session.relay
	r.count.bytes[direction].Add(uint64(n))
	if now := r.now.Load(); m.active.Load() != now {
		m.active.Store(now)
	}
}

// Idle implements splice.Meter.
func (m *meter) Idle() time.Duration { return m.session.relay.limits.Load().IdleTimeout }

// bucket holds the tokens of one rate, at most those of a second. The rate is
// given each time, so that a new one holds at once. The zero value is full.
type bucket struct {
	mu     sync.Mutex // guards the fields below
	used   float64    // tokens that are missing from a full bucket
	filled time.Time
}

// take takes up to n tokens at once. When only crumbs are left it takes none,
// and says when there will be more.
func (b *bucket) take(n int, rate int64) (int, time.Duration) {
	if rate <= 0 {
		return n, 0
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	if !b.filled.IsZero() {
		b.used = max(0, b.used-now.Sub(b.filled).Seconds()*float64(rate))
	}
	b.filled = now
	left := float64(rate) - b.used
	enough := min(float64(n), float64(rate)/20, 64<<10)
	if left < max(enough, 1) {
		return 0, max(time.Duration((max(enough, 1)-left)/float64(rate)*float64(time.Second)), time.Millisecond)
	}
	n = min(n, int(left))
	b.used += float64(n)
	return n, 0
}

func (b *bucket) give(n int) {
	if n == 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.used = max(0, b.used-float64(n))
}
