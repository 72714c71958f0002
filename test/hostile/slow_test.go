// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package hostile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/culvertd/culvert/internal/hub"
	ws "github.com/culvertd/culvert/internal/wstest"
)

// TestSilence connects and never says a word, not even a pong.
func TestSilence(t *testing.T) {
	g := start(t, hub.Config{PingInterval: 300 * time.Millisecond, PongTimeout: 200 * time.Millisecond})
	url := g.URL("a", hub.Settings{})
	silent, alive := g.dial(url, ws.Options{}), g.dial(url, ws.Options{})
	stay := make(chan error, 1)
	go func() {
		_, err := alive.ReadMessage() // which answers pings
		stay <- err
	}()
	for {
		if m, err := silent.Next(); err != nil || m.Op == ws.Close {
			break
		}
	}
	e := g.parted("a", 1)[0]
	if !strings.Contains(e.Reason, "ping timeout") || e.Duration > 5*time.Second {
		t.Errorf("the silent one ended after %v: %q", e.Duration, e.Reason)
	}
	// Who answers stays for many intervals.
	select {
	case err := <-stay:
		t.Errorf("who answered pings was parted with: %v", err)
	case <-time.After(1500 * time.Millisecond):
	}
	alive.Close()
	<-stay
}

// TestByteASecond sends a message at one byte a second, as far as its payload.
// It is slow, not wrong: the message arrives.
func TestByteASecond(t *testing.T) {
	g := start(t, hub.Config{})
	url := g.URL("a", hub.Settings{})
	stop := g.watch("others")
	slow, receiver := g.dial(url, ws.Options{}), g.dial(url, ws.Options{})
	for i, b := range ws.T("slow").Append(nil) {
		if i < 6 {
			time.Sleep(time.Second)
		}
		if _, err := slow.Write([]byte{b}); err != nil {
			t.Fatal(err)
		}
	}
	if m, err := receiver.ReadMessage(); err != nil || string(m.Payload) != "slow" {
		t.Errorf("got %q, %v", m.Payload, err)
	}
	stop()
	slow.Close()
	receiver.Close()
}

// TestDribble has many clients announce a message of 1 MiB each and send a few
// bytes of it: an announcement must not cost memory.
func TestDribble(t *testing.T) {
	g := start(t, hub.Config{})
	url := g.URL("a", hub.Settings{})
	stop := g.watch("a")
	var conns []*ws.Conn
	for range 200 {
		conns = append(conns, g.dial(url, ws.Options{}))
	}
	claim := uint64(1 << 20)
	bounded(t, 16<<20, func() {
		for _, c := range conns {
			if err := c.Send(ws.Frame{Op: ws.Binary, Claim: &claim}); err != nil {
				t.Fatal(err)
			}
		}
		for range 10 {
			for _, c := range conns {
				if _, err := c.Write([]byte{'x'}); err != nil {
					t.Fatal(err)
				}
			}
			time.Sleep(20 * time.Millisecond)
		}
	})
	for _, c := range conns {
		c.Close()
	}
	g.parted("a", len(conns))
	stop()
}

// TestStalledReader has a receiver that stops reading while others go on. It
// costs a bounded part of memory, is parted with, and counted.
func TestStalledReader(t *testing.T) {
	const logSize, size, count = 4 << 20, 16 << 10, 2048 // 32 MiB in all
	g := start(t, hub.Config{LogSize: logSize, CloseTimeout: time.Second})
	url := g.URL("a", hub.Settings{})
	sender, good := g.dial(url, ws.Options{}), g.dial(url, ws.Options{})
	stalled := g.dial(url, ws.Options{Dial: smallWindow})
	for _, c := range []*ws.Conn{good, stalled} {
		if err := c.PingPong("in"); err != nil {
			t.Fatal(err)
		}
	}
	stop := g.watch("others")
	message := bytes.Repeat([]byte{0xfe}, size)
	bounded(t, 6*logSize, func() {
		got := make(chan error, 1)
		go func() {
			for i := range count {
				m, err := good.ReadMessage()
				if err == nil && string(m.Payload[:8]) != fmt.Sprintf("%08d", i) {
					err = fmt.Errorf("got message %q, want %d", m.Payload[:8], i)
				}
				if err != nil {
					got <- err
					return
				}
			}
			got <- nil
		}()
		for i := range count {
			copy(message, fmt.Sprintf("%08d", i))
			if err := sender.SendMessage(ws.Binary, message); err != nil {
				t.Fatal(err)
			}
		}
		if err := <-got; err != nil {
			t.Errorf("the good receiver: %v", err)
		}
	})
	stop()
	e := g.parted("a", 1)[0]
	if e.Code != 1013 || e.Dropped == 0 {
		t.Errorf("the stalled receiver ended with %d %q, %d dropped", e.Code, e.Reason, e.Dropped)
	}
	s, _ := g.Hub.Stats("a")
	if s.Dropped.Slow == 0 || s.Connections != 2 {
		t.Errorf("after the stalled receiver: %+v", s)
	}
	if s.Eligible != s.MessagesOut+s.Dropped.Total()+s.Queued {
		t.Errorf("the counters do not add up: %+v", s)
	}
	had, err := readNumbered(stalled)
	if !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("after the close timeout, the stalled receiver found %d messages, then %v; want a reset", had, err)
	}
	for _, c := range []*ws.Conn{sender, good, stalled} {
		c.Close()
	}
}

// TestStalledReaderComesBack has a receiver that stops reading for too long,
// and reads on within the close timeout: it finds what was on its way, whole
// and in order, and why it was parted with (rules H2).
func TestStalledReaderComesBack(t *testing.T) {
	const size = 16 << 10
	g := start(t, hub.Config{LogSize: 4 << 20})
	url := g.URL("a", hub.Settings{})
	sender, stalled := g.dial(url, ws.Options{}), g.dial(url, ws.Options{Dial: smallWindow})
	if err := stalled.PingPong("in"); err != nil {
		t.Fatal(err)
	}
	message, sent := make([]byte, size), 0
	for ; ; sent++ {
		if s, _ := g.Hub.Stats("a"); s.Dropped.Slow > 0 {
			break
		}
		copy(message, fmt.Sprintf("%08d", sent))
		if err := sender.SendMessage(ws.Binary, message); err != nil {
			t.Fatal(err)
		}
	}
	had, err := readNumbered(stalled)
	var closed *ws.CloseError
	if !errors.As(err, &closed) || closed.Code != 1013 || closed.Reason == "" {
		t.Errorf("found %d of %d messages, then %v; want 1013 and a reason", had, sent, err)
	}
	t.Logf("found %d of %d messages, then: %v", had, sent, err)
	_ = stalled.Send(ws.CloseFrame(1013, ""))
	_ = stalled.End()
	if e := g.parted("a", 1)[0]; e.Code != 1013 || e.MessagesOut != uint64(had) {
		t.Errorf("the log says %d %q, %d messages", e.Code, e.Reason, e.MessagesOut)
	}
	sender.Close()
	stalled.Close()
}

// readNumbered reads messages that begin with their number until something
// else comes.
func readNumbered(c *ws.Conn) (n int, err error) {
	for ; ; n++ {
		m, err := c.ReadMessage()
		if err != nil {
			return n, err
		}
		if want := fmt.Sprintf("%08d", n); string(m.Payload[:8]) != want {
			return n, fmt.Errorf("found message %q, want %q", m.Payload[:8], want)
		}
	}
}

// TestHalfHandshake leaves requests unfinished in many ways.
func TestHalfHandshake(t *testing.T) {
	g := start(t, hub.Config{})
	url := g.URL("a", hub.Settings{})
	stop := g.watch("a")
	u := parse(t, url)
	req, _ := ws.Request(u, ws.Options{})
	var conns []net.Conn
	for n := 0; n < len(req); n += 7 {
		nc, err := ws.Connect(t.Context(), u, ws.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		if _, err := nc.Write(req[:n]); err != nil {
			t.Fatal(err)
		}
		conns = append(conns, nc)
	}
	for i, nc := range conns {
		switch i % 3 {
		case 0: // waits for the server to give up
			_ = nc.SetReadDeadline(time.Now().Add(10 * time.Second))
			if _, err := io.Copy(io.Discard, nc); isTimeout(err) {
				t.Errorf("half a handshake was still waited for after 10 s")
			}
		case 1:
			nc.Close()
		case 2:
			_ = nc.(*net.TCPConn).SetLinger(0)
			nc.Close()
		}
	}
	// A frame in the same packet as the request, before the answer
	// (RFC 6455 §4.1 forbids it): refused or taken, but never stuck.
	nc, err := ws.Connect(t.Context(), u, ws.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	if _, err := nc.Write(ws.Frame{Op: ws.Close}.Append(req)); err != nil {
		t.Fatal(err)
	}
	_ = nc.SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.Copy(io.Discard, nc); isTimeout(err) {
		t.Error("a client that spoke too early was left hanging")
	}
	stop()
}
