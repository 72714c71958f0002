// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"context"
	"errors"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/culvertd/culvert/internal/hub"
	"github.com/culvertd/culvert/internal/inventory"
	"github.com/culvertd/culvert/internal/signaling"
	"github.com/culvertd/culvert/internal/store"
)

// pulseEvery is how often everything that counts is looked at.
const pulseEvery = time.Second

// pulse looks at the counters of the hub and of signaling once a second, and
// makes of the differences what is shown as rates, kept as history and counted
// against quotas. One goroutine looks; others read.
type pulse struct {
	hub     *hub.Hub
	tunnels *signaling.Server
	ledger  *ledger
	store   rollupStore
	log     func() *zap.Logger
	enforce func([]verdict)

	presence presence

	quit chan struct{}
	done chan struct{}

	mu        sync.Mutex // guards the fields below; before ledger.mu
	at        time.Time  // of the last look
	endpoints map[hub.ID]*beat
	total     beat
	flows     map[int64]*rate // bytes of sessions, by account
	allFlows  rate
	load      loadMeter
	roll      rollups
	spent     map[int64]uint64 // by accounts, since the last verdict
}

// rollupStore is what is kept for long; *store.Store is one.
type rollupStore interface {
	AddRollups(ctx context.Context, minute []store.Rollup) error
	AddUsage(ctx context.Context, month string, bytes map[int64]uint64) error
}

// beat is what one endpoint's counters were, and how fast they grow.
type beat struct {
	last  hub.Stats
	rates inventory.Rates
}

func newPulse(h *hub.Hub, t *signaling.Server, l *ledger, st rollupStore, log func() *zap.Logger, enforce func([]verdict)) *pulse {
	return &pulse{
		hub: h, tunnels: t, ledger: l, store: st, log: log, enforce: enforce,
		quit: make(chan struct{}), done: make(chan struct{}),
		at:        time.Now(),
		load:      loadMeter{began: time.Now()},
		endpoints: make(map[hub.ID]*beat),
		flows:     make(map[int64]*rate),
		roll:      newRollups(time.Now()),
		spent:     make(map[int64]uint64),
	}
}

// run looks until close.
func (p *pulse) run() {
	defer close(p.done)
	t := time.NewTicker(pulseEvery)
	defer t.Stop()
	var complained time.Time
	for {
		select {
		case <-p.quit:
			return
		case <-t.C:
		}
		p.look(time.Now())
		if err := p.write(); err != nil && time.Since(complained) > complainEvery {
			complained = time.Now()
			p.log().Error("writing history", zap.Error(err))
		}
	}
}

// close ends the looking, and writes what is there, the minute under way
// included: a minute may be written in parts.
func (p *pulse) close() error {
	close(p.quit)
	<-p.done
	p.look(time.Now())
	p.mu.Lock()
	p.roll.turn()
	p.mu.Unlock()
	return p.write()
}

// look takes all differences.
func (p *pulse) look(now time.Time) {
	p.mu.Lock()
	elapsed := now.Sub(p.at).Seconds()
	p.at = now
	p.roll.tick(now)
	p.lookAtEndpointsLocked(elapsed)
	p.lookAtFlowsLocked(elapsed)
	p.load.look(elapsed)
	spent := p.spent
	p.spent = make(map[int64]uint64)
	p.mu.Unlock()
	p.enforce(p.ledger.spend(now, spent))
}

func (p *pulse) lookAtEndpointsLocked(elapsed float64) {
	var sum hub.Stats
	there := 0
	all := make(map[hub.ID]*beat, len(p.endpoints))
	p.hub.EachSum(func(id hub.ID, now hub.Stats) bool {
		b := p.endpoints[id]
		if b == nil {
			b = new(beat)
		}
		all[id] = b
		there++
		d := p.takeLocked(id, b, now)
		b.rates = smooth(b.rates, d, elapsed)
		addStats(&sum, d)
		sum.Connections += now.Connections
		return true
	})
	p.endpoints = all // those that are gone are forgotten
	p.total.rates = smooth(p.total.rates, sum, elapsed)
	p.total.last.Connections = sum.Connections
}

// takeLocked accounts for what an endpoint has done since it was looked at.
func (p *pulse) takeLocked(id hub.ID, b *beat, now hub.Stats) hub.Stats {
	d := since(b.last, now)
	b.last = now
	user, known := p.ledger.ownerOf(id)
	if !known {
		return d
	}
	p.roll.endpoint(id, user, d, now.Connections)
	if n := d.BytesIn + d.BytesOut; n > 0 {
		p.spent[user] += n
		p.roll.use(user, n)
	}
	return d
}

func (p *pulse) lookAtFlowsLocked(elapsed float64) {
	bytes := make(map[int64]uint64)
	sum := uint64(0)
	for _, f := range p.tunnels.Flows() {
		n := f.Up + f.Down
		sum += n
		p.roll.flow(f)
		// Of two accounts each has had the traffic.
		bytes[f.Provider.ID] += n
		if f.Visitor.ID != f.Provider.ID {
			bytes[f.Visitor.ID] += n
		}
	}
	for user, n := range bytes {
		p.spent[user] += n
		p.roll.use(user, n)
		if p.flows[user] == nil {
			p.flows[user] = new(rate)
		}
	}
	for user, r := range p.flows {
		if r.add(float64(bytes[user]), elapsed); *r == 0 {
			delete(p.flows, user)
		}
	}
	p.allFlows.add(float64(sum), elapsed)
}

// settle takes the last figures of an endpoint that is about to go, and forgets
// it. Its history goes on under another id if it is renamed.
func (p *pulse) settle(id, renamed hub.ID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now, there := p.hub.Stats(id); there {
		b := p.endpoints[id]
		if b == nil {
			b = new(beat)
		}
		p.takeLocked(id, b, now)
	}
	delete(p.endpoints, id)
	if renamed != "" {
		p.roll.rename(string(id), string(renamed))
	}
}

// write brings complete minutes and what was used into the store.
func (p *pulse) write() error {
	p.mu.Lock()
	rows, usage := p.roll.due()
	p.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
	defer cancel()
	var errs []error
	if len(rows) > 0 {
		if err := p.store.AddRollups(ctx, rows); err != nil {
			errs = append(errs, err)
			p.mu.Lock()
			p.roll.restore(rows)
			p.mu.Unlock()
		}
	}
	for month, bytes := range usage {
		if err := p.store.AddUsage(ctx, month, bytes); err != nil {
			errs = append(errs, err)
			p.mu.Lock()
			p.roll.restoreUsage(month, bytes)
			p.mu.Unlock()
		}
	}
	return errors.Join(errs...)
}

// lost returns how many rows of history were given up.
func (p *pulse) lost() uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.roll.lost
}

// since is what the counters have grown by. An endpoint that was taken away
// and came back begins anew.
func since(was, now hub.Stats) hub.Stats {
	if now.TotalConnections < was.TotalConnections || now.MessagesIn < was.MessagesIn || now.BytesOut < was.BytesOut {
		was = hub.Stats{}
	}
	return hub.Stats{
		TotalConnections: now.TotalConnections - was.TotalConnections,
		MessagesIn:       now.MessagesIn - was.MessagesIn,
		BytesIn:          now.BytesIn - was.BytesIn,
		MessagesOut:      now.MessagesOut - was.MessagesOut,
		BytesOut:         now.BytesOut - was.BytesOut,
		Dropped: hub.Drops{
			Slow:   now.Dropped.Slow - was.Dropped.Slow,
			Closed: now.Dropped.Closed - was.Dropped.Closed,
			Kicked: now.Dropped.Kicked - was.Dropped.Kicked,
		},
	}
}

func addStats(sum *hub.Stats, d hub.Stats) {
	sum.TotalConnections += d.TotalConnections
	sum.MessagesIn += d.MessagesIn
	sum.BytesIn += d.BytesIn
	sum.MessagesOut += d.MessagesOut
	sum.BytesOut += d.BytesOut
	sum.Dropped.Slow += d.Dropped.Slow
	sum.Dropped.Closed += d.Dropped.Closed
	sum.Dropped.Kicked += d.Dropped.Kicked
}

// rate is an average over the last seconds: each second counts half as much as
// the one after it.
type rate float64

func (r *rate) add(n, elapsed float64) {
	if elapsed <= 0 {
		return
	}
	if *r = *r/2 + rate(n/elapsed/2); *r < 0.01 {
		*r = 0 // long ago
	}
}

// smooth adds what happened in elapsed seconds to rates.
func smooth(r inventory.Rates, d hub.Stats, elapsed float64) inventory.Rates {
	for _, f := range []struct {
		to *float64
		n  uint64
	}{
		{&r.MessagesIn, d.MessagesIn},
		{&r.MessagesOut, d.MessagesOut},
		{&r.BytesIn, d.BytesIn},
		{&r.BytesOut, d.BytesOut},
		{&r.Dropped, d.Dropped.Total()},
	} {
		one := rate(*f.to)
		one.add(float64(f.n), elapsed)
		*f.to = float64(one)
	}
	return r
}
