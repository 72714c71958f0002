// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tcpload

import (
	"net"
	"time"

	"github.com/culvertd/culvert/bench/internal/harness"
)

// Throughput is bulk data one way.
type Throughput struct {
	Streams  int
	Down     bool // from the service
	Duration time.Duration
}

// The metrics of bulk data.
const (
	Rate      = "MB/s"
	ServerCPU = "server CPU s/GB"
	ChainCPU  = "chain CPU s/GB" // server and both agents
)

// Measure runs the load through one tunnel.
func (l Throughput) Measure(t harness.Target) ([]harness.Metric, error) {
	conns, err := dialAll(t.Addr, l.Streams)
	if err != nil {
		return nil, err
	}
	defer closeAll(conns)
	cpu, start := harness.CPUOf(t), time.Now()
	until := start.Add(l.Duration)
	type done struct {
		bytes int64
		err   error
	}
	results := make(chan done, len(conns))
	for _, c := range conns {
		go func() {
			var d done
			d.bytes, d.err = l.move(c, until)
			results <- d
		}()
	}
	total := int64(0)
	for range conns {
		d := <-results
		total += d.bytes
		if d.err != nil {
			err = d.err
		}
	}
	if err != nil {
		return nil, err
	}
	elapsed := time.Since(start).Seconds()
	cpu = harness.CPUOf(t).Sub(cpu)
	gb := float64(total) / 1e9
	ms := []harness.Metric{{Name: Rate, Value: gb * 1000 / elapsed}}
	if t.PID != 0 {
		ms = append(ms,
			harness.Metric{Name: ServerCPU, Value: cpu.Server / gb},
			harness.Metric{Name: ChainCPU, Value: cpu.Chain / gb})
	}
	return ms, nil
}

func (l Throughput) move(c net.Conn, until time.Time) (int64, error) {
	// What is still under way at the end of an upload has to arrive.
	if err := c.SetDeadline(until.Add(15 * time.Second)); err != nil {
		return 0, err
	}
	if l.Down {
		return download(c, until, 0)
	}
	return upload(c, until)
}
