// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"errors"
	"testing"

	"github.com/culvertd/culvert/internal/hub"
	ws "github.com/culvertd/culvert/internal/wstest"
	"github.com/culvertd/culvert/test/hubserver"
)

// ownDeflate is C.8: what a deflated message may look like, from the examples
// of RFC 7692 §7.2.3, and what none may look like.
func ownDeflate() []testCase {
	set := endpoint{deflate: true, offer: "permessage-deflate"}
	world := []ws.Message{text("Hello")}
	packed := func(op, rsv byte, more bool, p string) ws.Frame {
		return ws.Frame{Op: op, RSV: rsv, More: more, Payload: []byte(p)}
	}
	const small = "\xf2\x48\xcd\xc9\xc9\x07\x00" // "Hello" in one fixed block
	cs := []testCase{
		{id: "C.8.1", send: []ws.Frame{packed(ws.Text, ws.RSV1, false, small)}, want: world},
		{id: "C.8.2", send: []ws.Frame{packed(ws.Text, ws.RSV1, true, small[:3]), packed(ws.Continuation, 0, false, small[3:])}, want: world},
		// A stored block (§7.2.3.3), a block with BFINAL set (§7.2.3.4), two
		// blocks (§7.2.3.5), an empty message (§7.2.3.6).
		{id: "C.8.3", send: []ws.Frame{packed(ws.Text, ws.RSV1, false, "\x00\x05\x00\xfa\xffHello\x00")}, want: world},
		{id: "C.8.4", send: []ws.Frame{packed(ws.Text, ws.RSV1, false, "\xf3\x48\xcd\xc9\xc9\x07\x00\x00")}, want: world},
		{id: "C.8.5", send: []ws.Frame{packed(ws.Text, ws.RSV1, false, "\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00")}, want: world},
		{id: "C.8.6", send: []ws.Frame{packed(ws.Text, ws.RSV1, false, "\x00")}, want: []ws.Message{text("")}},
		// Compression is per message: RSV1 is the sender's choice each time (§6).
		{id: "C.8.7", send: []ws.Frame{ws.T("plain"), packed(ws.Text, ws.RSV1, false, small), ws.T("")}, want: []ws.Message{text("plain"), text("Hello"), text("")}},
		// A ping inside a deflated message in fragments, empty ones among them.
		{
			id: "C.8.8",
			send: []ws.Frame{
				packed(ws.Text, ws.RSV1, true, ""), packed(ws.Continuation, 0, true, small[:1]),
				{Op: ws.Ping, Payload: []byte("in")},
				packed(ws.Continuation, 0, true, small[1:]), packed(ws.Continuation, 0, false, ""),
			},
			want:  world,
			pongs: []string{"in"},
		},
		// RSV1 belongs on the first frame only, and on no control frame (§6.1).
		{id: "C.8.9", send: []ws.Frame{packed(ws.Text, ws.RSV1, true, small[:3]), packed(ws.Continuation, ws.RSV1, false, small[3:])}, code: 1002},
		{id: "C.8.10", send: []ws.Frame{packed(ws.Ping, ws.RSV1, false, "")}, code: 1002},
		{id: "C.8.11", send: []ws.Frame{packed(ws.Text, ws.RSV1|ws.RSV2, false, small)}, code: 1002},
		// UTF-8 is checked behind inflation.
		{id: "C.8.12", send: []ws.Frame{packed(ws.Text, ws.RSV1, false, string(ws.Compress([]byte("\xed\xa0\x80"))))}, code: 1007},
		{id: "C.8.13", send: []ws.Frame{packed(ws.Text, ws.RSV1, false, string(ws.Compress([]byte("cut short\xe2\x82"))))}, code: 1007},
		// Not deflate at all: a reserved block type, a distance before the
		// start, a stored block whose length is wrong, a code cut short.
		{id: "C.8.14", send: []ws.Frame{packed(ws.Binary, ws.RSV1, false, "\x07\x00\x00")}, code: 1007},
		{id: "C.8.15", send: []ws.Frame{packed(ws.Binary, ws.RSV1, false, "\x02\x00\x00")}, code: 1007},
		{id: "C.8.16", send: []ws.Frame{packed(ws.Binary, ws.RSV1, false, "\x00\x05\x00\x00\x00Hello\x00")}, code: 1007},
		{id: "C.8.17", send: []ws.Frame{packed(ws.Binary, ws.RSV1, false, "\x00\x50\x00\xaf\xffHello")}, code: 1007},
		// A block with BFINAL set in the middle: "Both DEFLATE blocks with the
		// BFINAL bit set to 0 and [...] to 1 may be used", and the next one
		// follows (§7.2.1). To stop there would shorten the message unseen.
		{id: "C.8.18", send: []ws.Frame{packed(ws.Text, ws.RSV1, false, "\xf3"+small[1:]+small)}, want: []ws.Message{text("HelloHello")}},
	}
	for i := range cs {
		cs[i].set = set
	}
	return cs
}

// TestOffers shows the answers to offers beyond Autobahn's (RFC 7692 §5, §7.1).
// An offer that cannot be honoured is declined, never bent.
func TestOffers(t *testing.T) {
	srv := hubserver.Start(t, hub.Config{})
	on, off := srv.URL("on", hub.Settings{Compression: true}), srv.URL("off", hub.Settings{})
	for _, tc := range []struct {
		offer  string
		on     bool
		window int
	}{
		{"permessage-deflate", true, 0},
		{"permessage-deflate; client_max_window_bits", true, 0},
		{"permessage-deflate; client_max_window_bits=10", true, 0},
		{"permessage-deflate; client_max_window_bits=15; server_max_window_bits=15", true, 15},
		{`permessage-deflate; server_max_window_bits="15"`, true, 15},
		{"permessage-deflate ;server_no_context_takeover ; client_no_context_takeover", true, 0},
		{"x-webkit-deflate-frame, permessage-deflate", true, 0},
		{"permessage-deflate; server_max_window_bits=10, permessage-deflate", true, 0},
		{"permessage-deflate; unknown, permessage-deflate; server_max_window_bits=15", true, 15},
		{"permessage-deflate; server_max_window_bits=8", false, 0},
		{"permessage-deflate; server_max_window_bits=14", false, 0},
		{"permessage-deflate; server_max_window_bits=16", false, 0},
		{"permessage-deflate; server_max_window_bits=015", false, 0},
		{"permessage-deflate; server_max_window_bits", false, 0},
		{"permessage-deflate; client_max_window_bits=7", false, 0},
		{"permessage-deflate; client_max_window_bits=16", false, 0},
		{"permessage-deflate; server_no_context_takeover=1", false, 0},
		{"permessage-deflate; client_no_context_takeover; client_no_context_takeover", false, 0},
		{"permessage-deflate; unknown", false, 0},
		{"x-webkit-deflate-frame", false, 0},
	} {
		t.Run(tc.offer, func(t *testing.T) {
			c, err := ws.Dial(t.Context(), on, ws.Options{Deflate: tc.offer})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if c.Deflate.On != tc.on || c.Deflate.ServerMaxWindowBits != tc.window {
				t.Errorf("negotiated %+v, answer %q", c.Deflate, c.Header.Values("Sec-WebSocket-Extensions"))
			}
			if tc.on && !(c.Deflate.ServerNoContextTakeover && c.Deflate.ClientNoContextTakeover) {
				t.Errorf("the answer allows context takeover: %q", c.Header.Values("Sec-WebSocket-Extensions"))
			}
			var closed *ws.CloseError
			if err := c.PingPong("in"); errors.As(err, &closed) {
				t.Error(err)
			}
		})
	}
	c, err := ws.Dial(t.Context(), off, ws.Options{Deflate: "permessage-deflate"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if c.Deflate.On {
		t.Error("an endpoint without compression negotiated it")
	}
}
