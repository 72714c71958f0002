// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package signaling

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"strings"
)

// TokenPrefix makes tokens easy to find where they should not be.
const TokenPrefix = "cvt_"

// NewToken returns the text of a new token.
func NewToken() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	return TokenPrefix + base64.RawURLEncoding.EncodeToString(b[:])
}

// HashToken is what is kept of a token. A plain hash does: its 256 random bits
// cannot be found by trying, as a password's could.
func HashToken(text string) [sha256.Size]byte { return sha256.Sum256([]byte(text)) }

// newSessionID returns 128 random bits as 22 characters. It never begins with
// a hyphen, which stands for "no session" in a line.
func newSessionID() string {
	for {
		var b [16]byte
		_, _ = rand.Read(b[:])
		if id := base64.RawURLEncoding.EncodeToString(b[:]); id[0] != '-' {
			return id
		}
	}
}

// Assigned names are those of clients that brought none. They are forgotten
// soon after they went offline, so that nobody's visits fill the list.
const (
	assignedPrefix = "c-"
	assignedLength = 8
	assignedChars  = "abcdefghijklmnopqrstuvwxyz234567"
)

func newName() string {
	var b [assignedLength]byte
	_, _ = rand.Read(b[:])
	for i := range b {
		b[i] = assignedChars[b[i]%32]
	}
	return assignedPrefix + string(b[:])
}

// isAssigned reports whether newName could have made the name.
func isAssigned(name string) bool {
	rest, ok := strings.CutPrefix(name, assignedPrefix)
	return ok && len(rest) == assignedLength && strings.Trim(rest, assignedChars) == ""
}
