// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package relay

import (
	"errors"
	"net"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"github.com/culvertd/culvert/internal/wire"
)

// TestDrip: a byte now and then is no line, whoever reads it.
func TestDrip(t *testing.T) {
	for _, tc := range []struct {
		name string
		dial func(w *world) net.Conn
	}{
		{"port", func(w *world) net.Conn { return w.dial() }},
		{"another connection", func(w *world) net.Conn {
			near, far := net.Pipe()
			w.r.ServeChannel(&pipeConn{far}, netip.Addr{})
			return near
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, Limits{})
			c := tc.dial(w)
			defer c.Close()
			start := time.Now()
			for time.Since(start) < 12*time.Second {
				if _, err := c.Write([]byte("C")); err != nil {
					break
				}
				time.Sleep(200 * time.Millisecond)
			}
			if d := time.Since(start); d > 7*time.Second {
				t.Errorf("it lasted %v", d)
			}
			w.until(func() bool { return w.r.Stats().Junk == 1 && w.r.Stats().Pending == 0 })
		})
	}
}

// TestRefusalsAreBounded: many that are refused at once, and stay, do not hold
// as many sockets.
func TestRefusalsAreBounded(t *testing.T) {
	w := newWorld(t, Limits{})
	var conns []*net.TCPConn
	for range 2 * maxAnswering {
		l, s := w.line(wire.Open)
		s[0]++
		conns = append(conns, w.send(l.Append(nil, s)))
	}
	told, reset := 0, 0
	for _, c := range conns {
		_, err := c.Read(make([]byte, 1))
		switch {
		case err == nil:
			told++
		case errors.Is(err, syscall.ECONNRESET):
			reset++
		default:
			t.Fatal(err)
		}
	}
	if told == 0 || told+reset != len(conns) {
		t.Errorf("%d are told, %d reset", told, reset)
	}
	if n := w.r.count.answering.Load(); n > maxAnswering {
		t.Errorf("%d answers under way", n)
	}
	for _, c := range conns {
		_ = c.Close()
	}
	w.until(func() bool { return w.r.count.answering.Load() == 0 })
}
