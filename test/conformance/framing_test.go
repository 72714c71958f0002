// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"bytes"
	"fmt"
	"strings"

	ws "github.com/culvertd/culvert/internal/wstest"
)

const hello = "Hello, world!"

// notUTF8 is Autobahn's small binary payload.
var notUTF8 = []byte("\x00\xff\xfe\xfd\xfc\xfb\x00\xff")

var ping = ws.Frame{Op: ws.Ping}

func text(s string) ws.Message   { return ws.Message{Op: ws.Text, Payload: []byte(s)} }
func binary(p []byte) ws.Message { return ws.Message{Op: ws.Binary, Payload: p} }

// framing is 1.*: all ways to state a length (RFC 6455 §5.2), in text and binary.
func framing() (cs []testCase) {
	for kind, op := range []byte{ws.Text, ws.Binary} {
		for i, size := range []int{0, 125, 126, 127, 128, 65535, 65536, 65536} {
			payload := bytes.Repeat([]byte{"*\xfe"[kind]}, size)
			c := testCase{
				id:   fmt.Sprintf("1.%d.%d", kind+1, i+1),
				send: []ws.Frame{{Op: op, Payload: payload}},
				want: []ws.Message{{Op: op, Payload: payload}},
			}
			if i == 7 {
				c.chop = 997
			}
			cs = append(cs, c)
		}
	}
	return cs
}

// pings is 2.*: pings and unasked pongs (RFC 6455 §5.5.2, §5.5.3).
func pings() []testCase {
	fe := func(n int) []byte { return bytes.Repeat([]byte{0xfe}, n) }
	one := func(p []byte) []ws.Frame { return []ws.Frame{{Op: ws.Ping, Payload: p}} }
	unasked := ws.Frame{Op: ws.Pong, Payload: []byte("unsolicited pong payload")}
	var ten []ws.Frame
	var tenPongs []string
	for i := range 10 {
		tenPongs = append(tenPongs, fmt.Sprintf("payload-%d", i))
		ten = append(ten, ws.Frame{Op: ws.Ping, Payload: []byte(tenPongs[i])})
	}
	return []testCase{
		{id: "2.1", send: one(nil), pongs: []string{""}},
		{id: "2.2", send: one([]byte(hello)), pongs: []string{hello}},
		{id: "2.3", send: one(notUTF8), pongs: []string{string(notUTF8)}},
		{id: "2.4", send: one(fe(125)), pongs: []string{string(fe(125))}},
		{id: "2.5", send: one(fe(126)), code: 1002},
		{id: "2.6", send: one(fe(125)), chop: 1, pongs: []string{string(fe(125))}},
		{id: "2.7", send: []ws.Frame{{Op: ws.Pong}}},
		{id: "2.8", send: []ws.Frame{unasked}},
		{
			id:    "2.9",
			send:  []ws.Frame{unasked, {Op: ws.Ping, Payload: []byte("ping payload")}},
			pongs: []string{"ping payload"},
		},
		{id: "2.10", send: ten, pongs: tenPongs},
		{id: "2.11", send: ten, chop: 1, pongs: tenPongs},
	}
}

// reservedBits is 3.*: no extension gave them a meaning (RFC 6455 §5.2). The
// ping behind the bad frame must not be answered.
func reservedBits() []testCase {
	first := []ws.Message{text(hello)}
	after := func(rsv byte) []ws.Frame {
		return []ws.Frame{ws.T(hello), {Op: ws.Text, RSV: rsv, Payload: []byte(hello)}, ping}
	}
	return []testCase{
		{id: "3.1", send: []ws.Frame{{Op: ws.Text, RSV: 1, Payload: []byte(hello)}}, code: 1002},
		{id: "3.2", send: after(2), want: first, code: 1002},
		{id: "3.3", send: after(3), chop: perFrame, want: first, code: 1002},
		{id: "3.4", send: after(4), chop: 1, want: first, code: 1002},
		{id: "3.5", send: []ws.Frame{{Op: ws.Binary, RSV: 5, Payload: notUTF8}}, code: 1002},
		{id: "3.6", send: []ws.Frame{{Op: ws.Ping, RSV: 6, Payload: []byte(hello)}}, code: 1002},
		{id: "3.7", send: []ws.Frame{{Op: ws.Close, RSV: 7}}, code: 1002},
	}
}

// opcodes is 4.*: the reserved ones (RFC 6455 §5.2), 3 to 7 for data and 11 to
// 15 for control frames.
func opcodes() (cs []testCase) {
	for kind, first := range []byte{3, 11} {
		for i := range byte(5) {
			c := testCase{id: fmt.Sprintf("4.%d.%d", kind+1, i+1), code: 1002}
			bad := ws.Frame{Op: first + i}
			switch i {
			case 0:
				c.send = []ws.Frame{bad}
			case 1:
				bad.Payload = []byte("reserved opcode payload")
				c.send = []ws.Frame{bad}
			default:
				if i > 2 {
					bad.Payload = []byte(hello)
				}
				if i == 4 {
					c.chop = 1
				}
				c.send, c.want = []ws.Frame{ws.T(hello), bad, ping}, []ws.Message{text(hello)}
			}
			cs = append(cs, c)
		}
	}
	return cs
}

// ownFraming is C.1 to C.3: masks and lengths, which Autobahn leaves alone
// because its own library cannot send them wrong.
func ownFraming() []testCase {
	top := uint64(1) << 63
	return []testCase{
		// RFC 6455 §5.1: "The server MUST close the connection upon receiving
		// a frame that is not masked."
		{id: "C.1.1", send: []ws.Frame{{Op: ws.Text, Payload: []byte(hello), Bare: true}}, code: 1002},
		{id: "C.1.2", send: []ws.Frame{ws.T(hello), {Op: ws.Ping, Bare: true}}, want: []ws.Message{text(hello)}, code: 1002},
		{id: "C.1.3", send: []ws.Frame{{Op: ws.Close, Payload: []byte{3, 232}, Bare: true}}, code: 1002},
		// A key of zeros is a key.
		{id: "C.1.4", send: []ws.Frame{{Op: ws.Text, Payload: []byte(hello), Key: &[4]byte{}}}, want: []ws.Message{text(hello)}},
		// RFC 6455 §5.2: "the minimal number of bytes MUST be used to encode
		// the length", and "the most significant bit MUST be 0".
		{id: "C.2.1", send: []ws.Frame{{Op: ws.Text, Payload: []byte(hello), Wide: 2}}, code: 1002},
		{id: "C.2.2", send: []ws.Frame{{Op: ws.Text, Payload: []byte(hello), Wide: 8}}, code: 1002},
		{id: "C.2.3", send: []ws.Frame{{Op: ws.Text, Payload: []byte(strings.Repeat("*", 65535)), Wide: 8}}, code: 1002},
		{id: "C.2.4", send: []ws.Frame{{Op: ws.Ping, Payload: []byte(hello), Wide: 2}}, code: 1002},
		{id: "C.2.5", send: []ws.Frame{{Op: ws.Text, Payload: []byte(hello), Claim: &top}}, code: 1002},
		// Three masks in one read, each with its own key and offset.
		{
			id:   "C.3.1",
			chop: 3,
			send: []ws.Frame{ws.T("a"), ws.T("bc"), ws.T("def"), ws.B([]byte{0}), ws.T("")},
			want: []ws.Message{text("a"), text("bc"), text("def"), binary([]byte{0}), text("")},
		},
	}
}
