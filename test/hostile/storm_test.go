// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package hostile

import (
	"context"
	"fmt"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/culvertd/culvert/internal/hub"
	ws "github.com/culvertd/culvert/internal/wstest"
	"github.com/culvertd/culvert/test/hubserver"
)

// from dials from one of 16 addresses, since a pair of addresses has only some
// 28,000 ports. The whole of 127/8 is local on Linux alone.
func from(i int) func(context.Context, string, string) (net.Conn, error) {
	d := net.Dialer{}
	if runtime.GOOS == "linux" {
		d.LocalAddr = &net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(2+i%16))}
	}
	return d.DialContext
}

// TestConnectStorm opens 2,000 connections as fast as can be, some of them
// silent TCP connections, and drops them at once. Every one that asks gets in.
func TestConnectStorm(t *testing.T) {
	g := start(t, hub.Config{})
	url := g.URL("storm", hub.Settings{})
	stop := g.watch("others")
	const n, workers = 2000, 32
	conns := make([]*ws.Conn, n)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				if i%10 == 0 {
					if nc, err := from(i)(t.Context(), "tcp", g.Addr); err == nil {
						defer nc.Close()
					}
				}
				c, err := ws.Dial(t.Context(), url, ws.Options{Dial: from(i)})
				if err == nil {
					err = c.PingPong("in")
				}
				if err != nil {
					t.Errorf("connection %d: %v", i, err)
					continue
				}
				conns[i] = c
			}
		})
	}
	wg.Wait()
	if t.Failed() {
		t.FailNow()
	}
	if s, _ := g.Hub.Stats("storm"); s.Connections != n {
		t.Errorf("%d connections, want %d", s.Connections, n)
	}
	// All hear one message, then all leave at once.
	if err := conns[0].SendMessage(ws.Text, []byte("to all")); err != nil {
		t.Fatal(err)
	}
	for i, c := range conns[1:] {
		if m, err := c.ReadMessage(); err != nil || string(m.Payload) != "to all" {
			t.Fatalf("connection %d: got %q, %v", i+1, m.Payload, err)
		}
	}
	for i, c := range conns {
		if i%2 == 0 {
			c.Close()
		} else if err := c.Reset(); err != nil {
			t.Error(err)
		}
	}
	g.parted("storm", n)
	stop()
}

// BenchmarkConnect is the figure to the test above: connections that are
// opened, answered a ping and closed, a second, client and server together.
func BenchmarkConnect(b *testing.B) {
	srv := hubserver.Start(b, hub.Config{})
	url := srv.URL("bench", hub.Settings{})
	var n atomic.Int64
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			i := int(n.Add(1))
			c, err := ws.Dial(b.Context(), url, ws.Options{Dial: from(i)})
			if err == nil {
				err = c.PingPong("in")
			}
			if err == nil {
				err = c.Reset() // no TIME_WAIT, so ports last
			}
			if err != nil {
				b.Error(fmt.Errorf("connection %d: %w", i, err))
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "connects/s")
}
