// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package hub

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/culvertd/culvert/internal/wire"
)

// peer is the far end of a connection in memory: time is the bubble's, and
// nothing is buffered, so a peer that does not read blocks at once.
type peer struct {
	nc net.Conn
	t  *testing.T
}

// meet gives the hub one end of a pipe as a member of room.
func meet(t *testing.T, h *Hub) *peer {
	t.Helper()
	ours, theirs := net.Pipe()
	ep := h.find(room)
	if !h.admit() {
		t.Fatal("the hub is closed")
	}
	if _, ok := ep.reserve(); !ok {
		t.Fatal("the endpoint is full")
	}
	c := &conn{ep: ep, nc: ours}
	if err := c.enter(); err != nil {
		t.Fatal(err)
	}
	c.live()
	return &peer{theirs, t}
}

// say sends one masked frame, and waits until the hub has taken it.
func (p *peer) say(op wire.Opcode, payload []byte) {
	p.t.Helper()
	b := wire.AppendServerHeader(nil, wire.FinBit|byte(op), len(payload))
	b[1] |= 0x80
	b = append(append(b, 0, 0, 0, 0), payload...) // the key zero changes nothing
	if _, err := p.nc.Write(b); err != nil {
		p.t.Fatalf("sending: %v", err)
	}
}

// hear reads one frame.
func (p *peer) hear() (wire.Opcode, []byte, error) {
	var head [wire.MaxServerHeader]byte
	for n := 2; ; n++ {
		if n == 2 {
			if _, err := io.ReadFull(p.nc, head[:2]); err != nil {
				return 0, nil, err
			}
		} else if _, err := io.ReadFull(p.nc, head[n-1:n]); err != nil {
			return 0, nil, err
		}
		if h, size, err := wire.ParseHeader(head[:n]); err != nil || size > 0 {
			b := make([]byte, h.Length)
			if err == nil {
				_, err = io.ReadFull(p.nc, b)
			}
			return h.Opcode, b, err
		}
	}
}

// hangup reads until the hub hangs up, and returns when that was.
func (p *peer) hangup() time.Time {
	for {
		if _, _, err := p.hear(); err != nil {
			return time.Now()
		}
	}
}

func bubble(t *testing.T, cfg Config, f func(t *testing.T, h *Hub)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		h := New(cfg)
		h.Set(room, Settings{})
		defer func() { // also when f gives up
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			_ = h.Close(ctx, Closing{Code: wire.CloseGoingAway})
		}()
		defer func() { // also when f gives up
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			_ = h.Close(ctx, Closing{Code: wire.CloseGoingAway})
		}()
		f(t, h)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := h.Close(ctx, Closing{Code: wire.CloseGoingAway}); err != nil {
			t.Errorf("closing: %v", err)
		}
		if used := h.used.Load(); used < 0 || h.live.Load() != 0 {
			t.Errorf("%d bytes and %d connections are left", used, h.live.Load())
		}
	})
}

func TestPingsAreSpread(t *testing.T) {
	bubble(t, Config{}, func(t *testing.T, h *Hub) {
		start := time.Now()
		const n = 50
		when := make(chan time.Duration, 10*n)
		for range n {
			p := meet(t, h)
			go func() {
				for {
					op, b, err := p.hear()
					if err != nil {
						return
					}
					switch op {
					case wire.Ping:
						when <- time.Since(start)
						p.say(wire.Pong, b)
					case wire.Close:
						p.say(wire.Close, b)
					default:
					}
				}
			}()
		}
		time.Sleep(2 * time.Minute)
		moments := map[time.Duration]int{}
		for len(when) > 0 {
			moments[(<-when).Round(100*time.Millisecond)]++
		}
		total := 0
		for at, k := range moments {
			total += k
			if k > n/4 {
				t.Errorf("%d of %d pings at %v", k, n, at)
			}
		}
		if total < 4*n || total > 6*n {
			t.Errorf("%d pings to %d connections in two minutes", total, n)
		}
		if st, _ := h.Stats(room); st.Connections != n {
			t.Errorf("%d of %d are left", st.Connections, n)
		}
	})
}

func TestSilentPeerIsReset(t *testing.T) {
	bubble(t, Config{}, func(t *testing.T, h *Hub) {
		start := time.Now()
		p := meet(t, h) // reads, but never answers
		if d := p.hangup().Sub(start); d < 22*time.Second || d > 36*time.Second {
			t.Errorf("hung up after %v", d)
		}
		synctest.Wait()
		if st, _ := h.Stats(room); st.Connections != 0 {
			t.Errorf("%+v", st)
		}
	})
}

// TestEvictionFinishesTheFrame has a reader stop within a frame, fall out of
// the log, and read on: it gets the frame whole, then 1013, and no more.
func TestEvictionFinishesTheFrame(t *testing.T) {
	cfg := Config{LogSize: 64 << 10, Limits: Limits{MaxMessageSize: 16 << 10}}
	bubble(t, cfg, func(t *testing.T, h *Hub) {
		from, slow := meet(t, h), meet(t, h)
		go io.Copy(io.Discard, from.nc)
		first := make([]byte, 10_000)
		binary.BigEndian.PutUint64(first, 42)
		from.say(wire.Binary, first)
		var head [4]byte
		if _, err := io.ReadFull(slow.nc, head[:]); err != nil { // the frame has begun
			t.Fatal(err)
		}
		for range 20 {
			from.say(wire.Binary, make([]byte, 10_000))
		}
		time.Sleep(time.Second)
		st, _ := h.Stats(room)
		if st.Connections != 1 || st.Dropped.Slow == 0 {
			t.Fatalf("not evicted: %+v", st)
		}
		rest := make([]byte, 10_000)
		if _, err := io.ReadFull(slow.nc, rest); err != nil || binary.BigEndian.Uint64(rest) != 42 {
			t.Fatalf("the frame that had begun: %v", err)
		}
		// Whole frames of the write under way may follow, then the close.
		for {
			op, b, err := slow.hear()
			if err != nil {
				t.Fatalf("no close frame: %v", err)
			}
			if op == wire.Close {
				if code, _, _ := wire.ParseClose(b); code != wire.CloseTryAgainLater {
					t.Errorf("closed with %d", code)
				}
				break
			}
		}
		slow.say(wire.Close, []byte{0x03, 0xF5})
		synctest.Wait()
		st, _ = h.Stats(room)
		if st.Eligible != st.MessagesOut+st.Dropped.Total()+st.Queued || st.Queued != 0 {
			t.Errorf("%+v", st)
		}
	})
}

// TestStuckReaderIsResetInTime has a reader that never comes back.
func TestStuckReaderIsResetInTime(t *testing.T) {
	cfg := Config{LogSize: 64 << 10, Limits: Limits{MaxMessageSize: 16 << 10}}
	bubble(t, cfg, func(t *testing.T, h *Hub) {
		from, stuck := meet(t, h), meet(t, h)
		go io.Copy(io.Discard, from.nc)
		start := time.Now()
		for range 20 {
			from.say(wire.Binary, make([]byte, 10_000))
		}
		if d := time.Since(start); d > 100*time.Millisecond {
			t.Errorf("the sender waited %v for a reader that does not read", d)
		}
		time.Sleep(defaultCloseTimeout + time.Second)
		if n := h.live.Load(); n != 1 {
			t.Errorf("%d connections are left", n)
		}
		if _, err := stuck.nc.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
			t.Errorf("the stuck end: %v", err)
		}
	})
}

func TestCloseHandshakeTimesOut(t *testing.T) {
	bubble(t, Config{}, func(t *testing.T, h *Hub) {
		p := meet(t, h) // reads the close frame and does not answer
		start := time.Now()
		h.Remove(room, Closing{Code: wire.CloseDeleted, Reason: "endpoint deleted"})
		if d := p.hangup().Sub(start); d != defaultCloseTimeout {
			t.Errorf("hung up after %v, want %v", d, defaultCloseTimeout)
		}
		h.Set(room, Settings{})
	})
}

// TestQuietLogIsFreed holds that an endpoint at rest keeps no log.
func TestQuietLogIsFreed(t *testing.T) {
	bubble(t, Config{}, func(t *testing.T, h *Hub) {
		a, b := meet(t, h), meet(t, h)
		for _, p := range []*peer{a, b} {
			go func() {
				for {
					op, payload, err := p.hear()
					if err != nil {
						return
					}
					if op == wire.Ping {
						p.say(wire.Pong, payload)
					}
					if op == wire.Close {
						p.say(wire.Close, payload)
					}
				}
			}()
		}
		a.say(wire.Binary, make([]byte, 1000))
		synctest.Wait()
		if h.used.Load() == 0 {
			t.Error("the log is not accounted for")
		}
		time.Sleep(time.Minute)
		if n := h.used.Load(); n != 0 {
			t.Errorf("%d bytes are kept after a minute of rest", n)
		}
	})
}
