// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package account

import (
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// maxCached is how many log-ins and tokens are remembered at once.
const maxCached = 10_000

// cache remembers who a token belongs to, by the token's hash: for moments, or
// for a minute while the database is away. Changes of this process drop what
// they concern, so only those of another node take these moments to arrive.
type cache struct {
	mu      sync.Mutex // guards the fields below; innermost
	entries *simplelru.LRU[[32]byte, cached]
	drops   uint64
}

type cached struct {
	Principal
	expires time.Time // of the token; zero: never
	at      time.Time // when the database said so
}

func newCache() *cache {
	l, err := simplelru.NewLRU[[32]byte, cached](maxCached, nil)
	if err != nil {
		panic(err) // only for a size below 1
	}
	return &cache{entries: l}
}

// get also returns a mark for put.
func (c *cache) get(key [32]byte) (e cached, ok bool, mark uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok = c.entries.Get(key)
	return e, ok, c.drops
}

// put remembers e, unless something has been dropped since the mark: e may
// have been read before that change.
func (c *cache) put(key [32]byte, e cached, mark uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.drops == mark {
		c.entries.Add(key, e)
	}
}

func (c *cache) remove(key [32]byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.entries.Remove(key)
}

// drop forgets everything of a user. It walks the whole cache, which is small
// next to the write that has come before.
func (c *cache) drop(user int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drops++
	for _, key := range c.entries.Keys() {
		if e, ok := c.entries.Peek(key); ok && e.User.ID == user {
			c.entries.Remove(key)
		}
	}
}

// seen gathers when log-ins and tokens were last used.
type seen struct {
	mu             sync.Mutex // guards the fields below; innermost
	logins, tokens map[string]time.Time
}

func newSeen() *seen {
	return &seen{logins: make(map[string]time.Time), tokens: make(map[string]time.Time)}
}

func (s *seen) add(p Principal, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	into, id := s.logins, p.JTI
	if p.TokenID != "" {
		into, id = s.tokens, p.TokenID
	}
	if _, ok := into[id]; ok || len(into) < maxCached {
		into[id] = at
	}
}

func (s *seen) take() (logins, tokens map[string]time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	logins, tokens = s.logins, s.tokens
	s.logins, s.tokens = make(map[string]time.Time), make(map[string]time.Time)
	return logins, tokens
}
