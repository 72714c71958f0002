// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	ws "github.com/culvertd/culvert/internal/wstest"
)

const (
	kosme  = "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5"
	edited = "edited"
	umlaut = "Hello-\u00b5@\u00df\u00f6\u00e4\u00fc\u00e0\u00e1-UTF-8!!"
)

// utf8Cases is 6.*: text must be UTF-8 (RFC 6455 §8.1).
func utf8Cases() []testCase {
	surrogate := []byte(kosme + "\xed\xa0\x80" + edited)
	cs := []testCase{
		{id: "6.1.1", send: []ws.Frame{ws.T("")}, want: []ws.Message{text("")}},
		{
			id:   "6.1.2",
			send: []ws.Frame{part(ws.Text, true, ""), part(ws.Continuation, true, ""), part(ws.Continuation, false, "")},
			want: []ws.Message{text("")},
		},
		{
			id:   "6.1.3",
			send: []ws.Frame{part(ws.Text, true, ""), part(ws.Continuation, true, "middle frame payload"), part(ws.Continuation, false, "")},
			want: []ws.Message{text("middle frame payload")},
		},
		{id: "6.2.1", send: []ws.Frame{ws.T(umlaut)}, want: []ws.Message{text(umlaut)}},
		{
			id:   "6.2.2",
			send: []ws.Frame{part(ws.Text, true, umlaut[:15]), part(ws.Continuation, false, umlaut[15:])},
			want: []ws.Message{text(umlaut)},
		},
		{id: "6.2.3", send: ws.Fragments(ws.Text, 0, []byte(umlaut), 1), want: []ws.Message{text(umlaut)}},
		{id: "6.2.4", send: ws.Fragments(ws.Text, 0, []byte(kosme), 1), want: []ws.Message{text(kosme)}},
		{id: "6.3.1", send: []ws.Frame{ws.T(string(surrogate))}, code: 1007},
		{id: "6.3.2", send: ws.Fragments(ws.Text, 0, surrogate, 1), code: 1007},
		{id: "6.4.1", code: 1007, run: failFast(11, 15, true)},
		{id: "6.4.2", code: 1007, run: failFast(12, 13, true)},
		{id: "6.4.3", code: 1007, run: failFast(11, 15, false)},
		{id: "6.4.4", code: 1007, run: failFast(12, 13, false)},
	}
	for i, family := range sequences() {
		for j, s := range family {
			c := testCase{id: fmt.Sprintf("6.%d.%d", i+5, j+1), send: []ws.Frame{ws.T(s)}, code: 1007}
			if utf8.ValidString(s) {
				c.code, c.want = 0, []ws.Message{text(s)}
			}
			cs = append(cs, c)
		}
	}
	return cs
}

// failFast is 6.4.*: a message that is well until a, is spoilt by the octets
// up to b, and whose rest is never sent. It comes as frames, or as pieces of
// one frame. Code point U+110000, just out of range, spoils it with octet 13.
func failFast(a, b int, frames bool) func(*play) {
	return func(p *play) {
		s := []byte(kosme + "\xf4\x90\x80\x80" + edited)
		if frames {
			p.write(0, ws.Frame{Op: ws.Text, More: true, Payload: s[:a]}, part(ws.Ping, false, "A"))
			if m := p.next(); m.Op != ws.Pong {
				p.Fatalf("the first fragment was answered with opcode %d %q", m.Op, m.Payload)
			}
			p.write(0, ws.Frame{Op: ws.Continuation, More: true, Payload: s[a:b]})
			return
		}
		raw := ws.Frame{Op: ws.Text, Payload: s}.Append(nil)
		head := len(raw) - len(s)
		p.raw(raw[:head+a])
		p.check(p.sender.Quiet(50*time.Millisecond), "after the first piece")
		p.raw(raw[head+a : head+b])
	}
}

func (p *play) raw(b []byte) {
	p.Helper()
	_, err := p.sender.Write(b)
	p.check(err, "sending")
}

// sequences are the families 6.5 to 6.23, from Markus Kuhn's UTF-8 decoder
// stress test with Autobahn's additions.
func sequences() [][]string {
	var prefixes []string
	for i := range len(kosme) {
		prefixes = append(prefixes, kosme[:i+1])
	}
	// Autobahn's loops stop one short of the last octet of each range.
	span := func(from, to byte, space string) (s string) {
		for b := from; b < to; b++ {
			s += string([]byte{b}) + space
		}
		return s
	}
	short := []string{
		"\xc0", "\xe0\x80", "\xf0\x80\x80", "\xf8\x80\x80\x80", "\xfc\x80\x80\x80\x80",
		"\xdf", "\xef\xbf", "\xf7\xbf\xbf", "\xfb\xbf\xbf\xbf", "\xfd\xbf\xbf\xbf\xbf",
	}
	var joined string
	for _, s := range short {
		joined += s
	}
	nonCharacters := []string{"\xef\xbf\xbe", "\xef\xbf\xbf"}
	for plane := rune(1); plane <= 16; plane++ {
		nonCharacters = append(nonCharacters, string(plane<<16|0xfffe), string(plane<<16|0xffff))
	}
	return [][]string{
		{"hello$world", "hello\u00a2world", "hello\u20acworld", "hello\U00024b62world", kosme}, // 6.5
		prefixes, // 6.6
		{"\x00", "\u0080", "\u0800", "\U00010000"},                               // 6.7 first of a length
		{"\xf8\x88\x80\x80\x80", "\xfc\x84\x80\x80\x80\x80"},                     // 6.8
		{"\x7f", "\u07ff", "\uffff", "\U0010ffff"},                               // 6.9 last of a length
		{"\xf7\xbf\xbf\xbf", "\xfb\xbf\xbf\xbf\xbf", "\xfd\xbf\xbf\xbf\xbf\xbf"}, // 6.10
		{"\ud7ff", "\ue000", "\ufffd", "\U0010ffff", "\xf4\x90\x80\x80"},         // 6.11 boundaries
		{ // 6.12 continuation bytes with nothing to continue
			"\x80", "\xbf", "\x80\xbf", "\x80\xbf\x80", "\x80\xbf\x80\xbf", "\x80\xbf\x80\xbf\x80",
			"\x80\xbf\x80\xbf\x80\xbf", span(0x80, 0xbf, ""),
		},
		{ // 6.13 lonely first bytes
			span(0xc0, 0xdf, " "), span(0xe0, 0xef, " "), span(0xf0, 0xf7, " "), span(0xf8, 0xfb, " "), span(0xfc, 0xfd, " "),
		},
		short,                                // 6.14 the last byte is missing
		{joined},                             // 6.15
		{"\xfe", "\xff", "\xfe\xfe\xff\xff"}, // 6.16 impossible bytes
		{"\xc0\xaf", "\xe0\x80\xaf", "\xf0\x80\x80\xaf", "\xf8\x80\x80\x80\xaf", "\xfc\x80\x80\x80\x80\xaf"},             // 6.17 overlong
		{"\xc1\xbf", "\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf", "\xf8\x87\xbf\xbf\xbf", "\xfc\x83\xbf\xbf\xbf\xbf"},             // 6.18
		{"\xc0\x80", "\xe0\x80\x80", "\xf0\x80\x80\x80", "\xf8\x80\x80\x80\x80", "\xfc\x80\x80\x80\x80\x80"},             // 6.19
		{"\xed\xa0\x80", "\xed\xad\xbf", "\xed\xae\x80", "\xed\xaf\xbf", "\xed\xb0\x80", "\xed\xbe\x80", "\xed\xbf\xbf"}, // 6.20 surrogates
		{ // 6.21 pairs of them
			"\xed\xa0\x80\xed\xb0\x80", "\xed\xa0\x80\xed\xbf\xbf", "\xed\xad\xbf\xed\xb0\x80", "\xed\xad\xbf\xed\xbf\xbf",
			"\xed\xae\x80\xed\xb0\x80", "\xed\xae\x80\xed\xbf\xbf", "\xed\xaf\xbf\xed\xb0\x80", "\xed\xaf\xbf\xed\xbf\xbf",
		},
		nonCharacters, // 6.22 no characters, but valid
		{"\ufff9", "\ufffa", "\ufffb", "\ufffc", "\ufffd", "\ufffe", "\uffff"}, // 6.23
	}
}

// ownUTF8 is C.4 and C.5: each invalid sequence of 6.* ends the connection at
// the very octet that makes it invalid. In C.4 that octet is the last of what
// is sent of a longer frame, in C.5 each octet is a fragment and no final one
// is sent.
func ownUTF8() (cs []testCase) {
	for i, family := range sequences() {
		for j, s := range family {
			n := spoilt(s)
			if n == 0 {
				continue // valid, or only cut short
			}
			bad := []byte(kosme + s[:n])
			claim := uint64(len(bad) + 1)
			frags := ws.Fragments(ws.Text, 0, append(slices.Clone(bad), 'x'), 1)
			cs = append(cs,
				testCase{id: fmt.Sprintf("C.4.%d.%d", i+5, j+1), send: []ws.Frame{{Op: ws.Text, Payload: bad, Claim: &claim}}, code: 1007},
				testCase{id: fmt.Sprintf("C.5.%d.%d", i+5, j+1), send: frags[:len(bad)], code: 1007})
		}
	}
	return cs
}

// spoilt is the number of octets after which s can no longer become valid.
func spoilt(s string) int {
	for n := 1; n <= len(s); n++ {
		rest := s[:n]
		for len(rest) > 0 {
			r, size := utf8.DecodeRuneInString(rest)
			if r == utf8.RuneError && size == 1 {
				if utf8.FullRuneInString(rest) {
					return n
				}
				break
			}
			rest = rest[size:]
		}
	}
	return 0
}
