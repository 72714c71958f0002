// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package hub

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/culvertd/culvert/internal/wire"
)

// crowd is one sender and receivers who throw away what they get, without
// allocating.
func crowd(tb testing.TB, receivers int) (h *Hub, from net.Conn) {
	tb.Helper()
	h = New(Config{})
	h.Set(room, Settings{})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.Serve(w, r, room, netip.Addr{})
	}))
	var conns []net.Conn
	for range receivers + 1 {
		ws, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(srv.URL, "http"), nil)
		if err != nil {
			tb.Fatal(err)
		}
		conns = append(conns, ws.NetConn())
	}
	for _, nc := range conns[1:] {
		go io.Copy(io.Discard, nc)
	}
	tb.Cleanup(func() {
		for _, nc := range conns {
			nc.Close()
		}
		_ = h.Close(tb.Context(), Closing{Code: wire.CloseGoingAway})
		srv.Close()
	})
	for {
		if st, _ := h.Stats(room); st.Connections == receivers+1 {
			return h, conns[0]
		}
		time.Sleep(time.Millisecond)
	}
}

// masked is a client's frame of 128 bytes.
func masked() []byte {
	b := wire.AppendServerHeader(nil, wire.FinBit|byte(wire.Binary), 128)
	b[1] |= 0x80
	return append(b, make([]byte, 4+128)...)
}

func arrived(h *Hub, n uint64) {
	for h.find(room).out.Load() < n {
		time.Sleep(20 * time.Microsecond)
	}
}

// TestAllocations holds that a broadcast allocates at most three times, of
// whatever number of receivers.
func TestAllocations(t *testing.T) {
	for _, receivers := range []int{1, 50, 400} {
		h, from := crowd(t, receivers)
		frame, sent := masked(), uint64(0)
		round := func(n int) {
			for range n {
				if _, err := from.Write(frame); err != nil {
					t.Fatal(err)
				}
				sent++
				arrived(h, sent*uint64(receivers))
			}
		}
		round(50) // buffers and pools; what dialling left behind ends
		time.Sleep(200 * time.Millisecond)
		const rounds = 500
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before) // of the whole process
		round(rounds)
		runtime.ReadMemStats(&after)
		allocs := float64(after.Mallocs-before.Mallocs) / rounds
		t.Logf("%d receivers: %.2f allocations a broadcast", receivers, allocs)
		if allocs > 3 {
			t.Errorf("%d receivers: %.2f allocations a broadcast", receivers, allocs)
		}
	}
}

// BenchmarkBroadcast sends one message at a time (window 1) or up to 64 ahead;
// an op is one delivery.
func BenchmarkBroadcast(b *testing.B) {
	for _, receivers := range []int{10, 1000} {
		for _, window := range []uint64{1, 64} {
			b.Run(fmt.Sprintf("receivers=%d/window=%d", receivers, window), func(b *testing.B) {
				h, from := crowd(b, receivers)
				frame := masked()
				b.ReportAllocs()
				b.ResetTimer()
				n := uint64(b.N/receivers + 1)
				for sent := range n {
					if _, err := from.Write(frame); err != nil {
						b.Fatal(err)
					}
					if sent+1 > window {
						arrived(h, (sent+1-window)*uint64(receivers))
					}
				}
				arrived(h, n*uint64(receivers))
			})
		}
	}
}
