// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

func TestValidLabel(t *testing.T) {
	for s, want := range map[string]bool{
		"a": true, "A": true, "0": true, "9lives": true, "a-b": true, "a--b": true, "abc--d": true, "web-alice": true,
		strings.Repeat("a", 63): true, "123": true, "a-": false, "-a": false, "-": false, "--": false, "": false,
		strings.Repeat("a", 64): false, "a_b": false, "_a": false, "a.b": false, "a.": false, ".a": false, ".": false, "a b": false, " a": false,
		"xn--a": false, "XN--a": false, "ab--c": false, "a---b": false, "ab--": false, "a:1": false, "a/b": false, "*": false, "a*": false,
		"é": false, "ſ": false, "\u212a": false, "a\x00": false, "a\n": false, "a%2e": false, "a@b": false, "[::1]": false,
	} {
		if got := ValidLabel(s); got != want {
			t.Errorf("%q: %t, want %t", s, got, want)
		}
	}
}

func TestPublicLabel(t *testing.T) {
	for _, tc := range []struct {
		host, account, want string
		valid               bool
	}{
		{"web", "", "web", true},
		{"Web", "", "web", true},
		{"web", "alice", "web-alice", true},
		{"WEB", "Alice", "web-alice", true},
		{"web", "_a_b_", "web-a-b", true},
		{"web", "a__b", "web-a--b", true},
		{"x", "n--y", "x-n--y", true},
		{"ab", "-c", "ab-c", true}, // not xn-- in disguise
		{"web", "a-", "web-a", true},
		{"web", "__", "web-", false},
		{strings.Repeat("a", 60), "bob", strings.Repeat("a", 60) + "-bob", false},
		{strings.Repeat("a", 59), "bob", strings.Repeat("a", 59) + "-bob", true},
		{"", "alice", "-alice", false},
		{"", "", "", false},
	} {
		if got := PublicLabel(tc.host, tc.account); got != tc.want || ValidLabel(got) != tc.valid {
			t.Errorf("%q of %q: %q, valid: %t", tc.host, tc.account, got, ValidLabel(got))
		}
	}
}

// FuzzLabel: what is valid is a label by the letter of the standards, is a host
// to net/url as it stands, and says the same in any case.
func FuzzLabel(f *testing.F) {
	for _, s := range []string{"web", "a-b", "-", "xn--a", "a.b", "é", "A", "0", "ab--c", "a:80", "%41", strings.Repeat("x", 63)} {
		f.Add(s, "alice")
	}
	f.Add("web", "_A_")
	form := regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$`)
	f.Fuzz(func(t *testing.T, s, account string) {
		valid := ValidLabel(s)
		encoded := len(s) >= 4 && s[2:4] == "--"
		if want := form.MatchString(s) && !encoded; valid != want {
			t.Errorf("%q: %t, want %t", s, valid, want)
		}
		label := PublicLabel(s, account)
		if label != strings.Map(unicode.ToLower, label) || strings.Contains(label, "_") && !strings.Contains(s, "_") {
			t.Errorf("%q of %q: %q", s, account, label)
		}
		if !valid {
			return
		}
		if ValidName(account) && len(label) <= MaxLabel && !ValidLabel(label) && strings.Trim(account, "_-") != "" {
			t.Errorf("%q of %q: %q is not valid", s, account, label)
		}
		u, err := url.Parse("https://" + s + ".apps.example.com:8443/")
		if err != nil || u.Hostname() != s+".apps.example.com" {
			t.Errorf("%q: %v, %v", s, u, err)
		}
	})
}

func TestValidDomain(t *testing.T) {
	long := strings.Repeat("a", MaxLabel)
	for s, want := range map[string]bool{
		"www.example.org": true, "WWW.Example.ORG": true, "a.b": true, "1.example": true, "xn--bcher-kva.example": true, "example.xn--p1ai": true,
		"a-b.c-d": true, strings.Join([]string{long, long, long, strings.Repeat("a", 61)}, "."): true,
		"": false, "example": false, ".example.org": false, "example.org.": false, "a..b": false, "-a.org": false, "a-.org": false, "a_b.org": false,
		"bücher.example": false, "xn--.example": false, "*.example.org": false, "example.org:80": false, "a/b.org": false, "a b.org": false,
		strings.Join([]string{long, long, long, strings.Repeat("a", 62)}, "."): false, long + "a.org": false,
		// What resolvers take for addresses.
		"127.0.0.1": false, "127.1": false, "0x7f.1": false, "1.0x7f": false, "017700000001.1": false, "a.0X7F": false, "169.254.169.254": false, "a.1e3": false, "a.7": false,
	} {
		if got := ValidDomain(s); got != want {
			t.Errorf("%q: %t", s, got)
		}
	}
}

func TestValidPublicName(t *testing.T) {
	for s, want := range map[string]bool{
		"web-alice": true, "www.example.org": true, "tcp:1": true, "udp:65535": true,
		"": false, "tcp:": false, "tcp:0": false, "tcp:65536": false, "tcp:01": false, "tcp:+1": false, "TCP:1": false, "sctp:1": false, "tcp:1:2": false, ":1": false, "a_b": false,
	} {
		if got := ValidPublicName(s); got != want {
			t.Errorf("%q: %t", s, got)
		}
	}
	if got := PublicName("WWW.Example.org", "alice") + " " + PublicName("Web", "alice") + " " + PublicPort(TCP, 20022); got != "www.example.org web-alice tcp:20022" {
		t.Errorf("got %s", got)
	}
}
