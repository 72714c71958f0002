// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"fmt"
	"strings"

	ws "github.com/culvertd/culvert/internal/wstest"
)

func part(op byte, more bool, s string) ws.Frame {
	return ws.Frame{Op: op, More: more, Payload: []byte(s)}
}

// chops are the three ways in which Autobahn sends a sequence of frames: at
// once, frame by frame, octet by octet.
var chops = []int{0, perFrame, 1}

// fragmentation is 5.*: RFC 6455 §5.4.
func fragmentation() []testCase {
	const f1, f2 = "fragment1", "fragment2"
	cs := []testCase{
		{id: "5.1", send: []ws.Frame{part(ws.Ping, true, f1), part(ws.Continuation, false, f2)}, code: 1002},
		{id: "5.2", send: []ws.Frame{part(ws.Pong, true, f1), part(ws.Continuation, false, f2)}, code: 1002},
	}
	for i, chop := range chops {
		two := []ws.Frame{part(ws.Text, true, f1), part(ws.Continuation, false, f2)}
		around := []ws.Frame{two[0], part(ws.Ping, false, "ping payload"), two[1]}
		stray := func(more bool) []ws.Frame {
			return []ws.Frame{part(ws.Continuation, more, "non-continuation payload"), ws.T(hello)}
		}
		cs = append(cs,
			testCase{id: fmt.Sprintf("5.%d", 3+i), chop: chop, send: two, want: []ws.Message{text(f1 + f2)}},
			testCase{
				id: fmt.Sprintf("5.%d", 6+i), chop: chop, send: around,
				want: []ws.Message{text(f1 + f2)}, pongs: []string{"ping payload"},
			},
			testCase{id: fmt.Sprintf("5.%d", 9+i), chop: chop, send: stray(false), code: 1002},
			testCase{id: fmt.Sprintf("5.%d", 12+i), chop: chop, send: stray(true), code: 1002},
		)
	}
	repeated := func(more bool) (fs []ws.Frame) {
		for range 2 {
			fs = append(fs, part(ws.Continuation, more, f1), part(ws.Text, true, f2), part(ws.Continuation, false, "fragment3"))
		}
		return fs
	}
	return append(cs,
		testCase{
			id: "5.15",
			send: []ws.Frame{
				part(ws.Text, true, f1), part(ws.Continuation, false, f2),
				part(ws.Continuation, true, "fragment3"), ws.T("fragment4"),
			},
			want: []ws.Message{text(f1 + f2)},
			code: 1002,
		},
		testCase{id: "5.16", send: repeated(true), code: 1002},
		testCase{id: "5.17", send: repeated(false), code: 1002},
		testCase{id: "5.18", send: []ws.Frame{part(ws.Text, true, f1), part(ws.Text, false, f2)}, code: 1002},
		testCase{id: "5.19", run: pingsBetween(0)},
		testCase{id: "5.20", run: pingsBetween(perFrame)},
	)
}

// pingsBetween is a message of five fragments with two pings between them, each
// answered while the message is still coming.
func pingsBetween(chop int) func(*play) {
	return func(p *play) {
		pong := func(want string) {
			if m := p.next(); m.Op != ws.Pong || string(m.Payload) != want {
				p.Fatalf("got opcode %d %q, want the pong %q", m.Op, m.Payload, want)
			}
		}
		p.write(chop, part(ws.Text, true, "fragment1"), part(ws.Continuation, true, "fragment2"), part(ws.Ping, false, "pongme 1!"))
		pong("pongme 1!")
		p.write(chop, part(ws.Continuation, true, "fragment3"), part(ws.Continuation, true, "fragment4"), part(ws.Ping, false, "pongme 2!"), part(ws.Continuation, false, "fragment5"))
		pong("pongme 2!")
		p.receive(text("fragment1fragment2fragment3fragment4fragment5"))
	}
}

// autoFragments is 10.1.1: a message in as many frames as its size makes.
func autoFragments() []testCase {
	payload := strings.Repeat("*", 65536)
	return []testCase{{
		id:   "10.1.1",
		send: ws.Fragments(ws.Text, 0, []byte(payload), 1300),
		want: []ws.Message{text(payload)},
	}}
}
