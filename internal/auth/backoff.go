// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package auth

import (
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// How long to wait after failures: not at all after the first few, then twice
// as long each time. Nobody is locked out for good, and an hour without
// failures makes all good again.
const (
	freeFailures = 5
	firstWait    = 30 * time.Second
	longestWait  = 15 * time.Minute
	forgetAfter  = time.Hour
)

// Backoff makes those who fail wait longer and longer, each key by itself.
type Backoff[K comparable] struct {
	mu   sync.Mutex // guards the field below; innermost
	keys *simplelru.LRU[K, *failures]
}

type failures struct {
	n  int
	at time.Time // of the last one
}

// NewBackoff returns a Backoff in which nobody has failed.
func NewBackoff[K comparable]() *Backoff[K] {
	return &Backoff[K]{keys: newLRU[K, *failures](maxKeys)}
}

// Try counts a failure in advance, so that many tries at once are no way
// around the limit; or it returns how long to wait before the next one, which
// then does not count.
func (b *Backoff[K]) Try(key K) (wait time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	f, ok := b.keys.Get(key)
	if !ok || now.Sub(f.at) >= forgetAfter {
		f = &failures{}
		b.keys.Add(key, f)
	}
	if wait = f.at.Add(waitAfter(f.n)).Sub(now); wait > 0 && f.n > 0 {
		return wait
	}
	f.n++
	f.at = now
	return 0
}

// Undo takes a failure back that was none: nobody has looked at the password.
func (b *Backoff[K]) Undo(key K) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if f, ok := b.keys.Get(key); ok && f.n > 0 {
		f.n--
	}
}

// Forgive forgets all failures of the key.
func (b *Backoff[K]) Forgive(key K) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.keys.Remove(key)
}

func waitAfter(n int) time.Duration {
	if n < freeFailures {
		return 0
	}
	wait := firstWait
	for ; n > freeFailures && wait < longestWait; n-- {
		wait *= 2
	}
	return min(wait, longestWait)
}
