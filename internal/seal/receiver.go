// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package seal

import (
	"crypto/cipher"
	"encoding/binary"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// maxKeys bounds what a receiver knows, if channels come and go before one
	// of their keys is used.
	maxKeys = 8
	// keepOld is how long datagrams of a key may be under way once the sender
	// has begun to use a newer one.
	keepOld = 30 * time.Second
)

// Receiver opens datagrams of the newest key, and for a while of those before.
// The zero value knows no key. It is safe for use by several goroutines.
type Receiver struct {
	mu   sync.Mutex                  // serialises Add
	keys atomic.Pointer[[]*incoming] // newest first; never written, but replaced
}

// incoming is one key.
type incoming struct {
	id    [idSize]byte
	iv    [ivSize]byte
	aead  cipher.AEAD
	until atomic.Int64 // it counts, in Unix nanoseconds; 0: no newer key is in use

	mu   sync.Mutex // guards the fields below
	seen window
	used bool
}

// Add makes k the newest key. The ones before stay until it is used, for its
// sender may never come to know it.
func (r *Receiver) Add(k Key) {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := append(make([]*incoming, 0, maxKeys), &incoming{id: k.id, iv: k.iv, aead: k.aead()})
	now := time.Now().UnixNano()
	for _, old := range r.all() {
		if len(list) < maxKeys && !old.over(now) {
			list = append(list, old)
		}
	}
	r.keys.Store(&list)
}

func (r *Receiver) all() []*incoming {
	if p := r.keys.Load(); p != nil {
		return *p
	}
	return nil
}

// Open opens a datagram in place and returns its data, which aliases b; what b
// holds is lost if it fails. It does not allocate.
func (r *Receiver) Open(b, ad []byte) ([]byte, error) {
	if len(b) < Overhead {
		return nil, ErrForged
	}
	keys := r.all()
	for i, k := range keys {
		if k.id != [idSize]byte(b) {
			continue
		}
		if k.until.Load() != 0 && k.over(time.Now().UnixNano()) {
			break
		}
		data, first, err := k.open(b, ad)
		if first {
			for _, old := range keys[i+1:] {
				old.until.CompareAndSwap(0, time.Now().Add(keepOld).UnixNano())
			}
		}
		return data, err
	}
	return nil, ErrUnknownKey
}

func (k *incoming) over(now int64) bool {
	until := k.until.Load()
	return until != 0 && until < now
}

// open also reports whether it is the first of the key that is genuine. The
// lock is held meanwhile: there is one reader as a rule, and a counter must not
// pass twice.
func (k *incoming) open(b, ad []byte) (data []byte, first bool, err error) {
	n := binary.BigEndian.Uint64(b[idSize:])
	head := b[:headSize]
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.seen.fresh(n) {
		return nil, false, ErrReplayed
	}
	putNonce(head, k.iv[:], n)
	data, err = k.aead.Open(b[headSize:headSize], head, b[headSize:], ad)
	if err != nil {
		return nil, false, ErrForged
	}
	k.seen.note(n)
	first, k.used = !k.used, true
	return data, first, nil
}
