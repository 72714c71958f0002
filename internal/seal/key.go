// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
)

// A sealed datagram, numbers big endian:
//
//	0        4         12
//	| key id | counter | ciphertext … | tag 16 |
//
// The key id names the key among the receiver's; it is part of what is
// exported, so both ends know it. The nonce of AES-256-GCM is the key's IV xor
// the counter, which a sender never uses twice.
const (
	// Overhead is how much longer a datagram is sealed.
	Overhead = headSize + tagSize

	idSize      = 4
	counterSize = 8
	headSize    = idSize + counterSize
	tagSize     = 16
	secretSize  = 32
	ivSize      = 12 // as large as the head, where a nonce is made
)

// Direction is which way a key's datagrams go. Each way has a key of its own.
type Direction byte

// The directions.
const (
	ToProvider Direction = 'P'
	ToVisitor  Direction = 'V'
)

// label keeps these exports apart from any other use of the connection.
const label = "EXPORTER-culvert-udp"

// Reasons why a datagram is not sealed, or not opened. They are values that
// cost nothing: whoever forges datagrams makes many.
var (
	ErrUsedUp     = errors.New("the key for datagrams is used up")
	ErrUnknownKey = errors.New("a datagram of a key that is not known")
	ErrForged     = errors.New("a datagram that its sender did not make")
	ErrReplayed   = errors.New("a datagram that has come before, or far too late")
)

// Key seals the datagrams of one direction. It prints as its id.
type Key struct {
	id     [idSize]byte
	secret [secretSize]byte
	iv     [ivSize]byte
}

// Export derives the key for a direction of a session. What is exported is of
// this one handshake, so another channel of the session has other keys.
func Export(cs *tls.ConnectionState, session string, d Direction) (Key, error) {
	context := append([]byte{byte(d)}, session...)
	b, err := cs.ExportKeyingMaterial(label, context, idSize+secretSize+ivSize)
	if err != nil {
		return Key{}, fmt.Errorf("exporting a key for datagrams: %w", err)
	}
	var k Key
	b = b[copy(k.id[:], b):]
	b = b[copy(k.secret[:], b):]
	copy(k.iv[:], b)
	return k, nil
}

// String hides the key from logs.
func (k Key) String() string { return fmt.Sprintf("key %x", k.id[:]) }

// GoString hides the key from %#v.
func (k Key) GoString() string { return k.String() }

// aead returns the cipher. Neither call fails for a key of this size.
func (k *Key) aead() cipher.AEAD {
	block, err := aes.NewCipher(k.secret[:])
	if err != nil {
		panic(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	return aead
}

// putNonce writes the nonce for a counter over a datagram's head. There it
// needs no memory of its own, which the call through cipher.AEAD would take
// from the heap.
func putNonce(head, iv []byte, counter uint64) {
	copy(head[:idSize], iv)
	binary.BigEndian.PutUint64(head[idSize:], counter^binary.BigEndian.Uint64(iv[idSize:]))
}
