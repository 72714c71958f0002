// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package hostile

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/culvertd/culvert/internal/hub"
	ws "github.com/culvertd/culvert/internal/wstest"
	"github.com/culvertd/culvert/test/hubserver"
)

// gateway is a hub that a test is hostile to, with its connection log.
type gateway struct {
	*hubserver.Server
	t      *testing.T
	mu     sync.Mutex // guards the field below
	events []hub.Event
}

// start runs a hub. When the test ends, goroutines and descriptors must be as
// many as before the first connection, while the hub still runs.
func start(t *testing.T, cfg hub.Config) *gateway {
	t.Helper()
	g := &gateway{t: t}
	cfg.Recorder = g
	g.Server = hubserver.Start(t, cfg)
	// The first messages start what the hub keeps.
	g.watch("warm up")()
	goroutines, descriptors := runtime.NumGoroutine(), countDescriptors(t, "self")
	t.Cleanup(func() {
		within(t, "goroutines return to the start", func() error {
			if n := runtime.NumGoroutine(); n > goroutines {
				return fmt.Errorf("%d, were %d", n, goroutines)
			}
			return nil
		})
		within(t, "descriptors return to the start", func() error {
			if n := countDescriptors(t, "self"); n > descriptors {
				return fmt.Errorf("%d, were %d", n, descriptors)
			}
			return nil
		})
	})
	return g
}

// Record implements hub.Recorder.
func (g *gateway) Record(e hub.Event) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.events = append(g.events, e)
}

// parted waits until n connections of an endpoint have ended, and returns the
// events in the order of their ends.
func (g *gateway) parted(id hub.ID, n int) (ended []hub.Event) {
	g.t.Helper()
	within(g.t, fmt.Sprintf("%d connections end", n), func() error {
		g.mu.Lock()
		defer g.mu.Unlock()
		ended = nil
		for _, e := range g.events {
			if e.Kind == hub.Disconnected && e.Endpoint == id {
				ended = append(ended, e)
			}
		}
		if len(ended) < n {
			return fmt.Errorf("%d of %d", len(ended), n)
		}
		return nil
	})
	return ended
}

// dial connects, and closes with the test at the latest.
func (g *gateway) dial(url string, o ws.Options) *ws.Conn {
	g.t.Helper()
	c, err := ws.Dial(g.t.Context(), url, o)
	if err != nil {
		g.t.Fatal(err)
	}
	g.t.Cleanup(func() { c.Close() })
	return c
}

// watch has two well-behaved clients exchange messages on an endpoint, both
// ways in turn, until the function returned is called. They must notice
// nothing: every message arrives, in order, and none takes long.
func (g *gateway) watch(id hub.ID) (stop func()) {
	g.t.Helper()
	url := g.URL(id, hub.Settings{})
	pair := [2]*ws.Conn{g.dial(url, ws.Options{}), g.dial(url, ws.Options{})}
	for _, c := range pair {
		if err := c.PingPong("in"); err != nil {
			g.t.Fatal(err)
		}
	}
	quit, done := make(chan struct{}), make(chan error, 1)
	var worst time.Duration
	n := 0
	go func() {
		for ; ; n++ {
			select {
			case <-quit:
				if n > 10 { // even if stop came at once
					done <- nil
					return
				}
			case <-time.After(time.Millisecond):
			}
			sent, want := time.Now(), strconv.Itoa(n)
			if err := pair[n%2].SendMessage(ws.Text, []byte(want)); err != nil {
				done <- err
				return
			}
			m, err := pair[1-n%2].ReadMessage()
			if err != nil || string(m.Payload) != want {
				done <- fmt.Errorf("message %d: got %q, %w", n, m.Payload, err)
				return
			}
			worst = max(worst, time.Since(sent))
		}
	}()
	return func() {
		g.t.Helper()
		close(quit)
		if err := <-done; err != nil {
			g.t.Errorf("the others noticed: %v", err)
			return
		}
		// A stall of the hub would last for a timeout of seconds; less is the
		// scheduler's doing on a busy machine.
		if worst > 2*time.Second {
			g.t.Errorf("a message of the others took %v", worst)
		}
		g.t.Logf("others on %q: %d messages, the slowest %v", id, n, worst.Round(time.Microsecond))
		for _, c := range pair {
			if err := c.Shake(1000); err != nil {
				g.t.Errorf("closing the others: %v", err)
			}
		}
	}
}

// within polls for 15 s.
func within(t *testing.T, what string, ok func() error) {
	t.Helper()
	var err error
	for end := time.Now().Add(15 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if err = ok(); err == nil {
			return
		}
	}
	t.Errorf("%s: %v", what, err)
}

// bounded runs f and fails if the heap grows by more than limit meanwhile. The
// collector is set sharp, so that garbage counts for little.
func bounded(t *testing.T, limit uint64, f func()) {
	t.Helper()
	defer debug.SetGCPercent(debug.SetGCPercent(10))
	runtime.GC()
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	read := func() uint64 {
		metrics.Read(sample)
		return sample[0].Value.Uint64()
	}
	base, peak := read(), uint64(0)
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-quit:
				return
			case <-time.After(2 * time.Millisecond):
				peak = max(peak, read())
			}
		}
	}()
	f()
	close(quit)
	<-done
	grown := peak - min(peak, base)
	t.Logf("the heap grew by %.1f MiB", float64(grown)/(1<<20))
	if grown > limit {
		t.Errorf("the heap grew by %d bytes, want at most %d", grown, limit)
	}
}

// countDescriptors counts the open descriptors of a process.
func countDescriptors(t *testing.T, pid string) int {
	t.Helper()
	all, err := os.ReadDir("/proc/" + pid + "/fd")
	if err != nil && runtime.GOOS == "linux" {
		t.Fatal(err)
	}
	return len(all)
}

// smallWindow dials with a small receive buffer, so that little is under way
// before a reader's silence is felt.
func smallWindow(ctx context.Context, network, addr string) (net.Conn, error) {
	d := net.Dialer{Control: func(_, _ string, c syscall.RawConn) (err error) {
		if e := c.Control(func(fd uintptr) { err = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 16<<10) }); e != nil {
			return e
		}
		return err
	}}
	return d.DialContext(ctx, network, addr)
}

func parse(t *testing.T, raw string) *url.URL {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func isTimeout(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }

// ended expects the hub's close frame with a code, behind what the others say,
// and then the end.
func ended(t *testing.T, c *ws.Conn, code int) {
	t.Helper()
	var err error
	for err == nil {
		_, err = c.ReadMessage()
	}
	var closed *ws.CloseError
	if !errors.As(err, &closed) || closed.Code != code {
		t.Errorf("got %v, want a close with %d", err, code)
	}
	_ = c.Send(ws.CloseFrame(code, "")) // it may be gone already
	_ = c.End()
	c.Close()
}
