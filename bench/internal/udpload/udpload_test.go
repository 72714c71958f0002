// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package udpload_test

import (
	"context"
	"testing"
	"time"

	"github.com/culvertd/culvert/bench/internal/daemon"
	"github.com/culvertd/culvert/bench/internal/harness"
	"github.com/culvertd/culvert/bench/internal/refudp"
	"github.com/culvertd/culvert/bench/internal/service"
	"github.com/culvertd/culvert/bench/internal/udpload"
)

const short = 200 * time.Millisecond

func TestLoadsThroughTheReference(t *testing.T) {
	var p daemon.Ports
	free, err := p.Take(3)
	if err != nil {
		t.Fatal(err)
	}
	for i := range free {
		free[i] = "127.0.0.1:" + free[i]
	}
	ready := make(chan string, 1)
	start(t, func(ctx context.Context) error {
		return service.Run(ctx, free[0], "", func(addr string) { ready <- addr })
	})
	<-ready
	start(t, func(ctx context.Context) error { return refudp.Run(ctx, free[1], free[0]) })
	start(t, func(ctx context.Context) error { return refudp.Run(ctx, free[2], free[1]) })
	target := harness.Target{Name: "ref-udp", Opts: map[string]string{"service": free[0], "udp": free[2]}}

	for name, c := range map[string]struct {
		load harness.Case
		want map[string][2]float64 // metric: least and greatest
	}{
		"paced": {udpload.Flood{Size: 1200, Rate: 1000, Duration: short}.Measure, map[string][2]float64{
			udpload.Loss: {0, 0}, udpload.Delivered: {500, 1100},
		}},
		"unpaced": {udpload.Flood{Size: 64, Duration: short}.Measure, map[string][2]float64{udpload.Delivered: {1000, 1e8}}},
		"rtt":     {udpload.RTT{Size: 64, Duration: short}.Measure, map[string][2]float64{udpload.P50: {1, 1e5}, udpload.Lost: {0, 0}}},
		"beside": {udpload.RTT{Size: 64, FloodRate: 1000, FloodSize: 100, Pairs: 2, Duration: short}.Measure, map[string][2]float64{
			udpload.Raised: {0.01, 100}, udpload.Loss: {0, 0}, udpload.Lost: {0, 0},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			ms, err := c.load(target)
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]float64{}
			for _, m := range ms {
				got[m.Name] = m.Value
			}
			for name, limits := range c.want {
				if v, ok := got[name]; !ok || v < limits[0] || v > limits[1] {
					t.Errorf("%s is %g, want between %g and %g", name, v, limits[0], limits[1])
				}
			}
		})
	}
}

func start(t *testing.T, f func(context.Context) error) {
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
}
