// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"fmt"

	ws "github.com/culvertd/culvert/internal/wstest"
)

// sizes are the 18 cases of each family: message sizes, and the size of the
// frames that the deflated message is cut into; 0: one frame.
var sizes = []struct{ message, fragment int }{
	{16, 0},
	{64, 0},
	{256, 0},
	{1024, 0},
	{4096, 0},
	{8192, 0},
	{16384, 0},
	{32768, 0},
	{65536, 0},
	{131072, 0},
	{8192, 256},
	{16384, 256},
	{32768, 256},
	{65536, 256},
	{131072, 256},
	{131072, 1024},
	{131072, 4096},
	{131072, 32768},
}

// offers are those of 13.1 to 13.7 as Autobahn writes them. The answers are the
// hub's policy: no context takeover on either side, a window of 15 bits.
var offers = []struct {
	offer  string
	on     bool
	window int // server_max_window_bits in the answer; 0: absent
}{
	{"permessage-deflate; client_no_context_takeover; client_max_window_bits", true, 0},
	{"permessage-deflate; client_no_context_takeover; client_max_window_bits; server_no_context_takeover", true, 0},
	{"permessage-deflate; client_no_context_takeover; client_max_window_bits; server_max_window_bits=9", false, 0},
	// RFC 7692 §7.1.2.1: accepted by naming it in the answer.
	{"permessage-deflate; client_no_context_takeover; client_max_window_bits; server_max_window_bits=15", true, 15},
	{"permessage-deflate; client_no_context_takeover; client_max_window_bits; server_no_context_takeover; server_max_window_bits=9", false, 0},
	{"permessage-deflate; client_no_context_takeover; client_max_window_bits; server_no_context_takeover; server_max_window_bits=15", true, 15},
	{"permessage-deflate; client_no_context_takeover; client_max_window_bits; server_no_context_takeover; server_max_window_bits=9, " +
		"permessage-deflate; client_no_context_takeover; client_max_window_bits; server_no_context_takeover, " +
		"permessage-deflate; client_no_context_takeover; client_max_window_bits", true, 0},
}

// deflatePayloads is 12.*: different payloads, the usual offer.
func deflatePayloads() (cs []testCase) {
	for i, data := range corpora() {
		cs = append(cs, family(fmt.Sprintf("12.%d", i+1), offers[0].offer, true, 0, data)...)
	}
	return cs
}

// deflateOffers is 13.*: one payload, different offers.
func deflateOffers() (cs []testCase) {
	data := corpora()[0]
	for i, o := range offers {
		cs = append(cs, family(fmt.Sprintf("13.%d", i+1), o.offer, o.on, o.window, data)...)
	}
	return cs
}

func family(prefix, offer string, on bool, window int, data *corpus) (cs []testCase) {
	for i, s := range sizes {
		count := 1000
		if !soak {
			count = max(4, min(64, 256<<10/s.message))
		}
		cs = append(cs, testCase{
			id:  fmt.Sprintf("%s.%d", prefix, i+1),
			set: endpoint{deflate: true, offer: offer},
			run: func(p *play) {
				p.negotiated(on, window)
				for n := range count {
					p.deflated(data, n, s.message, s.fragment)
				}
			},
		})
	}
	return cs
}

// negotiated checks the answer to the sender's offer.
func (p *play) negotiated(on bool, window int) {
	p.Helper()
	want := ws.Deflate{On: on, ServerNoContextTakeover: on, ClientNoContextTakeover: on, ServerMaxWindowBits: window}
	for _, c := range []*ws.Conn{p.sender, p.receivers[0]} {
		got := c.Deflate
		got.ClientMaxWindowBits = 0 // the hub may name it, since it was offered
		if got != want {
			p.Fatalf("negotiated %+v, want %+v", c.Deflate, want)
		}
	}
}

// deflated sends the n-th message of a corpus, whole or in fragments, and
// expects it at every receiver.
func (p *play) deflated(data *corpus, n, size, fragment int) {
	p.Helper()
	op := ws.Binary
	if data.text != nil {
		op = ws.Text
	}
	message := data.cut(n*size, size)
	wire, rsv := message, byte(0)
	if p.sender.Deflate.On {
		wire, rsv = ws.Compress(message), ws.RSV1
	}
	if fragment == 0 {
		fragment = len(wire)
	}
	p.write(0, ws.Fragments(op, rsv, wire, fragment)...)
	p.receive(ws.Message{Op: op, Payload: message})
}
