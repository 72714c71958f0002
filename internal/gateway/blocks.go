// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/culvertd/culvert/internal/store"
)

// blocks is the block list as the data planes ask it, for each request and
// packet: what is asked never waits for what changes it.
type blocks struct{ list atomic.Pointer[blockList] }

// blockList does not change once made.
type blockList struct {
	until map[netip.Prefix]time.Time // zero: for ever
	bits  [2][]int                   // the lengths of IPv4's and IPv6's, each once
}

// set replaces the list.
func (b *blocks) set(list []store.Block) {
	l := &blockList{until: make(map[netip.Prefix]time.Time, len(list))}
	seen := make(map[[2]int]bool)
	for _, e := range list {
		p := e.Prefix.Masked()
		if !p.IsValid() {
			continue
		}
		// Of two for one prefix the longer one counts.
		if at, twice := l.until[p]; !twice || !at.IsZero() && (e.ExpiresAt.IsZero() || e.ExpiresAt.After(at)) {
			l.until[p] = e.ExpiresAt
		}
		if k := [2]int{family(p.Addr()), p.Bits()}; !seen[k] {
			seen[k] = true
			l.bits[k[0]] = append(l.bits[k[0]], k[1])
		}
	}
	b.list.Store(l)
}

// family is the index of an address's lengths.
func family(a netip.Addr) int {
	if a.Is4() {
		return 0
	}
	return 1
}

// has reports whether an address is blocked now. It costs one look-up for each
// length of prefix that is listed.
func (b *blocks) has(a netip.Addr) bool {
	l := b.list.Load()
	if l == nil || len(l.until) == 0 || !a.IsValid() {
		return false
	}
	a = a.Unmap().WithZone("")
	for _, bits := range l.bits[family(a)] {
		p, err := a.Prefix(bits)
		if err != nil {
			continue
		}
		if until, listed := l.until[p]; listed && (until.IsZero() || time.Now().Before(until)) {
			return true
		}
	}
	return false
}

// len returns how many entries there are, those that have expired included.
func (b *blocks) len() int {
	if l := b.list.Load(); l != nil {
		return len(l.until)
	}
	return 0
}
