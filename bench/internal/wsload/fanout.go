// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package wsload

import (
	"fmt"
	"time"

	"github.com/culvertd/culvert/bench/internal/harness"
)

// Fanout is one publisher and many receivers.
type Fanout struct {
	Receivers int
	Size      int           // bytes of a message
	Window    int           // messages under way at once; not with Rate
	Rate      float64       // messages a second; 0: as many as Window lets through
	Duration  time.Duration // of sending
}

// The metrics of a fan-out run.
const (
	Deliveries = "deliveries/s"
	ServerCPU  = "server CPU s/M" // per million deliveries
	ClientCPU  = "client CPU s/M"
	WireBytes  = "bytes/delivery"
	P50        = "p50 us"
	P99        = "p99 us"
	Lost       = "lost"
)

// Measure runs the load against one server.
func (f Fanout) Measure(t harness.Target) ([]harness.Metric, error) {
	p, err := protoOf(t)
	if err != nil {
		return nil, err
	}
	// With many messages under way their latency is that of the window.
	timed := f.Rate > 0 || f.Window == 1
	g, err := subscribe(t, p, f.Receivers, timed)
	if err != nil {
		return nil, err
	}
	defer g.close()
	pub, err := newPublisher(t, p)
	if err != nil {
		return nil, err
	}
	defer pub.close()
	time.Sleep(200 * time.Millisecond)

	server, client, start := harness.CPUSeconds(t.PID), harness.OwnCPUSeconds(), time.Now()
	sent, err := f.send(g, pub, start)
	if err != nil {
		return nil, err
	}
	elapsed, got := time.Since(start).Seconds(), g.received.Load()
	server, client = harness.CPUSeconds(t.PID)-server, harness.OwnCPUSeconds()-client

	due := int64(sent) * int64(f.Receivers)
	g.drain(due)
	g.halt()
	if got == 0 || g.dead.Load() > 0 {
		return nil, fmt.Errorf("%d of %d deliveries, %d receivers disconnected", got, due, g.dead.Load())
	}
	ms := []harness.Metric{
		{Name: Deliveries, Value: float64(got) / elapsed},
		{Name: ServerCPU, Value: server / float64(got) * 1e6},
		{Name: ClientCPU, Value: client / float64(got) * 1e6},
		{Name: WireBytes, Value: float64(g.bytes.Load()) / float64(g.received.Load())},
		{Name: Lost, Value: float64(due - g.received.Load())},
	}
	if timed {
		ms = append(ms,
			harness.Metric{Name: P50, Value: micros(g.latency.Percentile(.5))},
			harness.Metric{Name: P99, Value: micros(g.latency.Percentile(.99))})
	}
	return ms, nil
}

// send publishes for f.Duration and returns the number of messages.
func (f Fanout) send(g *group, pub *publisher, start time.Time) (sent int, err error) {
	last, moved := int64(0), start
	for now := start; now.Sub(start) < f.Duration; now = time.Now() {
		switch got := g.received.Load(); {
		case f.Rate > 0 && float64(sent) >= now.Sub(start).Seconds()*f.Rate:
			time.Sleep(time.Duration(float64(time.Second) / f.Rate / 2))
			continue
		case f.Rate == 0 && int64(sent-f.Window)*int64(f.Receivers) >= got:
			if got != last {
				last, moved = got, now
			} else if now.Sub(moved) > 2*time.Second {
				return sent, fmt.Errorf("stalled after %d messages, %d of %d deliveries", sent, got, sent*f.Receivers)
			}
			g.wait(time.Millisecond)
			continue
		}
		if err := pub.send(sent, message(f.Size)); err != nil {
			return sent, fmt.Errorf("publishing: %w", err)
		}
		sent++
	}
	return sent, nil
}

func micros(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e3 }
