// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import "strings"

// MaxName is the longest name of a client or service, and the longest id of a
// session, in bytes. It is that of a DNS label.
const MaxName = 63

// ValidName reports whether s can name a client or a service: 1 to 63 letters,
// digits, hyphens and underscores of ASCII, and not a hyphen first. Dots and
// slashes have meanings of their own (rules C3).
func ValidName(s string) bool { return validToken(s) && s[0] != '-' }

// A client of another account is named with its owner: owner/client. The names
// of accounts are like those of clients.

// MaxFullName is the longest full name of a client, in bytes.
const MaxFullName = 2*MaxName + 1

// FullName returns the name by which accounts other than its owner's know a
// client; the bare one if it has no owner.
func FullName(owner, client string) string {
	if owner == "" {
		return client
	}
	return owner + "/" + client
}

// SplitName returns the parts of a client's name; no owner if it is a bare one.
func SplitName(name string) (owner, client string) {
	if owner, client, ok := strings.Cut(name, "/"); ok && owner != "" {
		return owner, client
	}
	return "", name
}

// ValidClient reports whether s can be a client's name, bare or full.
func ValidClient(s string) bool {
	owner, client, full := strings.Cut(s, "/")
	if !full {
		return ValidName(s)
	}
	return ValidName(owner) && ValidName(client)
}

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
