// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package wsload

import (
	"time"

	"github.com/culvertd/culvert/bench/internal/harness"
)

// Idle is many receivers to whom nothing is sent.
type Idle struct {
	Receivers int
	Settle    time.Duration // from the last connect to the reading
	Connected func()        // if set, called after the last connect
}

// The metrics of an idle run.
const (
	KiBPerConn    = "KiB/conn" // PSS above start-up
	StartPSS      = "start-up MiB"
	PSS           = "PSS MiB"
	RSS           = "RSS MiB"
	PerConn       = "goroutines/conn"
	ConnectsPerS  = "connects/s"
	IdleCPU       = "idle CPU %" // of one core, while nothing happens
	Disconnected  = "disconnected"
	goroutinesURL = "metrics" // option of a target
)

// Measure connects to one server, which should be fresh, and reads its memory.
func (i Idle) Measure(t harness.Target) ([]harness.Metric, error) {
	p, err := protoOf(t)
	if err != nil {
		return nil, err
	}
	gBefore, counted := harness.Goroutines(t.Opts[goroutinesURL])
	before, start := harness.MemoryOf(t.PID), time.Now()
	g, err := subscribe(t, p, i.Receivers, false)
	if err != nil {
		return nil, err
	}
	defer g.close()
	rate := float64(i.Receivers) / time.Since(start).Seconds()
	if i.Connected != nil {
		i.Connected()
	}
	cpu, idle := harness.CPUSeconds(t.PID), time.Now()
	time.Sleep(i.Settle)
	// Memory first: counting goroutines costs some.
	after := harness.MemoryOf(t.PID)
	cpu = (harness.CPUSeconds(t.PID) - cpu) / time.Since(idle).Seconds()
	ms := []harness.Metric{
		{Name: KiBPerConn, Value: (after.PSS - before.PSS) / float64(i.Receivers)},
		{Name: StartPSS, Value: before.PSS / 1024},
		{Name: PSS, Value: after.PSS / 1024},
		{Name: RSS, Value: after.RSS / 1024},
		{Name: ConnectsPerS, Value: rate},
		{Name: IdleCPU, Value: cpu * 100},
		{Name: Disconnected, Value: float64(g.dead.Load())},
	}
	if n, ok := harness.Goroutines(t.Opts[goroutinesURL]); ok && counted {
		ms = append(ms, harness.Metric{Name: PerConn, Value: (n - gBefore) / float64(i.Receivers)})
	}
	return ms, nil
}
