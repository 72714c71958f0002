// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tcpload

import (
	"errors"
	"net"
	"sync"
	"time"

	"github.com/culvertd/culvert/bench/internal/harness"
)

// Setup is new connections: connect, one byte out, one byte back, close.
type Setup struct {
	Workers  int
	Duration time.Duration
}

// The metrics of new connections; the times are from before the connect to the
// first byte back.
const (
	ConnsPerS     = "conn/s"
	FirstP50      = "first byte p50 us"
	FirstP99      = "first byte p99 us"
	FirstMax      = "first byte max us"
	ServerPerConn = "server CPU us/conn"
	ChainPerConn  = "chain CPU us/conn"
	Failed        = "failed"
)

// opened is what a worker has to tell.
type opened struct {
	times  harness.Sample
	failed int
	err    error // the last
}

// Measure runs the load through one tunnel.
func (l Setup) Measure(t harness.Target) ([]harness.Metric, error) {
	cpu, start := harness.CPUOf(t), time.Now()
	all := l.run(t.Addr, start.Add(l.Duration))
	elapsed := time.Since(start).Seconds()
	cpu = harness.CPUOf(t).Sub(cpu)
	if len(all.times) == 0 {
		return nil, errors.Join(errors.New("no connection came through"), all.err)
	}
	n := float64(len(all.times))
	ms := []harness.Metric{
		{Name: ConnsPerS, Value: n / elapsed},
		{Name: FirstP50, Value: all.times.Micros(.5)},
		{Name: FirstP99, Value: all.times.Micros(.99)},
		{Name: Failed, Value: float64(all.failed)},
	}
	if t.PID != 0 {
		ms = append(ms,
			harness.Metric{Name: ServerPerConn, Value: cpu.Server / n * 1e6},
			harness.Metric{Name: ChainPerConn, Value: cpu.Chain / n * 1e6})
	}
	return ms, nil
}

func (l Setup) run(addr string, until time.Time) (all opened) {
	var wg sync.WaitGroup
	var mu sync.Mutex // guards all
	for range l.Workers {
		wg.Go(func() {
			o := openUntil(addr, until)
			mu.Lock()
			defer mu.Unlock()
			all.add(o)
		})
	}
	wg.Wait()
	return all
}

// openUntil opens one connection after the other; a tunnel that refuses all of
// them is given up.
func openUntil(addr string, until time.Time) (o opened) {
	for time.Now().Before(until) && o.failed < 50 {
		c, d, err := firstByte(addr, 10*time.Second)
		o.note(c, d, err)
	}
	return o
}

func (o *opened) note(c net.Conn, d time.Duration, err error) {
	if err != nil {
		o.failed++
		o.err = err
		return
	}
	_ = c.Close()
	o.times = append(o.times, d)
}

func (o *opened) add(x opened) {
	o.times = append(o.times, x.times...)
	o.failed += x.failed
	if x.err != nil {
		o.err = x.err
	}
}
