// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package seal

import (
	"crypto/cipher"
	"encoding/binary"
	"slices"
	"sync/atomic"
)

const (
	// counterLimit is where a sender refuses: far from a counter's repetition.
	counterLimit = 1 << 63
	// wornAt is where a key is to be renewed: up to here, datagrams of 2 KiB
	// leave AES-GCM the margin that RFC 9001 (appendix B) asks of QUIC.
	wornAt = 1 << 28
)

// Sender seals the datagrams of one direction. It is safe for use by several
// goroutines.
type Sender struct {
	id      [idSize]byte
	iv      [ivSize]byte
	aead    cipher.AEAD
	counter atomic.Uint64 // of the next datagram
}

// NewSender returns the sender of a key. There must be only one of each key,
// or counters repeat.
func NewSender(k Key) *Sender { return &Sender{id: k.id, iv: k.iv, aead: k.aead()} }

// Seal appends data, sealed, to dst, and does not allocate if dst has Overhead
// more room than data. ad is not sent; the receiver has to know it. data must
// not lie in dst's free room.
func (s *Sender) Seal(dst, data, ad []byte) ([]byte, error) {
	n := s.counter.Add(1) - 1
	if n >= counterLimit {
		s.counter.Store(counterLimit)
		return dst, ErrUsedUp
	}
	start := len(dst)
	dst = slices.Grow(dst, Overhead+len(data))[:start+headSize]
	head := dst[start:]
	putNonce(head, s.iv[:], n)
	dst = s.aead.Seal(dst, head, data, ad)
	copy(head, s.id[:])
	binary.BigEndian.PutUint64(head[idSize:], n)
	return dst, nil
}

// Worn reports whether the key should be replaced; it still works.
func (s *Sender) Worn() bool { return s.counter.Load() >= wornAt }
