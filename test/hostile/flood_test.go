// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package hostile

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/culvertd/culvert/internal/hub"
	ws "github.com/culvertd/culvert/internal/wstest"
)

// TestOversized announces, or sends, more than the limit of 1 MiB.
func TestOversized(t *testing.T) {
	g := start(t, hub.Config{CloseTimeout: time.Second})
	url := g.URL("a", hub.Settings{})
	stop := g.watch("a")
	over, huge, top := uint64(1<<20+1), uint64(1)<<62, uint64(1)<<63
	for _, tc := range []struct {
		name string
		f    ws.Frame
		code int
	}{
		{"1 MiB and a byte, announced", ws.Frame{Op: ws.Binary, Claim: &over}, 1009},
		{"2^62, announced", ws.Frame{Op: ws.Binary, Claim: &huge}, 1009},
		{"2^62, announced in a continuation", ws.Frame{Op: ws.Continuation, Claim: &huge}, 1009},
		{"2^63, which is no length", ws.Frame{Op: ws.Binary, Claim: &top}, 1002},
	} {
		bounded(t, 8<<20, func() {
			c := g.dial(url, ws.Options{})
			fs := []ws.Frame{tc.f}
			if tc.f.Op == ws.Continuation {
				fs = []ws.Frame{{Op: ws.Binary, More: true, Payload: []byte{1}}, tc.f}
			}
			if err := c.Send(fs...); err != nil {
				t.Fatalf("%s: %v", tc.name, err)
			}
			ended(t, c, tc.code)
		})
	}
	// Streaming past the limit, and on when the close frame has come: within
	// the close timeout the connection is reset.
	for _, size := range []int{1 << 10, 64 << 10} {
		c := g.dial(url, ws.Options{})
		next := ws.Frame{Op: ws.Continuation, More: true, Payload: make([]byte, size)}
		bounded(t, 8<<20, func() {
			err := c.Send(ws.Frame{Op: ws.Binary, More: true})
			for began := time.Now(); err == nil; err = c.Send(next) {
				if time.Since(began) > 8*time.Second {
					t.Fatalf("fragments of %d: still taken after 8 s", size)
				}
			}
		})
		ended(t, c, 1009)
	}
	g.parted("a", 6)
	stop()
}

// TestBomb sends small messages that inflate to about a GiB, at once, in
// fragments, and from many connections.
func TestBomb(t *testing.T) {
	g := start(t, hub.Config{CloseTimeout: time.Second})
	stop := g.watch("others")
	url := g.URL("a", hub.Settings{Compression: true})
	bomb := ws.Bomb(1000)
	t.Logf("%d bytes for 1000 MiB", len(bomb))
	if len(bomb) > 1<<20 {
		t.Fatal("the bomb is over the limit as it is")
	}
	receiver := g.dial(url, ws.Options{})
	// Twenty of the limit's size, and a few bombs, are what it may cost.
	bounded(t, 64<<20, func() {
		var conns []*ws.Conn
		for i := range 20 {
			c := g.dial(url, ws.Options{Deflate: "permessage-deflate"})
			fs := []ws.Frame{{Op: ws.Binary, RSV: ws.RSV1, Payload: bomb}}
			if i%2 == 1 {
				fs = ws.Fragments(ws.Binary, ws.RSV1, bomb, 1000)
			}
			_ = c.Send(fs...) // it may be parted with before all is sent
			conns = append(conns, c)
		}
		for _, c := range conns {
			ended(t, c, 1009)
		}
	})
	if err := receiver.PingPong("nothing but this"); err != nil {
		t.Error(err)
	}
	receiver.Close()
	stop()
}

// TestPingFlood sends pings without reading a pong. What waits for it is one
// pong; when it reads at last, the last ping has been answered.
func TestPingFlood(t *testing.T) {
	g := start(t, hub.Config{})
	stop := g.watch("others")
	c := g.dial(g.URL("a", hub.Settings{}), ws.Options{Dial: smallWindow, Timeout: time.Minute})
	const rounds, pings = 120, 500
	bounded(t, 8<<20, func() {
		var b []byte
		for r := range rounds {
			b = b[:0]
			for i := range pings {
				b = ws.Frame{Op: ws.Ping, Payload: fmt.Appendf(nil, "%0125d", r*pings+i)}.Append(b)
			}
			if _, err := c.Write(b); err != nil {
				t.Fatalf("after %d pings: %v", r*pings, err)
			}
		}
	})
	last := fmt.Sprintf("%0125d", rounds*pings-1)
	n, before := 0, ""
	for before != last {
		m, err := c.Next()
		if err != nil {
			t.Fatalf("after %d pongs: %v", n, err)
		}
		if m.Op != ws.Pong || string(m.Payload) <= before {
			t.Fatalf("got opcode %d %q after pong %q", m.Op, m.Payload, before)
		}
		n, before = n+1, string(m.Payload)
	}
	t.Logf("%d pings, %d pongs", rounds*pings, n)
	stop()
	if err := c.Shake(1000); err != nil {
		t.Error(err)
	}
}

// TestTinyFragments sends a message in fragments of a byte, and one with a
// million empty ones. Both are allowed (RFC 6455 §5.4), and cost little.
func TestTinyFragments(t *testing.T) {
	g := start(t, hub.Config{})
	stop := g.watch("others")
	url := g.URL("a", hub.Settings{})
	c, receiver := g.dial(url, ws.Options{Timeout: time.Minute}), g.dial(url, ws.Options{Timeout: time.Minute})
	if err := receiver.PingPong("in"); err != nil {
		t.Fatal(err)
	}
	ones := ws.Frame{Op: ws.Continuation, More: true, Payload: []byte{7}}
	empty := ws.Frame{Op: ws.Continuation, More: true}
	for _, tc := range []struct {
		f    ws.Frame
		n    int
		size int
	}{{ones, 1 << 19, 1 << 19}, {empty, 1 << 20, 0}} {
		var batch []byte
		const perBatch = 1 << 12
		for range perBatch {
			batch = tc.f.Append(batch)
		}
		bounded(t, 8<<20, func() {
			err := c.Send(ws.Frame{Op: ws.Binary, More: true})
			for range tc.n / perBatch {
				if err == nil {
					_, err = c.Write(batch)
				}
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Quiet(time.Millisecond); err != nil {
				t.Fatal(err)
			}
		})
		if err := c.Send(ws.Frame{Op: ws.Continuation}); err != nil {
			t.Fatal(err)
		}
		m, err := receiver.ReadMessage()
		if err != nil || !bytes.Equal(m.Payload, bytes.Repeat([]byte{7}, tc.size)) {
			t.Fatalf("got %d bytes, want %d, %v", len(m.Payload), tc.size, err)
		}
	}
	// Past the limit the same ends.
	small := g.dial(g.URL("small", hub.Settings{Limits: hub.Limits{MaxMessageSize: 1000}}), ws.Options{})
	fs := append([]ws.Frame{{Op: ws.Binary, More: true}}, make([]ws.Frame, 1001)...)
	for i := range fs[1:] {
		fs[i+1] = ones
	}
	if err := small.Send(fs...); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Log(err)
	}
	ended(t, small, 1009)
	stop()
	c.Close()
	receiver.Close()
}
