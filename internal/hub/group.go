// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package hub

import "sync/atomic"

// Group is what the endpoints of one owner share: a limit of connections, and
// whether any more may come. The zero value allows all. Its methods may be
// called at any time from any goroutine.
type Group struct {
	open  atomic.Int64 // upgrades under way included
	limit atomic.Int64 // zero: none
	spent atomic.Bool
}

// SetLimit sets how many connections there may be at once; zero is no limit.
// Those that are there stay.
func (g *Group) SetLimit(n int) { g.limit.Store(int64(n)) }

// SetSpent says whether the owner has used up a quota, so that nobody may
// connect any more.
func (g *Group) SetSpent(spent bool) { g.spent.Store(spent) }

// Connections returns how many there are.
func (g *Group) Connections() int { return int(g.open.Load()) }

// take counts a connection in; give counts it out. Both, and isSpent, work on
// the nil group of an endpoint that has none.
func (g *Group) take() (limit int, ok bool) {
	if g == nil {
		return 0, true
	}
	limit = int(g.limit.Load())
	if n := g.open.Add(1); limit > 0 && n > int64(limit) {
		g.open.Add(-1)
		return limit, false
	}
	return limit, true
}

func (g *Group) give() {
	if g != nil {
		g.open.Add(-1)
	}
}

func (g *Group) isSpent() bool { return g != nil && g.spent.Load() }
