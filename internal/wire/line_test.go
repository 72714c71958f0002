// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
)

func testLine() (Line, Secret) {
	l := Line{Role: Open, Protocol: TCP, Session: "s-1_A", Counter: 7, Replaces: 3}
	copy(l.Key[:], "\x00\x01\x02keyid")
	return l, Secret{1, 2, 3}
}

func TestLineRoundTrip(t *testing.T) {
	for _, role := range []Role{Park, Open, Warm} {
		for _, protocol := range []string{TCP, UDP} {
			l, s := testLine()
			l.Role, l.Protocol = role, protocol
			if role == Park {
				l.Session = ""
			}
			b := l.Append([]byte("before"), s)
			b = b[len("before"):]
			if len(b) > MaxLine || b[len(b)-1] != '\n' {
				t.Fatalf("%q", b)
			}
			got, err := ParseLine(b[:len(b)-1])
			if err != nil || got.Line != l {
				t.Fatalf("%q: %+v, %v", b, got.Line, err)
			}
			if !got.Verify(s) || got.Verify(Secret{}) {
				t.Error("the MAC does not tell secrets apart")
			}
		}
	}
}

// TestLineCoversAll: every byte of a line counts for its MAC or its form.
func TestLineCoversAll(t *testing.T) {
	l, s := testLine()
	b := bytes.TrimSuffix(l.Append(nil, s), []byte("\n"))
	for i := range b {
		for _, flip := range []byte{1, 2, 4, 0x20, 0x80} {
			c := bytes.Clone(b)
			c[i] ^= flip
			if got, err := ParseLine(c); err == nil && got.Verify(s) {
				t.Errorf("%q passes for %q", c, b)
			}
		}
	}
}

func TestLongestLine(t *testing.T) {
	l, s := testLine()
	l.Session = strings.Repeat("s", MaxName)
	l.Counter, l.Replaces = 1<<64-1, 1<<64-1
	if n := len(l.Append(nil, s)); n > MaxLine {
		t.Errorf("%d bytes", n)
	}
	g := GoLine{Session: l.Session, Service: l.Session, Protocol: UDP, Mode: ModePlain}
	if n := len(g.Append(nil)); n > MaxLine {
		t.Errorf("a go line of %d bytes", n)
	}
	r := Refusal{Code: RefusedLimit, Message: strings.Repeat("m", 2*MaxLine)}
	if b := r.Append(nil); len(b) > MaxLine || b[len(b)-1] != '\n' {
		t.Errorf("a refusal of %d bytes", len(b))
	}
}

func TestLineRefuses(t *testing.T) {
	l, s := testLine()
	good := string(bytes.TrimSuffix(l.Append(nil, s), []byte("\n")))
	f := strings.Split(good, " ")
	with := func(i int, v string) string {
		g := append([]string(nil), f...)
		g[i] = v
		return strings.Join(g, " ")
	}
	for _, bad := range []string{
		"", " ", "\n", good + " ", " " + good, strings.ReplaceAll(good, " ", "  "),
		with(0, "CULVERT/2"), with(1, "close"), with(2, "http"), with(3, "short"), with(3, f[3]+"A"),
		with(4, "-"), with(4, "a.b"), with(4, ""), with(5, "0"), with(5, "07"), with(5, "+7"), with(5, "-7"),
		with(5, "99999999999999999999"), with(6, ""), with(6, "x"), with(7, f[7][:20]), with(7, f[7]+"="),
		with(1, "park"), good + strings.Repeat("x", MaxLine),
	} {
		if _, err := ParseLine([]byte(bad)); err == nil {
			t.Errorf("%q is a line", bad)
		}
	}
}

func TestGoLine(t *testing.T) {
	g := GoLine{Session: "s1", Service: "web-server", Protocol: TCP, Mode: ModePlain}
	b := bytes.TrimSuffix(g.Append(nil), []byte("\n"))
	if got, err := ParseGo(b); err != nil || got != g {
		t.Errorf("%+v, %v", got, err)
	}
	no := &Refusal{Code: RefusedStale, Message: "too\nold"}
	b = bytes.TrimSuffix(no.Append(nil), []byte("\n"))
	var got *Refusal
	if _, err := ParseGo(b); !errors.As(err, &got) || *got != (Refusal{RefusedStale, "too old"}) {
		t.Errorf("%v", err)
	}
	for _, bad := range []string{"", "GO", "GO a b c", "GO a b c d e", "go a b c d", "GO a b/c d e", "+", "-", "- x", "-a/b x"} {
		_, err := ParseGo([]byte(bad))
		if err == nil || errors.As(err, &got) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestSecretsDoNotPrint(t *testing.T) {
	k := NewKey()
	text, err := k.Secret.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{fmt.Sprint(k), fmt.Sprintf("%+v", k), fmt.Sprintf("%#v", k), fmt.Sprintf("%v", &k)} {
		if strings.Contains(s, string(text)) || strings.Contains(s, fmt.Sprint(k.Secret[0])+" "+fmt.Sprint(k.Secret[1])) {
			t.Errorf("a secret is in %s", s)
		}
	}
	var back Key
	if err := back.Secret.UnmarshalText(text); err != nil || back.Secret != k.Secret {
		t.Error(err)
	}
}

func FuzzParseLine(f *testing.F) {
	l, s := testLine()
	f.Add(bytes.TrimSuffix(l.Append(nil, s), []byte("\n")))
	l.Role, l.Session = Park, ""
	f.Add(bytes.TrimSuffix(l.Append(nil, s), []byte("\n")))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := ParseLine(b)
		if err != nil {
			return
		}
		// A line has one form: what is parsed is what Append makes.
		again := bytes.TrimSuffix(got.Append(nil, s), []byte("\n"))
		if !bytes.Equal(again[:len(got.signed)], got.signed) {
			t.Errorf("%q parses as %q", b, again)
		}
		if got.Verify(s) != bytes.Equal(again, b) {
			t.Errorf("%q verifies otherwise than %q", b, again)
		}
	})
}

func FuzzParseGo(f *testing.F) {
	f.Add([]byte("GO s1 web tcp plain"))
	f.Add([]byte("-limit too many"))
	f.Fuzz(func(t *testing.T, b []byte) {
		g, err := ParseGo(b)
		if err == nil && !bytes.Equal(bytes.TrimSuffix(g.Append(nil), []byte("\n")), b) {
			t.Errorf("%q parses as %+v", b, g)
		}
	})
}
