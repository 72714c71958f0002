// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tcpload_test

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/culvertd/culvert/bench/internal/daemon"
	"github.com/culvertd/culvert/bench/internal/harness"
	"github.com/culvertd/culvert/bench/internal/refrelay"
	"github.com/culvertd/culvert/bench/internal/service"
	"github.com/culvertd/culvert/bench/internal/tcpload"
)

const short = 150 * time.Millisecond

// chain starts a service with a reference tunnel before it.
func chain(t *testing.T, mode string, pool int) harness.Target {
	t.Helper()
	var p daemon.Ports
	free, err := p.Take(3)
	if err != nil {
		t.Fatal(err)
	}
	for i := range free {
		free[i] = "127.0.0.1:" + free[i]
	}
	svc, relay, visitor := free[0], free[1], free[2]
	start(t, svc, func(ctx context.Context) error { return service.Run(ctx, svc, "", nil) })
	start(t, relay, refrelay.Config{Role: "relay", Listen: relay, Copy: mode}.Run)
	start(t, "", refrelay.Config{Role: "provider", Relay: relay, To: svc, Copy: mode, Pool: pool}.Run)
	time.Sleep(100 * time.Millisecond) // a visitor that comes before the provider is let go
	start(t, visitor, refrelay.Config{Role: "visitor", Relay: relay, Listen: visitor, Copy: mode, Pool: pool}.Run)
	return harness.Target{Name: mode, Addr: visitor, Opts: map[string]string{"relay": relay, "service": svc}}
}

// start runs f until the test ends and waits until addr is listened on.
func start(t *testing.T, addr string, f func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- f(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	for range 100 {
		if addr == "" {
			return
		}
		if c, err := net.Dial("tcp", addr); err == nil {
			_ = c.Close()
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("nobody listens on %s", addr)
}

func TestLoadsThroughTheReference(t *testing.T) {
	for mode, pool := range map[string]int{"splice": 0, "hybrid": 8} {
		target := chain(t, mode, pool)
		for name, c := range map[string]struct {
			load harness.Case
			want map[string][2]float64 // metric: least and greatest
		}{
			"verify": {tcpload.Verify{MiB: 4, Streams: 2}.Measure, map[string][2]float64{tcpload.Intact: {2, 2}}},
			"up":     {tcpload.Throughput{Streams: 2, Duration: short}.Measure, map[string][2]float64{tcpload.Rate: {1, 1e6}}},
			"down":   {tcpload.Throughput{Streams: 2, Down: true, Duration: short}.Measure, map[string][2]float64{tcpload.Rate: {1, 1e6}}},
			"setup": {tcpload.Setup{Workers: 4, Duration: short}.Measure, map[string][2]float64{
				tcpload.ConnsPerS: {1, 1e6}, tcpload.FirstP50: {1, 1e6}, tcpload.Failed: {0, 0},
			}},
			"burst": {tcpload.Burst{Conns: 50, Within: short}.Measure, map[string][2]float64{
				tcpload.Failed: {0, 0}, tcpload.Done: {100, 10000},
			}},
			"rtt": {tcpload.RTT{Size: 64, Duration: short}.Measure, map[string][2]float64{tcpload.P50: {1, 1e5}}},
			"bulk": {tcpload.RTT{Size: 64, Bulk: 2, BulkRate: 10, Duration: short}.Measure, map[string][2]float64{
				tcpload.BulkRate: {5, 15}, tcpload.P50: {1, 1e6},
			}},
			"first": {tcpload.First{Count: 3}.Measure, map[string][2]float64{tcpload.PerPing: {0.1, 1000}}},
			"idle":  {tcpload.Idle{Conns: 20, Settle: short}.Measure, map[string][2]float64{tcpload.Failed: {0, 0}, tcpload.Disconnected: {0, 0}}},
			"silent": {tcpload.Silent{Conns: 10, Pairs: 1, Duration: short}.Measure, map[string][2]float64{
				tcpload.Held: {10, 10}, tcpload.Failed: {0, 0},
			}},
		} {
			t.Run(mode+"/"+name, func(t *testing.T) { check(t, target, c.load, c.want) })
		}
	}
}

func check(t *testing.T, target harness.Target, load harness.Case, want map[string][2]float64) {
	t.Helper()
	ms, err := load(target)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, m := range ms {
		got[m.Name] = m.Value
	}
	for name, limits := range want {
		if v, ok := got[name]; !ok || v < limits[0] || v > limits[1] {
			t.Errorf("%s is %g, want between %g and %g", name, v, limits[0], limits[1])
		}
	}
}

// changer echoes with a bit flipped now and then, and hangs up on demand.
func changer(t *testing.T, hangUp bool) harness.Target {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				b := make([]byte, 1000)
				for !hangUp {
					n, err := c.Read(b)
					if err != nil {
						return
					}
					b[n-1] ^= 1
					if _, err := c.Write(b[:n]); err != nil {
						return
					}
				}
			}()
		}
	}()
	return harness.Target{Name: "changer", Addr: l.Addr().String(), Opts: map[string]string{"relay": l.Addr().String()}}
}

func TestFailuresAreSeen(t *testing.T) {
	if _, err := (tcpload.Verify{MiB: 1, Streams: 1}).Measure(changer(t, false)); err == nil {
		t.Error("changed bytes passed as intact")
	}
	gone := changer(t, true)
	if _, err := (tcpload.Setup{Workers: 2, Duration: short}).Measure(gone); err == nil {
		t.Error("connections that were hung up passed as opened")
	}
	ms, err := tcpload.Burst{Conns: 5, Within: short}.Measure(gone)
	if err != nil || ms[0].Name != tcpload.Failed || ms[0].Value != 5 {
		t.Errorf("a burst that was hung up: got %v, %v, want 5 failed", ms, err)
	}
}
