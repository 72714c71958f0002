// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import "unicode/utf8"

// UTF8 checks text that arrives in pieces, which may end within a character.
// The zero value is ready.
type UTF8 struct {
	part [utf8.UTFMax]byte // a character that has begun
	n    uint8
}

// Write takes the next piece and reports whether all so far can be UTF-8. It
// fails at the first byte that no continuation can mend (RFC 6455 §8.1).
func (u *UTF8) Write(p []byte) bool {
	for u.n > 0 && len(p) > 0 {
		u.part[u.n] = p[0]
		u.n++
		p = p[1:]
		if utf8.FullRune(u.part[:u.n]) {
			if r, size := utf8.DecodeRune(u.part[:u.n]); r == utf8.RuneError && size == 1 {
				return false
			}
			u.n = 0
		}
	}
	// Only the last three bytes can begin a character that p does not end.
	end := len(p)
	for i := 1; i < utf8.UTFMax && i <= len(p); i++ {
		if b := p[len(p)-i]; utf8.RuneStart(b) {
			if b >= utf8.RuneSelf && !utf8.FullRune(p[len(p)-i:]) {
				end = len(p) - i
			}
			break
		}
	}
	if !utf8.Valid(p[:end]) {
		return false
	}
	u.n += uint8(copy(u.part[u.n:], p[end:]))
	return true
}

// Done reports whether the text ends with a whole character, and makes u ready
// for the next.
func (u *UTF8) Done() bool {
	whole := u.n == 0
	u.n = 0
	return whole
}
