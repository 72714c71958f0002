// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package signaling

import (
	"context"
	"sync"
	"time"

	"go.uber.org/zap"
)

const (
	keepEvery = time.Second
	// usedEvery is how often the last use of a token is written.
	usedEvery = time.Minute
	// storeTimeout bounds one write, so that a stuck disk cannot keep a
	// gateway from stopping.
	storeTimeout = 5 * time.Second
	// maxRecords bounds the ended sessions that wait for the store; beyond it
	// they are dropped, because a log must not slow sessions down.
	maxRecords    = 8192
	complainEvery = time.Minute
)

// keeper carries changes into the store, off the way of messages. A gateway
// that is killed may forget the last second: a client that comes back after it
// registers anew anyway.
type keeper struct {
	store Store
	log   func() *zap.Logger

	mu      sync.Mutex // guards the fields below; innermost
	clients map[clientKey]Client
	tokens  map[string]time.Time
	records []SessionRecord
	lost    uint64

	complained time.Time // belongs to run
}

func (k *keeper) init(st Store, log func() *zap.Logger) {
	k.store, k.log = st, log
	k.clients, k.tokens = make(map[clientKey]Client), make(map[string]time.Time)
}

// client has c written, in place of what waits of it.
func (k *keeper) client(c Client) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.clients[clientKey{c.Account.ID, c.Name}] = c
}

// forget drops what waits of a client.
func (k *keeper) forget(key clientKey) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.clients, key)
}

// adopt has what waits of the operator's clients be a's.
func (k *keeper) adopt(a Account) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for key, c := range k.clients {
		if key.account == Operator.ID {
			delete(k.clients, key)
			c.Account = a
			k.clients[clientKey{a.ID, key.name}] = c
		}
	}
}

// used notes the use of a token; the caller holds the lock that guards it.
func (k *keeper) used(t *token, now time.Time) {
	t.LastUsed = now
	if now.Sub(t.written) < usedEvery {
		return
	}
	t.written = now
	k.mu.Lock()
	defer k.mu.Unlock()
	k.tokens[t.ID] = now
}

func (k *keeper) session(r SessionRecord) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.records) >= maxRecords {
		k.lost++
		return
	}
	k.records = append(k.records, r)
}

// run writes until stop, and then the rest.
func (k *keeper) run(stop <-chan struct{}) {
	t := time.NewTicker(keepEvery)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			k.flush()
		case <-stop:
			k.flush()
			return
		}
	}
}

// flush writes what waits. What the store refuses is tried again with the next
// batch, the log of sessions excepted.
func (k *keeper) flush() {
	k.mu.Lock()
	b := Batch{Used: k.tokens, Sessions: k.records, Clients: make([]Client, 0, len(k.clients))}
	for _, c := range k.clients {
		b.Clients = append(b.Clients, c)
	}
	k.clients, k.tokens, k.records = make(map[clientKey]Client), make(map[string]time.Time), nil
	k.mu.Unlock()
	if len(b.Clients) == 0 && len(b.Used) == 0 && len(b.Sessions) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
	defer cancel()
	if err := k.store.Write(ctx, b); err != nil {
		k.restore(b)
		if time.Since(k.complained) > complainEvery {
			k.complained = time.Now()
			k.log().Error("writing clients and sessions", zap.Error(err))
		}
	}
}

// restore puts a batch back that was not written; what is newer stays.
func (k *keeper) restore(b Batch) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, c := range b.Clients {
		key := clientKey{c.Account.ID, c.Name}
		if _, ok := k.clients[key]; !ok {
			k.clients[key] = c
		}
	}
	for id, at := range b.Used {
		if _, ok := k.tokens[id]; !ok {
			k.tokens[id] = at
		}
	}
	k.lost += uint64(len(b.Sessions))
}
