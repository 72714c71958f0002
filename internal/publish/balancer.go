// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package publish

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/culvertd/culvert/internal/signaling"
)

// failPause is for how long a service that could not be reached is tried after
// all others: one that is broken has the fewest connections, and would be the
// first choice of every visitor.
const failPause = 10 * time.Second

// balancer chooses among the services of an address: that with the fewest open
// connections, of equals the one that has waited longest.
type balancer struct {
	mu      sync.Mutex // guards the fields below, and those of members
	members []*member
	turn    uint64
}

// member is a service that visitors may be taken to.
type member struct {
	signaling.Named
	open   int       // connections by this address
	turn   uint64    // when it was last chosen
	failed time.Time // when it last could not be reached; zero: never
}

// set replaces the services. One that stays keeps what is known of it.
func (b *balancer) set(list []signaling.Named) {
	b.mu.Lock()
	defer b.mu.Unlock()
	members := make([]*member, len(list))
	for i, n := range list {
		at := slices.IndexFunc(b.members, func(m *member) bool { return m.Named == n })
		if at < 0 {
			members[i] = &member{Named: n}
		} else {
			members[i] = b.members[at]
		}
	}
	b.members = members
}

// all returns the services.
func (b *balancer) all() []*member {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.members // which is never changed
}

// choose counts a connection for one of the candidates and returns it; nil if there
// is none.
func (b *balancer) choose(candidates []*member) *member {
	if len(candidates) == 0 {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	m := slices.MinFunc(candidates, func(x, y *member) int {
		return cmp.Or(cmp.Compare(x.penalty(now), y.penalty(now)), cmp.Compare(x.open, y.open), cmp.Compare(x.turn, y.turn))
	})
	b.turn++
	m.turn = b.turn
	m.open++
	return m
}

func (m *member) penalty(now time.Time) int {
	if m.failed.IsZero() || now.Sub(m.failed) >= failPause {
		return 0
	}
	return 1
}

// leave says that a connection of m is over.
func (b *balancer) leave(m *member) {
	b.mu.Lock()
	defer b.mu.Unlock()
	m.open--
}

// fail says that m could not be reached.
func (b *balancer) fail(m *member) {
	b.mu.Lock()
	defer b.mu.Unlock()
	m.failed = time.Now()
}
