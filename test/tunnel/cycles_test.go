// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"io"
	"net"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/culvertd/culvert/internal/tunnel"
	"github.com/culvertd/culvert/internal/wire"
)

// held is what the whole chain holds: gateway, both clients, the application
// and the service are all in this process.
type held struct {
	goroutines, descriptors int
	heap                    uint64
}

func holds(t *testing.T) held {
	t.Helper()
	// Twice, since pools give things up at the second one only.
	runtime.GC()
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("SKIP: no /proc/self/fd on this system")
	}
	return held{runtime.NumGoroutine(), len(fds), m.HeapAlloc}
}

// TestCycles connects and aborts, in every way there is, very often, and then
// nothing more is held than before.
func TestCycles(t *testing.T) {
	cycles := sized(2_000, 50_000, 1_000_000)
	for _, w := range ways[:2] {
		t.Run(w.String(), func(t *testing.T) {
			s := startSite(t, "")
			x := s.openFixed(t, w)
			serveEcho(t, x.service)
			n := cycles
			if w.visitor == tunnel.WebSocket {
				n /= 10 // each is a handshake of HTTP, four times the work
			}
			cycle(t, x, max(n/10, 500)) // maps and pools get their size
			settled(t, holds(t), 1.5)
			// What grows once, as something of the gateway's own may at any
			// moment, is no leak: that grows with every round.
			for round := 1; ; round++ {
				before := holds(t)
				began := time.Now()
				cycle(t, x, n)
				t.Logf("%d cycles in %v", n, time.Since(began))
				if round == 3 {
					settled(t, before, 1.02)
					return
				}
				if settles(t, before, 1.02) {
					return
				}
			}
		})
	}
}

// openFixed is open with pools of a size that does not change: they keep what
// a burst made them for a minute.
func (s *site) openFixed(t *testing.T, w way) *tunnelTo {
	t.Helper()
	ln, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	x := &tunnelTo{service: ln}
	port := ln.Addr().(*net.TCPAddr).Port //nolint:forcetypeassert // it is
	x.provider = s.client(t, tunnel.Config{
		ClientID: "provider", Transport: w.provider, MinParked: 32, MaxParked: 32,
		Services: []wire.Service{{ID: "service", Protocol: wire.ServiceTCP, LocalHost: "127.0.0.1", LocalPort: port}},
	})
	x.visitor = s.client(t, tunnel.Config{ClientID: "visitor", Transport: w.visitor, MinWarm: 16, MaxWarm: 16})
	if x.forward, err = x.visitor.Forward(t.Context(), tunnel.ForwardSpec{Target: "provider", Service: "service", Local: "127.0.0.1:0"}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = x.forward.Close() })
	return x
}

// cycle makes n connections, several at a time, and ends each in its own way.
func cycle(t *testing.T, x *tunnelTo, n int) {
	t.Helper()
	var next, failed atomic.Int64
	var tasks sync.WaitGroup
	for range 16 {
		tasks.Go(func() {
			for {
				i := next.Add(1)
				if i > int64(n) {
					return
				}
				if err := once(x.forward.Addr().String(), i); err != nil && failed.Add(1) <= 5 {
					t.Errorf("connection %d: %v", i, err)
				}
			}
		})
	}
	tasks.Wait()
	if f := failed.Load(); f > 0 {
		t.Fatalf("%d of %d connections failed", f, n)
	}
}

// once is one connection.
func once(addr string, i int64) error {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	c := conn.(*net.TCPConn) //nolint:forcetypeassert // it is
	if err := c.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		return err
	}
	var b [512]byte
	if i%5 < 4 {
		if err := c.SetLinger(0); err != nil { // its close is a reset
			return err
		}
	}
	switch i % 5 {
	case 0: // before anything was said
	case 1: // with bytes on their way
		_, err = c.Write(b[:])
	case 2: // with bytes on their way back
		if _, err = c.Write(b[:]); err == nil {
			_, err = io.ReadFull(c, b[:1])
		}
	case 3: // half closed
		if _, err = c.Write(b[:]); err == nil {
			err = c.CloseWrite()
		}
	case 4: // a good end
		if _, err = c.Write(b[:]); err == nil {
			err = c.CloseWrite()
		}
		if err == nil {
			_, err = io.Copy(io.Discard, c)
		}
	}
	return err
}

// settled fails unless at most so much as before is held soon.
func settled(t *testing.T, before held, factor float64) {
	t.Helper()
	if settles(t, before, factor) {
		return
	}
	var b strings.Builder
	_ = pprof.Lookup("goroutine").WriteTo(&b, 1)
	t.Errorf("allowed is %.0f %%\n%s", 100*factor, b.String())
}

// settles waits until at most so much as before is held, and reports whether
// that was soon.
func settles(t *testing.T, before held, factor float64) bool {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(200 * time.Millisecond) {
		now := holds(t)
		ok := float64(now.goroutines) <= float64(before.goroutines)*factor &&
			float64(now.descriptors) <= float64(before.descriptors)*factor &&
			float64(now.heap) <= float64(before.heap)*factor
		if ok || time.Now().After(end) {
			t.Logf("before %+v, after %+v", before, now)
			return ok
		}
	}
}
