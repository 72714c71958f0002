// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
)

// NewSecret returns the prefix and 256 random bits in base64url. Prefixes make
// secrets easy to find where they should not be.
func NewSecret(prefix string) string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	return prefix + base64.RawURLEncoding.EncodeToString(b[:])
}

// NewCode returns at least 128 random bits in 26 letters and digits, none of
// which looks like another: for what people may have to type.
func NewCode() string { return rand.Text() }

// HashSecret is what is kept of a secret. A plain hash does: its random bits
// cannot be found by trying, as a password's could. Looking a secret up by its
// hash also tells nothing by the time that it takes.
func HashSecret(text string) [sha256.Size]byte { return sha256.Sum256([]byte(text)) }

// NewID returns 50 random bits as 10 characters, to tell things apart. It is no
// secret.
func NewID() string { return random("abcdefghijklmnopqrstuvwxyz234567", 10) }

// NewUserCode returns a code that someone copies from one screen to another:
// XXXX-XXXX of 20 consonants (RFC 8628, 6.1), which spell no words. It is good
// for minutes only, and only for who is logged in.
func NewUserCode() string {
	s := random("BCDFGHJKLMNPQRSTVWXZ", 8)
	return s[:4] + "-" + s[4:]
}

// random returns n of the characters, of which there are at most 128.
func random(chars string, n int) string {
	out := make([]byte, 0, n)
	fair := byte(256 / len(chars) * len(chars) % 256) // 0: all 256 values are
	for len(out) < n {
		var b [16]byte
		_, _ = rand.Read(b[:])
		for _, v := range b {
			if (fair == 0 || v < fair) && len(out) < n {
				out = append(out, chars[int(v)%len(chars)])
			}
		}
	}
	return string(out)
}
