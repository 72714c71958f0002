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

// take takes tokens for up to n bytes from all buckets, or from none.
func (m *meter) take(n int, l *Limits) (int, time.Duration) {
	session, wait := m.rate.take(n, l.SessionRate)
	if session == 0 {
		return 0, wait
	}
	clients := m.clients()
	var taken [2]int
	n = session
	for i, b := range clients {
		if taken[i], wait = b.take(n, l.ClientRate); taken[i] == 0 {
			n = 0
			break
		}
		n = taken[i]
	}
	m.rate.give(session - n)
	for i, b := range clients {
		b.give(max(taken[i]-n, 0))
	}
	return n, wait
}

// clients returns the buckets of both clients; one if a client visits itself.
func (m *meter) clients() []*bucket {
	p, v := m.session.spec.Provider, m.session.spec.Visitor
	if p == v {
		return []*bucket{&p.rate}
	}
	return []*bucket{&p.rate, &v.rate}
}

// GiveBack implements splice.Meter.
func (m *meter) GiveBack(n int) {
	m.granted.Add(-int64(n))
	l := m.session.relay.limits.Load()
	if l.SessionRate == 0 && l.ClientRate == 0 {
		return
	}
	m.rate.give(n)
	for _, b := range m.clients() {
		b.give(n)
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
