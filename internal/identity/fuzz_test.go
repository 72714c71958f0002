// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"reflect"
	"strings"
	"testing"
)

// What is read as known keys can be written, and is the same when it is read
// again.
func FuzzKnown(f *testing.F) {
	key := strings.Repeat("A", 43)
	for _, s := range []string{"", "\n", "# x\n", server + " nas " + key, server + " a/b " + key + "\r\n\n", "a b", "\xff", server + "\u2028nas " + key} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		lines, err := parseKnown(text)
		if err != nil {
			return
		}
		written := ""
		for _, l := range lines {
			written += l.text + "\n"
			if l.Client == "" {
				continue
			}
			if again, err := parseLine(newLine(l.KnownKey).text); err != nil || again.KnownKey != l.KnownKey {
				t.Errorf("%+v is written as %+v: %v", l.KnownKey, again, err)
			}
		}
		if again, err := parseKnown(written); err != nil || !reflect.DeepEqual(again, lines) {
			t.Errorf("%q is read as %q: %v", written, again, err)
		}
	})
}

func FuzzKeyFile(f *testing.F) {
	k := must(New())
	f.Add(must(k.text()))
	f.Add([]byte("-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		k, err := parseKey(text)
		if (k == nil) == (err == nil) {
			t.Fatalf("got %v and %v", k, err)
		}
		if k == nil {
			return
		}
		again, err := parseKey(must(k.text()))
		if err != nil || again.Public() != k.Public() || !reflect.DeepEqual(again.Rotation(), k.Rotation()) {
			t.Errorf("%v is written as %v: %v", k, again, err)
		}
	})
}
