// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/culvertd/culvert/internal/wire"
)

// knownLine is a line of the file. A comment or an empty line has no client.
type knownLine struct {
	KnownKey
	text string
}

func newLine(k KnownKey) knownLine {
	return knownLine{k, k.Server + " " + k.Client + " " + k.Key.String()}
}

func (l knownLine) compare(key wire.PublicKey) error {
	if l.Key != key { // public: its timing tells nothing
		return &ChangedError{Server: l.Server, Client: l.Client, Was: l.Key, Is: key}
	}
	return nil
}

// find returns the index of the client's line, or -1.
func find(lines []knownLine, server, client string) int {
	return slices.IndexFunc(lines, func(l knownLine) bool {
		return l.Client == client && l.Server == server && client != ""
	})
}

// parseKnown fails on the first line that it does not understand: to skip it
// would be to trust whoever comes next.
func parseKnown(text string) ([]knownLine, error) {
	var lines []knownLine
	for i, s := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		s = strings.TrimRight(s, "\r")
		l, err := parseLine(s)
		if err == nil && find(lines, l.Server, l.Client) >= 0 {
			err = fmt.Errorf("%s at %s has a key in an earlier line too", l.Client, l.Server)
		}
		if err != nil {
			return nil, fmt.Errorf("%d: %w; mend or remove that line", i+1, err)
		}
		lines = append(lines, l)
	}
	return lines, nil
}

func parseLine(s string) (knownLine, error) {
	l := knownLine{text: s}
	if s = strings.TrimSpace(s); s == "" || s[0] == '#' {
		return l, nil
	}
	f := strings.Fields(s)
	if len(f) != 3 {
		return l, fmt.Errorf("a line has a server, a client and a key; this has %d words", len(f))
	}
	if err := checkNames(f[0], f[1]); err != nil {
		return l, err
	}
	l.Server, l.Client = f[0], f[1]
	if err := l.Key.UnmarshalText([]byte(f[2])); err != nil {
		return l, errors.New("the third word is not a public key")
	}
	return l, nil
}

// checkNames keeps what a gateway or a user says from making other lines than
// the one that is meant.
func checkNames(server, client string) error {
	odd := func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }
	if server == "" || server[0] == '#' || !utf8.ValidString(server) || strings.ContainsFunc(server, odd) {
		return fmt.Errorf("%q is not the address of a server", server)
	}
	if !wire.ValidClient(client) {
		return fmt.Errorf("%q is not a client's name", client)
	}
	return nil
}
