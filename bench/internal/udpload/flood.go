// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package udpload

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"time"

	"golang.org/x/net/ipv4"

	"github.com/culvertd/culvert/bench/internal/harness"
)

// Flood is packets one way.
type Flood struct {
	Size     int
	Rate     float64 // packets a second; 0: as fast as they can be sent
	Duration time.Duration
}

// The metrics of a flood.
const (
	Delivered = "delivered pkt/s"
	Offered   = "offered pkt/s"
	Loss      = "loss %"
	ServerCPU = "server CPU us/pkt"
	ChainCPU  = "chain CPU us/pkt"
)

// serviceOpt is the option of a target that names the service itself.
const serviceOpt = "service"

// Measure runs the load through one tunnel.
func (l Flood) Measure(t harness.Target) ([]harness.Metric, error) {
	ask, err := newAsker(t.Opts[serviceOpt])
	if err != nil {
		return nil, err
	}
	defer ask.close()
	out, err := dial(t.Opts[udpOpt])
	if err != nil {
		return nil, err
	}
	defer out.Close()
	// Tunnels make a flow when they see the first packet of a source.
	if err := reach(out, ask); err != nil {
		return nil, err
	}
	run := rand.Uint32()
	cpu, start := harness.CPUOf(t), time.Now()
	sent := l.send(out, run, start.Add(l.Duration))
	elapsed := time.Since(start).Seconds()
	got, err := settled(ask, run)
	if err != nil {
		return nil, err
	}
	cpu = harness.CPUOf(t).Sub(cpu)
	if got == 0 {
		return nil, fmt.Errorf("none of %d packets arrived", sent)
	}
	n := float64(got)
	ms := []harness.Metric{
		{Name: Delivered, Value: n / elapsed},
		{Name: Offered, Value: float64(sent) / elapsed},
		{Name: Loss, Value: 100 * (1 - n/float64(sent))},
	}
	if t.PID != 0 {
		ms = append(ms,
			harness.Metric{Name: ServerCPU, Value: cpu.Server / n * 1e6},
			harness.Metric{Name: ChainCPU, Value: cpu.Chain / n * 1e6})
	}
	return ms, nil
}

// send sends until the time is up and returns how many packets it sent.
func (l Flood) send(out *net.UDPConn, run uint32, until time.Time) (sent int64) {
	pc := ipv4.NewPacketConn(out)
	msgs := make([]ipv4.Message, batch)
	for i := range msgs {
		msgs[i].Buffers = [][]byte{packet(kindCount, run, l.Size)}
	}
	start := time.Now()
	for now := start; now.Before(until); now = time.Now() {
		n := int64(batch)
		if l.Rate > 0 {
			n = min(n, int64(now.Sub(start).Seconds()*l.Rate)-sent)
			if n <= 0 {
				time.Sleep(100 * time.Microsecond)
				continue
			}
		}
		for i := range msgs[:n] {
			binary.BigEndian.PutUint64(msgs[i].Buffers[0][5:], uint64(sent)+uint64(i))
		}
		k, err := pc.WriteBatch(msgs[:n], 0)
		if err != nil {
			continue // refused for the moment; the clock ends the loop
		}
		sent += int64(k)
	}
	return sent
}

// settled waits until no more packets of a run arrive and returns their number.
func settled(ask *asker, run uint32) (got uint64, err error) {
	for range 50 {
		last := got
		if got, err = ask.count(run); err != nil {
			return 0, err
		}
		if got == last && got > 0 {
			return got, nil
		}
		time.Sleep(40 * time.Millisecond)
	}
	return got, nil
}

// reach sends single packets until some have come through.
func reach(out *net.UDPConn, ask *asker) error {
	run := rand.Uint32()
	for range 100 {
		if _, err := out.Write(packet(kindCount, run, minSize)); err != nil {
			// A tunnel that is not ready has no socket yet.
			time.Sleep(50 * time.Millisecond)
			continue
		}
		time.Sleep(40 * time.Millisecond)
		if n, err := ask.count(run); err != nil || n >= 3 {
			return err
		}
	}
	return errors.New("no packet comes through")
}

// udpOpt is the option of a target that names its UDP port.
const udpOpt = "udp"

func dial(addr string) (*net.UDPConn, error) {
	if addr == "" {
		return nil, fmt.Errorf("the target names no %s=host:port", udpOpt)
	}
	var d net.Dialer
	c, err := d.DialContext(context.Background(), "udp4", addr)
	if err != nil {
		return nil, err
	}
	u := c.(*net.UDPConn) // of the network that was asked for
	// Best effort: the system's maximum may be lower.
	_, _ = u.SetWriteBuffer(buffer), u.SetReadBuffer(buffer)
	return u, nil
}
