// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package hostile

import (
	"testing"
	"time"

	"github.com/culvertd/culvert/internal/hub"
	ws "github.com/culvertd/culvert/internal/wstest"
)

// TestCloseWithoutReading closes in every impolite way while messages are on
// their way to the one who closes.
func TestCloseWithoutReading(t *testing.T) {
	g := start(t, hub.Config{CloseTimeout: 500 * time.Millisecond})
	url := g.URL("a", hub.Settings{})
	stop := g.watch("a")
	const each = 25
	ways := []func(c *ws.Conn) error{
		func(c *ws.Conn) error { return c.Close() }, // a RST, if something is unread
		(*ws.Conn).Reset,
		func(c *ws.Conn) error { return c.Send(ws.CloseFrame(1000, "")) }, // and stays
		func(c *ws.Conn) error { return c.Send(ws.T("last words"), ws.CloseFrame(1000, "")) },
		func(c *ws.Conn) error { return c.Send(ws.Frame{Op: ws.Text, More: true, Payload: []byte("half")}) },
		func(c *ws.Conn) error {
			return c.Net().(interface{ CloseWrite() error }).CloseWrite() // FIN, and never reads
		},
	}
	var conns []*ws.Conn
	for i := range each * len(ways) {
		o := ws.Options{}
		if i%2 == 1 {
			o.Dial = smallWindow
		}
		conns = append(conns, g.dial(url, o))
	}
	for i, c := range conns {
		if i%len(ways) == 3 {
			continue // its last words would reach the others; see below
		}
		if err := ways[i%len(ways)](c); err != nil {
			t.Errorf("way %d: %v", i%len(ways), err)
		}
	}
	// Five ways end by themselves but for the one with half a message, which
	// may go on for ever: a ping would tell.
	g.parted("a", each*4)
	for _, c := range conns {
		c.Close()
	}
	g.parted("a", len(conns))
	stop()

	// Last words are heard, though their speaker is deaf.
	speaker, receiver := g.dial(g.URL("b", hub.Settings{}), ws.Options{}), g.dial(g.URL("b", hub.Settings{}), ws.Options{})
	if err := receiver.PingPong("in"); err != nil {
		t.Fatal(err)
	}
	if err := ways[3](speaker); err != nil {
		t.Fatal(err)
	}
	if m, err := receiver.ReadMessage(); err != nil || string(m.Payload) != "last words" {
		t.Errorf("got %q, %v", m.Payload, err)
	}
	g.parted("b", 1)
	speaker.Close()
	receiver.Close()
}

// TestDeafToClosing does not answer the hub's close frame and goes on sending:
// after the close timeout it is reset.
func TestDeafToClosing(t *testing.T) {
	g := start(t, hub.Config{CloseTimeout: 500 * time.Millisecond})
	url := g.URL("a", hub.Settings{})
	var conns []*ws.Conn
	for range 20 {
		c := g.dial(url, ws.Options{})
		if err := c.PingPong("in"); err != nil {
			t.Fatal(err)
		}
		conns = append(conns, c)
	}
	removed := time.Now()
	g.Hub.Remove("a", hub.Closing{Code: 1001, Reason: "endpoint deleted"})
	for _, c := range conns {
		var err error
		for n := 0; err == nil; n++ {
			if time.Since(removed) > 8*time.Second {
				t.Fatal("who does not answer a close frame is still there after 8 s")
			}
			err = c.Send(ws.Frame{Op: ws.Ping}, ws.T("still here"))
		}
	}
	for _, c := range conns {
		ended(t, c, 1001)
	}
	for _, e := range g.parted("a", len(conns)) {
		if e.Code != 1001 {
			t.Errorf("ended with %d %q", e.Code, e.Reason)
		}
	}
}

// TestResetMidFrame drops connections in the middle of a frame.
func TestResetMidFrame(t *testing.T) {
	g := start(t, hub.Config{})
	url := g.URL("a", hub.Settings{Compression: true})
	receiver := g.dial(url, ws.Options{})
	if err := receiver.PingPong("in"); err != nil {
		t.Fatal(err)
	}
	whole := ws.Frame{Op: ws.Binary, Payload: make([]byte, 1000)}.Append(nil)
	packed := ws.Frame{Op: ws.Binary, RSV: ws.RSV1, Payload: ws.Compress(make([]byte, 100_000))}.Append(nil)
	const n = 200
	for i := range n {
		o, frame := ws.Options{}, whole
		if i%4 == 0 {
			o.Deflate, frame = "permessage-deflate", packed
		}
		c := g.dial(url, o)
		if _, err := c.Write(frame[:1+i*7%(len(frame)-1)]); err != nil {
			t.Fatal(err)
		}
		if err := c.Reset(); err != nil {
			t.Fatal(err)
		}
	}
	g.parted("a", n)
	if err := receiver.PingPong("nothing but this"); err != nil {
		t.Error(err)
	}
	if s, _ := g.Hub.Stats("a"); s.Connections != 1 || s.MessagesIn != 0 || s.Queued != 0 {
		t.Errorf("after %d resets: %+v", n, s)
	}
	receiver.Close()
}
