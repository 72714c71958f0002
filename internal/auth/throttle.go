// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package auth

import (
	"net/netip"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// maxKeys bounds the memory of one throttle to a few MiB. The keys that have
// been quiet longest are forgotten first.
const maxKeys = 1 << 16

// Source is who an address stands for when tries are counted: itself, or the
// network of 64 bits that its owner has all of.
func Source(addr netip.Addr) netip.Prefix {
	addr = addr.Unmap().WithZone("")
	bits := addr.BitLen()
	if addr.Is6() {
		bits = 64
	}
	p, err := addr.Prefix(bits)
	if err != nil { // the zero address: commands of the operator
		return netip.Prefix{}
	}
	return p
}

// Throttle gives each key a bucket: burst tries at once, and one more in every
// period. Other than those of x/time/rate, a try can be given back, so that a
// limit on failures counts also those that are still being checked.
type Throttle[K comparable] struct {
	burst float64
	every time.Duration

	mu   sync.Mutex // guards the field below; innermost
	keys *simplelru.LRU[K, *bucket]
}

type bucket struct {
	used float64
	at   time.Time
}

// NewThrottle returns a throttle in which nobody has tried yet.
func NewThrottle[K comparable](burst int, every time.Duration) *Throttle[K] {
	return &Throttle[K]{burst: float64(burst), every: every, keys: newLRU[K, *bucket](maxKeys)}
}

// Take counts a try, and returns how many there have been before; or, if it is
// one too many, how long to wait.
func (t *Throttle[K]) Take(key K) (before int, wait time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	b := t.bucketLocked(key)
	if over := b.used + 1 - t.burst; over > 0 {
		return int(b.used), max(time.Duration(over*float64(t.every)), time.Millisecond)
	}
	before = int(b.used)
	b.used++
	return before, 0
}

// Return takes one try back.
func (t *Throttle[K]) Return(key K) {
	t.mu.Lock()
	defer t.mu.Unlock()
	b := t.bucketLocked(key)
	b.used = max(0, b.used-1)
}

func (t *Throttle[K]) bucketLocked(key K) *bucket {
	now := time.Now()
	b, ok := t.keys.Get(key)
	if !ok {
		b = &bucket{at: now}
		t.keys.Add(key, b)
	}
	b.used = max(0, b.used-float64(now.Sub(b.at))/float64(t.every))
	b.at = now
	return b
}

// newLRU returns an empty one; a size above 0 is the only thing that
// simplelru asks for.
func newLRU[K comparable, V any](size int) *simplelru.LRU[K, V] {
	l, err := simplelru.NewLRU[K, V](size, nil)
	if err != nil {
		panic(err)
	}
	return l
}
