// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"crypto/rand"
	"encoding/base64"
)

// newID returns 128 random bits as 22 base64url characters. Knowing an id is
// the leave to connect, so it must not be guessable.
func newID() string {
	for {
		var b [16]byte
		// Never fails: crypto/rand ends the process rather than return an error.
		_, _ = rand.Read(b[:])
		// A command would take an id that begins with a dash for a flag.
		if id := base64.RawURLEncoding.EncodeToString(b[:]); id[0] != '-' {
			return id
		}
	}
}
