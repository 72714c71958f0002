// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
)

// Key proves who opens a channel. The gateway makes it and sends it over the
// authenticated signaling connection; the secret never travels on the relay
// port. A client's key parks channels, a session's key opens them, so the two
// roles never share one.
type Key struct {
	ID     KeyID  `json:"id"`
	Secret Secret `json:"secret"`
}

// KeyID names a key on the wire: 8 random bytes, in text 11 characters of
// base64url.
type KeyID [8]byte

// Secret is what only the gateway and one client know. It prints as stars.
type Secret [32]byte

// Tag is a MAC over a line or a packet.
type Tag [16]byte

var errKeyText = errors.New("not a key in base64url")

// NewKey makes a key from the system's randomness.
func NewKey() Key {
	var k Key
	_, _ = rand.Read(k.ID[:]) // never fails (crypto/rand)
	_, _ = rand.Read(k.Secret[:])
	return k
}

// sign returns HMAC-SHA256 over msg, cut to 16 bytes.
func (s *Secret) sign(msg []byte) Tag {
	h := hmac.New(sha256.New, s[:])
	h.Write(msg)
	var sum [sha256.Size]byte
	return Tag(h.Sum(sum[:0])[:16])
}

// verify compares in constant time.
func (s *Secret) verify(msg []byte, t Tag) bool {
	want := s.sign(msg)
	return hmac.Equal(want[:], t[:])
}

// String returns the text form.
func (id KeyID) String() string { return base64.RawURLEncoding.EncodeToString(id[:]) }

// MarshalText implements encoding.TextMarshaler.
func (id KeyID) MarshalText() ([]byte, error) {
	return base64.RawURLEncoding.AppendEncode(nil, id[:]), nil
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (id *KeyID) UnmarshalText(b []byte) error { return decodeExactly(id[:], b) }

// String hides the secret from logs.
func (s Secret) String() string { return "***" }

// GoString hides the secret from %#v.
func (s Secret) GoString() string { return "***" }

// MarshalText implements encoding.TextMarshaler; it is for signaling messages.
func (s Secret) MarshalText() ([]byte, error) {
	return base64.RawURLEncoding.AppendEncode(nil, s[:]), nil
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *Secret) UnmarshalText(b []byte) error { return decodeExactly(s[:], b) }

// decodeExactly decodes base64url that has exactly len(to) bytes.
func decodeExactly(to, text []byte) error {
	var buf [48]byte
	if len(text) > base64.RawURLEncoding.EncodedLen(len(to)) {
		return errKeyText
	}
	n, err := base64.RawURLEncoding.Strict().Decode(buf[:], text)
	if err != nil || n != len(to) {
		return errKeyText
	}
	copy(to, buf[:n])
	return nil
}
