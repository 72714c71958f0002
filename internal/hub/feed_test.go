// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package hub

import (
	"bytes"
	"net"
	"testing"
	"time"

	"github.com/culvertd/culvert/internal/wire"
)

// FuzzFeed gives the parser arbitrary bytes, once whole and once in pieces:
// it must come to the same messages and the same verdict, and give back all
// memory.
func FuzzFeed(f *testing.F) {
	frame := func(first byte, payload string) []byte {
		b := wire.AppendServerHeader(nil, first, len(payload))
		b[1] |= 0x80
		b = append(b, 1, 2, 3, 4)
		n := len(b)
		b = append(b, payload...)
		wire.Mask([4]byte{1, 2, 3, 4}, 0, b[n:])
		return b
	}
	f.Add(append(frame(0x81, "hello"), frame(0x89, "ping")...), uint8(3), false)
	f.Add(append(frame(0x01, "größ"), append(frame(0x89, ""), frame(0x80, "er")...)...), uint8(1), false)
	f.Add(frame(0x88, "\x03\xe8bye"), uint8(2), false)
	f.Add(frame(0xC1, "\xf2\x48\xcd\xc9\xc9\x07\x00"), uint8(2), true)
	f.Add([]byte{0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0}, uint8(9), false)

	h := New(Config{Limits: Limits{MaxMessageSize: 4 << 10}})
	f.Cleanup(func() { _ = h.Close(f.Context(), Closing{Code: wire.CloseGoingAway}) })
	f.Fuzz(func(t *testing.T, b []byte, step uint8, deflate bool) {
		whole, wholeErr := fed(t, h, b, len(b), deflate)
		pieces, piecesErr := fed(t, h, b, int(step%16)+1, deflate)
		if whole != pieces {
			t.Errorf("whole: %q\npieces: %q", whole, pieces)
		}
		if (wholeErr == nil) != (piecesErr == nil) || wholeErr != nil && wholeErr.Error() != piecesErr.Error() {
			t.Errorf("whole: %v, pieces: %v", wholeErr, piecesErr)
		}
	})
}

// fed returns the log that the bytes leave behind, given step at a time.
func fed(t *testing.T, h *Hub, b []byte, step int, deflate bool) (string, error) {
	const id ID = "fuzzfuzzfuzzfuzzfuzzfu"
	h.Set(id, Settings{Compression: deflate})
	defer h.Remove(id, Closing{Code: wire.CloseDeleted})
	ours, theirs := net.Pipe()
	defer theirs.Close()
	defer ours.Close()
	ep := h.find(id)
	c := &conn{ep: ep, nc: ours, opened: time.Now()}
	if deflate {
		c.enc = packed
	}
	c.state = writeBusy // nobody writes
	ep.reserved++
	ep.join(c)
	b = bytes.Clone(b)
	var err error
	for len(b) > 0 && err == nil {
		n := min(step, len(b))
		err = c.feed(b[:n])
		b = b[n:]
	}
	c.in.free()
	c.mu.Lock()
	c.dieLocked("over")
	c.mu.Unlock()
	var out bytes.Buffer
	ep.mu.Lock()
	for _, ch := range ep.log.chunks {
		out.Write(ch.data[plain][:ch.used[plain]])
	}
	freed := ep.log.rest(ep.log.end)
	ep.mu.Unlock()
	h.charge(-freed)
	if used := h.used.Load(); used != 0 {
		t.Fatalf("%d bytes are not given back", used)
	}
	return out.String(), err
}
