// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tcpload

import (
	"sync"
	"time"

	"github.com/culvertd/culvert/bench/internal/harness"
)

// Burst is many connections at once, all of which stay open until the last has
// had its answer.
type Burst struct {
	Conns  int
	Within time.Duration // in which they are dialed
}

// Done is the time until the last connection of a burst had its answer.
const Done = "all done ms"

// Measure runs the load through one tunnel.
func (l Burst) Measure(t harness.Target) ([]harness.Metric, error) {
	var wg sync.WaitGroup
	var mu sync.Mutex // guards all and conns
	var all opened
	release := make(chan struct{})
	var answered sync.WaitGroup
	start := time.Now()
	cpu := harness.CPUOf(t)
	for i := range l.Conns {
		answered.Add(1)
		wg.Go(func() {
			time.Sleep(time.Until(start.Add(l.Within * time.Duration(i) / time.Duration(l.Conns))))
			c, d, err := firstByte(t.Addr, 15*time.Second)
			answered.Done()
			<-release
			mu.Lock()
			defer mu.Unlock()
			all.note(c, d, err)
		})
	}
	answered.Wait()
	elapsed := time.Since(start)
	cpu = harness.CPUOf(t).Sub(cpu)
	close(release)
	wg.Wait()
	ms := []harness.Metric{
		{Name: Failed, Value: float64(all.failed)},
		{Name: Done, Value: float64(elapsed.Milliseconds())},
		{Name: FirstP50, Value: all.times.Micros(.5)},
		{Name: FirstP99, Value: all.times.Micros(.99)},
		{Name: FirstMax, Value: all.times.Micros(1)},
	}
	if t.PID != 0 {
		ms = append(ms, harness.Metric{Name: ServerPerConn, Value: cpu.Server / float64(l.Conns) * 1e6})
	}
	return ms, nil
}
