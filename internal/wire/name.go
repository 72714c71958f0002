// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package wire

// MaxName is the longest name of a client or service, and the longest id of a
// session, in bytes. It is that of a DNS label.
const MaxName = 63

// ValidName reports whether s can name a client or a service: 1 to 63 letters,
// digits, hyphens and underscores of ASCII, and not a hyphen first. Dots and
// slashes have meanings of their own (rules C3).
func ValidName(s string) bool { return validToken(s) && s[0] != '-' }

// validToken reports whether s can stand in a line: what ValidName allows, and
// hyphens first.
func validToken(s string) bool {
	if s == "" || len(s) > MaxName {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_':
		default:
			return false
		}
	}
	return true
}
