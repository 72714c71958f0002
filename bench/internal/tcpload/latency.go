// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tcpload

import (
	"errors"
	"net"
	"time"

	"github.com/culvertd/culvert/bench/internal/harness"
)

// RTT is one small message under way at a time, perhaps beside bulk downloads.
type RTT struct {
	Size     int
	Bulk     int     // downloads beside it
	BulkRate float64 // MB/s at which all of them together are read; 0: no limit
	Duration time.Duration
}

// The metrics of round trips.
const (
	P50      = "p50 us"
	P99      = "p99 us"
	Max      = "max us"
	BulkRate = "bulk MB/s"
)

// settle is how long bulk runs before a ping is timed: at first it fills the
// buffers along the way, as fast as the cores allow.
const settle = time.Second

// Measure runs the load through one tunnel.
func (l RTT) Measure(t harness.Target) ([]harness.Metric, error) {
	b := make([]byte, l.Size)
	b[0] = modeEcho
	c, _, err := firstByte(t.Addr, 10*time.Second)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	for range 20 {
		if _, err := ping(c, b, 10*time.Second); err != nil {
			return nil, err
		}
	}
	bulk, err := l.startBulk(t.Addr)
	if err != nil {
		return nil, err
	}
	var times harness.Sample
	for until := time.Now().Add(l.Duration); err == nil && time.Now().Before(until); {
		var d time.Duration
		d, err = ping(c, b, 10*time.Second)
		times = append(times, d)
		if l.Bulk > 0 {
			// The ping is a bystander, not one more load.
			time.Sleep(time.Millisecond)
		}
	}
	rate, bulkErr := bulk()
	if err := errors.Join(err, bulkErr); err != nil {
		return nil, err
	}
	ms := []harness.Metric{
		{Name: P50, Value: times.Micros(.5)},
		{Name: P99, Value: times.Micros(.99)},
		{Name: Max, Value: times.Micros(1)},
	}
	if l.Bulk > 0 {
		ms = append(ms, harness.Metric{Name: BulkRate, Value: rate})
	}
	return ms, nil
}

// startBulk starts the downloads; the function that it returns waits for their
// end and tells their rate in MB/s.
func (l RTT) startBulk(addr string) (func() (float64, error), error) {
	conns, err := dialAll(addr, l.Bulk)
	if err != nil {
		return nil, err
	}
	if l.Bulk > 0 {
		defer time.Sleep(settle)
	}
	start := time.Now()
	until := start.Add(settle + l.Duration)
	type done struct {
		bytes int64
		err   error
	}
	results := make(chan done, len(conns))
	for _, c := range conns {
		go func() {
			results <- func() (d done) {
				if d.err = c.SetDeadline(until.Add(10 * time.Second)); d.err == nil {
					d.bytes, d.err = download(c, until, l.BulkRate*1e6/float64(l.Bulk))
				}
				return d
			}()
		}()
	}
	return func() (rate float64, err error) {
		defer closeAll(conns)
		total := int64(0)
		for range conns {
			d := <-results
			total += d.bytes
			err = errors.Join(err, d.err)
		}
		return float64(total) / 1e6 / time.Since(start).Seconds(), err
	}, nil
}

// First compares the first byte of a new connection with a round trip on an
// established one: what a new connection costs in round trips.
type First struct {
	Count int
	Pause time.Duration // between two connections
}

// The metrics of a first byte.
const (
	PingP50   = "ping p50 us"
	PerPing   = "first byte / ping"
	firstWait = 10 * time.Second
)

// Measure runs the load through one tunnel.
func (l First) Measure(t harness.Target) ([]harness.Metric, error) {
	c, _, err := firstByte(t.Addr, firstWait)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	var pings, firsts harness.Sample
	for range l.Count {
		d, err := ping(c, []byte{modeEcho}, firstWait)
		if err != nil {
			return nil, err
		}
		pings = append(pings, d)
		var fresh net.Conn
		if fresh, d, err = firstByte(t.Addr, firstWait); err != nil {
			return nil, err
		}
		_ = fresh.Close()
		firsts = append(firsts, d)
		time.Sleep(l.Pause)
	}
	return []harness.Metric{
		{Name: PerPing, Value: firsts.Micros(.5) / pings.Micros(.5)},
		{Name: FirstP50, Value: firsts.Micros(.5)},
		{Name: FirstP99, Value: firsts.Micros(.99)},
		{Name: PingP50, Value: pings.Micros(.5)},
	}, nil
}
