// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"bytes"
	"fmt"
	"strings"

	ws "github.com/culvertd/culvert/internal/wstest"
)

// closing is 7.*: RFC 6455 §5.5.1 and §7.
func closing() []testCase {
	normal := ws.CloseFrame(1000, "")
	big := string(bytes.Repeat([]byte("BAsd7&jh23"), 256<<10/10+1)[:256<<10])
	one := func(f ws.Frame) []ws.Frame { return []ws.Frame{f} }
	cs := []testCase{
		{id: "7.1.1", send: []ws.Frame{ws.T("Hello World!"), normal}, want: []ws.Message{text("Hello World!")}, code: 1000},
		// What comes behind a close frame is ignored (§5.5.1).
		{id: "7.1.2", send: []ws.Frame{normal, {Op: ws.Close}}, code: 1000},
		{id: "7.1.3", send: []ws.Frame{normal, ping}, code: 1000},
		{id: "7.1.4", send: []ws.Frame{normal, ws.T("Hello World!")}, code: 1000},
		{id: "7.1.5", send: []ws.Frame{part(ws.Text, true, "fragment1"), normal, part(ws.Continuation, false, "fragment2")}, code: 1000},
		{
			id:   "7.1.6",
			send: []ws.Frame{ws.T(big), ws.T("Hello World!"), normal, ping},
			want: []ws.Message{text(big), text("Hello World!")},
			code: 1000,
		},
		{id: "7.3.1", send: one(ws.Frame{Op: ws.Close}), code: ws.NoStatus},
		{id: "7.3.2", send: one(ws.Frame{Op: ws.Close, Payload: []byte("a")}), code: 1002},
		{id: "7.3.3", send: one(normal), code: 1000},
		{id: "7.3.4", send: one(ws.CloseFrame(1000, "Hello World!")), code: 1000},
		{id: "7.3.5", send: one(ws.CloseFrame(1000, strings.Repeat("*", 123))), code: 1000},
		{id: "7.3.6", send: one(ws.CloseFrame(1000, strings.Repeat("*", 124))), code: 1002},
		{id: "7.5.1", send: one(ws.CloseFrame(1000, kosme+"\xed\xa0\x80"+edited)), code: 1007},
	}
	cs = append(cs, codes("7.7", true, 1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999)...)
	cs = append(cs, codes("7.9", false, 0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999)...)
	return append(cs, codes("7.13", false, 5000, 65535)...)
}

// codes are close frames whose code is echoed if it may be on the wire, and
// else is an error (§7.4).
func codes(prefix string, valid bool, list ...int) (cs []testCase) {
	for i, code := range list {
		c := testCase{id: fmt.Sprintf("%s.%d", prefix, i+1), send: []ws.Frame{ws.CloseFrame(code, "")}, code: 1002}
		if valid {
			c.code = code
		}
		cs = append(cs, c)
	}
	return cs
}

// ownCodes is C.6: codes that came after Autobahn, or next to its own. 1012 to
// 1014 are registered since; 1015, as 1005 and 1006, is for local use only.
func ownCodes() []testCase {
	cs := codes("C.6.1", true, 1012, 1013, 1014, 3001, 4001)
	return append(cs, codes("C.6.2", false, 1, 1015, 1017, 1999, 5001, 32768)...)
}
