// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tcpload

import (
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/culvertd/culvert/bench/internal/harness"
)

// Idle is many tunnelled connections over which nothing moves.
type Idle struct {
	Conns     int
	Settle    time.Duration // from the last connect to the reading
	Connected func()        // if set, called after the last connect
}

// The metrics of idle connections. Memory is PSS above start-up.
const (
	KiBPerConn   = "server KiB/conn"
	FDPerConn    = "server descriptors/conn"
	ProviderKiB  = "provider KiB/conn"
	VisitorKiB   = "visitor KiB/conn"
	StartPSS     = "start-up MiB"
	PSS          = "PSS MiB"
	OpenPerS     = "opened/s"
	IdleCPU      = "idle CPU %" // of one core, while nothing happens
	Disconnected = "disconnected"
)

// Measure opens the connections through one tunnel, which should be fresh.
func (l Idle) Measure(t harness.Target) ([]harness.Metric, error) {
	// Pools have grown, and what start-up took has been used once.
	for range 10 {
		c, _, err := firstByte(t.Addr, 10*time.Second)
		if err != nil {
			return nil, err
		}
		_ = c.Close()
	}
	time.Sleep(time.Second)
	before, fds, agents := harness.MemoryOf(t.PID), harness.Descriptors(t.PID), agentsPSS(t)
	start := time.Now()
	conns, failed, err := l.open(t.Addr)
	defer closeAll(conns)
	if failed == l.Conns {
		return nil, err
	}
	n := float64(l.Conns - failed)
	rate := n / time.Since(start).Seconds()
	if l.Connected != nil {
		l.Connected()
	}
	cpu, idle := harness.CPUSeconds(t.PID), time.Now()
	time.Sleep(l.Settle)
	cpu = (harness.CPUSeconds(t.PID) - cpu) / time.Since(idle).Seconds()
	after := harness.MemoryOf(t.PID)
	ms := []harness.Metric{
		{Name: KiBPerConn, Value: (after.PSS - before.PSS) / n},
		{Name: FDPerConn, Value: float64(harness.Descriptors(t.PID)-fds) / n},
		{Name: StartPSS, Value: before.PSS / 1024},
		{Name: PSS, Value: after.PSS / 1024},
		{Name: OpenPerS, Value: rate},
		{Name: IdleCPU, Value: cpu * 100},
		{Name: Failed, Value: float64(failed)},
	}
	for i, name := range []string{ProviderKiB, VisitorKiB} {
		if now := agentsPSS(t); i < len(now) {
			ms = append(ms, harness.Metric{Name: name, Value: (now[i] - agents[i]) / n})
		}
	}
	return append(ms, harness.Metric{Name: Disconnected, Value: float64(dead(conns))}), nil
}

// open opens the connections with a few workers; err is the last failure.
func (l Idle) open(addr string) (conns []net.Conn, failed int, err error) {
	conns = make([]net.Conn, l.Conns)
	next := make(chan int, l.Conns)
	for i := range conns {
		next <- i
	}
	close(next)
	var wg sync.WaitGroup
	var mu sync.Mutex // guards failed and err
	for range 16 {
		wg.Go(func() {
			for i := range next {
				c, _, e := firstByte(addr, 20*time.Second)
				if e == nil {
					conns[i] = c
					continue
				}
				mu.Lock()
				failed++
				err = fmt.Errorf("connection %d: %w", i, e)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return conns, failed, err
}

func agentsPSS(t harness.Target) []float64 {
	out := make([]float64, len(t.Agents))
	for i, pid := range t.Agents {
		out[i] = harness.MemoryOf(pid).PSS
	}
	return out
}

// dead counts the connections that no longer echo.
func dead(conns []net.Conn) int {
	n := 0
	for _, c := range conns {
		if c == nil {
			continue
		}
		if _, err := ping(c, []byte{1}, 5*time.Second); err != nil {
			n++
		}
	}
	return n
}
