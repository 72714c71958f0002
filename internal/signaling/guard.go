// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package signaling

import (
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// A source address may be wrong about its token guessBurst times, and once in
// guessEvery from then on.
const (
	guessBurst = 10
	guessEvery = 6 * time.Second
	// maxSources bounds the memory; a table that is full is begun anew, which
	// gives an attacker with so many addresses nothing worth having.
	maxSources = 1 << 16
)

// guard limits wrong tokens by address. It does not keep the right one out:
// there may be many clients behind one address, and one of them misconfigured.
// Trying tokens is hopeless anyway; the limit is for the load.
type guard struct {
	mu      sync.Mutex // guards the field below; innermost
	sources map[netip.Addr]*rate.Limiter
}

// wrong counts a wrong token, and returns how many seconds to wait; 0 if the
// address is not over its limit.
func (g *guard) wrong(addr netip.Addr) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	if addr.Is6() { // who has one address has them all
		if p, err := addr.Prefix(64); err == nil {
			addr = p.Addr()
		}
	}
	l := g.sources[addr]
	if l == nil {
		if g.sources == nil || len(g.sources) >= maxSources {
			g.sources = make(map[netip.Addr]*rate.Limiter)
		}
		l = rate.NewLimiter(rate.Every(guessEvery), guessBurst)
		g.sources[addr] = l
	}
	if l.Allow() {
		return 0
	}
	return int(guessEvery / time.Second)
}

// forget drops the addresses that have been quiet.
func (g *guard) forget() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for addr, l := range g.sources {
		if l.Tokens() >= guessBurst {
			delete(g.sources, addr)
		}
	}
}
