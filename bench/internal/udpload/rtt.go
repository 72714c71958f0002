// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package udpload

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"net"
	"time"

	"github.com/culvertd/culvert/bench/internal/harness"
)

// RTT is echoes, one under way at a time. With a FloodRate, phases beside a
// flood from another source take turns with phases without.
type RTT struct {
	Size      int
	Pause     time.Duration // between two packets
	FloodRate float64       // packets a second
	FloodSize int
	Pairs     int           // of phases, with a flood
	Duration  time.Duration // of a phase
}

// The metrics of round trips; Beside is a phase with a flood.
const (
	P50       = "p50 us"
	P99       = "p99 us"
	BesideP50 = "p50 beside us"
	BesideP99 = "p99 beside us"
	Raised    = "p99 beside / alone"
	Lost      = "lost"
	FloodLoss = "loss %"
)

// Measure runs the load through one tunnel.
func (l RTT) Measure(t harness.Target) ([]harness.Metric, error) {
	ask, err := newAsker(t.Opts[serviceOpt])
	if err != nil {
		return nil, err
	}
	defer ask.close()
	c, err := dial(t.Opts[udpOpt])
	if err != nil {
		return nil, err
	}
	defer c.Close()
	if err := reach(c, ask); err != nil {
		return nil, err
	}
	var alone, beside pings
	if l.FloodRate == 0 {
		alone.run(c, l.Size, l.Pause, time.Now().Add(l.Duration))
		return alone.metrics()
	}
	flood, err := dial(t.Opts[udpOpt])
	if err != nil {
		return nil, err
	}
	defer flood.Close()
	if err := reach(flood, ask); err != nil {
		return nil, err
	}
	loss := 0.0
	for range l.Pairs {
		alone.run(c, l.Size, l.Pause, time.Now().Add(l.Duration))
		lost, err := l.besideFlood(c, flood, ask, &beside)
		if err != nil {
			return nil, err
		}
		loss += lost / float64(l.Pairs)
	}
	return l.compared(alone, beside, loss)
}

// besideFlood is one phase; it returns the flood's loss in percent.
func (l RTT) besideFlood(c, flood *net.UDPConn, ask *asker, beside *pings) (float64, error) {
	run := rand.Uint32()
	until := time.Now().Add(l.Duration + 200*time.Millisecond)
	sent := make(chan int64, 1)
	go func() { sent <- Flood{Size: l.FloodSize, Rate: l.FloodRate}.send(flood, run, until) }()
	time.Sleep(200 * time.Millisecond)
	beside.run(c, l.Size, l.Pause, until)
	n := <-sent
	got, err := settled(ask, run)
	return 100 * (1 - float64(got)/float64(n)), err
}

func (l RTT) compared(alone, beside pings, loss float64) ([]harness.Metric, error) {
	if len(alone.times) == 0 || len(beside.times) == 0 {
		return nil, errors.New("no packet came back")
	}
	return []harness.Metric{
		{Name: Raised, Value: beside.times.Micros(.99) / alone.times.Micros(.99)},
		{Name: P50, Value: alone.times.Micros(.5)},
		{Name: P99, Value: alone.times.Micros(.99)},
		{Name: BesideP50, Value: beside.times.Micros(.5)},
		{Name: BesideP99, Value: beside.times.Micros(.99)},
		{Name: Lost, Value: float64(alone.lost + beside.lost)},
		{Name: FloodLoss, Value: loss},
	}, nil
}

// pings are round trips and how many packets did not come back.
type pings struct {
	times harness.Sample
	lost  int
	seq   uint64
}

func (p *pings) run(c *net.UDPConn, size int, pause time.Duration, until time.Time) {
	out, in := packet(kindEcho, rand.Uint32(), size), make([]byte, maxSize)
	for time.Now().Before(until) {
		p.seq++
		binary.BigEndian.PutUint64(out[5:], p.seq)
		start := time.Now()
		if echoed(c, out, in, start.Add(200*time.Millisecond)) {
			p.times = append(p.times, time.Since(start))
		} else {
			p.lost++
		}
		time.Sleep(pause)
	}
}

func (p *pings) metrics() ([]harness.Metric, error) {
	if len(p.times) == 0 {
		return nil, errors.New("no packet came back")
	}
	return []harness.Metric{
		{Name: P50, Value: p.times.Micros(.5)},
		{Name: P99, Value: p.times.Micros(.99)},
		{Name: Lost, Value: float64(p.lost)},
	}, nil
}

// echoed sends out and waits for it; what else comes is late and ignored.
func echoed(c *net.UDPConn, out, in []byte, deadline time.Time) bool {
	if _, err := c.Write(out); err != nil {
		return false
	}
	if err := c.SetReadDeadline(deadline); err != nil {
		return false
	}
	for {
		n, err := c.Read(in)
		if err != nil {
			return false
		}
		if n == len(out) && string(in[:minSize]) == string(out[:minSize]) {
			return true
		}
	}
}
