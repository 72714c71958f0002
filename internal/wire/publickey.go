// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
)

// PublicKey is an end's Ed25519 key, in text 43 characters of base64url.
type PublicKey [ed25519.PublicKeySize]byte

// Fingerprint is what people compare, written as SSH does: "SHA256:" and the
// hash in base64.
func (k PublicKey) Fingerprint() string {
	sum := sha256.Sum256(k[:])
	return "SHA256:" + base64.RawStdEncoding.EncodeToString(sum[:])
}

// String returns the text form.
func (k PublicKey) String() string { return base64.RawURLEncoding.EncodeToString(k[:]) }

// MarshalText implements encoding.TextMarshaler.
func (k PublicKey) MarshalText() ([]byte, error) {
	return base64.RawURLEncoding.AppendEncode(nil, k[:]), nil
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (k *PublicKey) UnmarshalText(b []byte) error { return decodeExactly(k[:], b) }

// Rotation is the last key's word for the next one.
type Rotation struct {
	Previous  PublicKey `json:"previous"`
	Signature []byte    `json:"signature"` // 64 bytes; base64 in JSON
}

// rotationLabel keeps the signature from meaning anything else.
const rotationLabel = "culvert key rotation 1\n"

// Rotate has key sign its successor.
func Rotate(key ed25519.PrivateKey, next PublicKey) *Rotation {
	return &Rotation{
		Previous:  PublicKey(key.Public().(ed25519.PublicKey)),
		Signature: ed25519.Sign(key, append([]byte(rotationLabel), next[:]...)),
	}
}

// Leads reports whether the rotation goes from one key to the other.
func (r *Rotation) Leads(from, to PublicKey) bool {
	return r != nil && r.Previous == from && len(r.Signature) == ed25519.SignatureSize &&
		ed25519.Verify(from[:], append([]byte(rotationLabel), to[:]...), r.Signature)
}
