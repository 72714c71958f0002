// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"sync"

	"github.com/culvertd/culvert/internal/hub"
	"github.com/culvertd/culvert/internal/store"
)

// counters finds what the hub's counters have grown by since the last commit.
type counters struct {
	each func(func(hub.ID, hub.Stats) bool)
	// written is what the store has, seen what collect found.
	written, seen map[hub.ID]hub.Stats
}

// collect returns the differences, for endpoints that have any. Until commit
// it returns them again.
func (c *counters) collect() []store.StatsDelta {
	var deltas []store.StatsDelta
	// A new map each time forgets the endpoints that were deleted.
	c.seen = make(map[hub.ID]hub.Stats, len(c.written))
	c.each(func(id hub.ID, now hub.Stats) bool {
		c.seen[id] = now
		if d := delta(id, c.written[id], now); d.EndpointStats != (store.EndpointStats{}) || !d.LastActive.IsZero() {
			deltas = append(deltas, d)
		}
		return true
	})
	return deltas
}

// commit takes what collect found as written.
func (c *counters) commit() { c.written, c.seen = c.seen, nil }

func delta(id hub.ID, was, now hub.Stats) store.StatsDelta {
	g := since(was, now)
	d := store.StatsDelta{
		EndpointID: string(id),
		EndpointStats: store.EndpointStats{
			TotalConnections: g.TotalConnections,
			MessagesIn:       g.MessagesIn,
			BytesIn:          g.BytesIn,
			MessagesOut:      g.MessagesOut,
			BytesOut:         g.BytesOut,
			DroppedSlow:      g.Dropped.Slow,
			DroppedClosed:    g.Dropped.Closed,
			DroppedKicked:    g.Dropped.Kicked,
		},
	}
	if !now.LastActive.Equal(was.LastActive) {
		d.LastActive = now.LastActive
	}
	return d
}

// totals are sums over all endpoints since the process began to serve the data
// folder, deleted ones included, so that they never go back.
type totals struct {
	mu  sync.Mutex
	sum store.EndpointStats // guarded by mu
}

func (t *totals) add(deltas []store.StatsDelta) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, d := range deltas {
		t.sum.TotalConnections += d.TotalConnections
		t.sum.MessagesIn += d.MessagesIn
		t.sum.BytesIn += d.BytesIn
		t.sum.MessagesOut += d.MessagesOut
		t.sum.BytesOut += d.BytesOut
		t.sum.DroppedSlow += d.DroppedSlow
		t.sum.DroppedClosed += d.DroppedClosed
		t.sum.DroppedKicked += d.DroppedKicked
	}
}

func (t *totals) get() store.EndpointStats {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.sum
}

// Metrics are the gateway's figures for a monitoring system. The sums lag
// behind by two seconds at most.
type Metrics struct {
	Endpoints   int    // known now
	Connections int    // open now
	Queued      uint64 // messages that wait for some receiver now
	Generations uint64 // configs that were put in force

	// Sums since the process began to serve the data folder.
	TotalConnections                          uint64
	MessagesIn, BytesIn                       uint64
	MessagesOut, BytesOut                     uint64
	DroppedSlow, DroppedClosed, DroppedKicked uint64
	LogLost                                   uint64 // lines of the connection log that were not written

	Blocks   int // entries of the block list
	Hub      hub.Counts
	Warnings uint64 // accounts that came to 80 % of their quota
	Exceeded uint64 // accounts that used up their quota
	Spent    int    // accounts that may not connect for that reason now
	Lost     uint64 // rows of history that were not written
}

// Metrics returns the figures; false while there is no running gateway.
func (c *Core) Metrics() (Metrics, bool) {
	r := c.run.Load()
	if r == nil {
		return Metrics{}, false
	}
	sum := r.book.rec.totals.get()
	m := Metrics{
		Generations:      c.pushes.Load(),
		TotalConnections: sum.TotalConnections,
		MessagesIn:       sum.MessagesIn,
		BytesIn:          sum.BytesIn,
		MessagesOut:      sum.MessagesOut,
		BytesOut:         sum.BytesOut,
		DroppedSlow:      sum.DroppedSlow,
		DroppedClosed:    sum.DroppedClosed,
		DroppedKicked:    sum.DroppedKicked,
		LogLost:          r.book.rec.dropped.Load(),
	}
	m.Blocks, m.Hub = r.book.blocks.len(), r.book.hub.Counts()
	m.Warnings, m.Exceeded, m.Spent = r.book.ledger.quotas()
	m.Lost = r.book.pulse.lost()
	r.book.hub.Each(func(_ hub.ID, s hub.Stats) bool {
		m.Endpoints++
		m.Connections += s.Connections
		m.Queued += s.Queued
		return true
	})
	return m, true
}
