// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"bytes"
	"fmt"

	ws "github.com/culvertd/culvert/internal/wstest"
)

// limits is 9.*: large messages, in many frames, in many pieces, and many of
// them.
func limits() (cs []testCase) {
	const kib, mib = 1 << 10, 1 << 20
	large := endpoint{limit: 16 * mib}
	kinds := []byte{ws.Text, ws.Binary}
	fill := func(op byte, size int) []byte {
		pattern := "BAsd7&jh23"
		if op == ws.Binary {
			pattern = "\x00\xfe\x23\xfa\xf0"
		}
		return bytes.Repeat([]byte(pattern), size/len(pattern)+1)[:size]
	}
	// The payloads are built when their case runs: together they are 250 MiB.
	whole := func(id string, op byte, size, chop int) testCase {
		return testCase{id: id, set: large, run: func(p *play) {
			payload := fill(op, size)
			p.write(chop, ws.Frame{Op: op, Payload: payload})
			p.receive(ws.Message{Op: op, Payload: payload})
		}}
	}
	for k, op := range kinds {
		for i, size := range []int{64 * kib, 256 * kib, mib, 4 * mib, 8 * mib, 16 * mib} {
			cs = append(cs, whole(fmt.Sprintf("9.%d.%d", 1+k, 1+i), op, size, 0))
		}
		for i := range 9 {
			cs = append(cs, testCase{id: fmt.Sprintf("9.%d.%d", 3+k, 1+i), set: large, run: func(p *play) {
				payload := bytes.Repeat([]byte{"*\xfe"[k]}, 4*mib)
				p.write(0, ws.Fragments(op, 0, payload, 64<<(2*i))...)
				p.receive(ws.Message{Op: op, Payload: payload})
			}})
		}
		for i := range 6 {
			cs = append(cs, whole(fmt.Sprintf("9.%d.%d", 5+k, 1+i), op, mib, 64<<i))
		}
		for i, size := range []int{0, 16, 64, 256, 1024, 4096} {
			payload := bytes.Repeat([]byte{"*\xfe"[k]}, size)
			cs = append(cs, testCase{id: fmt.Sprintf("9.%d.%d", 7+k, 1+i), run: func(p *play) {
				for range 1000 {
					p.write(0, ws.Frame{Op: op, Payload: payload})
					p.receive(ws.Message{Op: op, Payload: payload})
				}
			}})
		}
	}
	return cs
}

// ownLimits is C.7: the limit holds to the byte, and as soon as it is known
// that a message is over it (close code 1009, RFC 6455 §7.4.1).
func ownLimits() []testCase {
	const limit = 1000
	at, over := bytes.Repeat([]byte{'*'}, limit), bytes.Repeat([]byte{'*'}, limit+1)
	small := endpoint{limit: limit, local: true}
	deflated := endpoint{limit: limit, local: true, deflate: true, offer: "permessage-deflate"}
	noise := corpora()[4].cut(0, limit)
	claim, huge := uint64(limit+1), uint64(1)<<62
	return []testCase{
		{id: "C.7.1", set: small, send: []ws.Frame{ws.B(at)}, want: []ws.Message{binary(at)}},
		{id: "C.7.2", set: small, send: []ws.Frame{ws.B(over)}, code: 1009},
		{id: "C.7.3", set: small, send: []ws.Frame{{Op: ws.Binary, Claim: &claim}}, code: 1009},
		{id: "C.7.4", set: small, send: []ws.Frame{{Op: ws.Binary, Claim: &huge}}, code: 1009},
		{id: "C.7.5", set: small, send: ws.Fragments(ws.Binary, 0, at, 64), want: []ws.Message{binary(at)}},
		{id: "C.7.6", set: small, send: ws.Fragments(ws.Binary, 0, over, 64), code: 1009},
		// The second frame's header is enough: 999 + 2 bytes.
		{id: "C.7.7", set: small, send: []ws.Frame{
			{Op: ws.Binary, More: true, Payload: at[:999]},
			{Op: ws.Continuation, More: true, Claim: new(uint64(2))},
		}, code: 1009},
		{id: "C.7.8", set: deflated, send: []ws.Frame{{Op: ws.Binary, RSV: ws.RSV1, Payload: ws.Compress(at)}}, want: []ws.Message{binary(at)}},
		{id: "C.7.9", set: deflated, send: []ws.Frame{{Op: ws.Binary, RSV: ws.RSV1, Payload: ws.Compress(over)}}, code: 1009},
		// Noise gets larger by deflating. Still it is within the limit, which
		// holds for the message as it was (rules H9).
		{id: "C.7.11", set: deflated, send: []ws.Frame{{Op: ws.Binary, RSV: ws.RSV1, Payload: ws.Compress(noise)}}, want: []ws.Message{binary(noise)}},
		{id: "C.7.12", set: deflated, send: ws.Fragments(ws.Binary, ws.RSV1, ws.Compress(noise), 100), want: []ws.Message{binary(noise)}},
		{id: "C.7.10", set: deflated, send: ws.Fragments(ws.Binary, ws.RSV1, ws.Compress(over), 1), code: 1009},
	}
}
