// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"os"
	"runtime"
	"runtime/metrics"
	"time"

	"github.com/prometheus/procfs"

	"github.com/culvertd/culvert/internal/inventory"
)

// loadMeter measures the process. Where there is no /proc, CPU and memory stay
// zero.
type loadMeter struct {
	began   time.Time
	seconds float64 // of CPU, when it was last looked at
	cpu     rate
	known   bool
}

// look notes how much CPU time has gone.
func (m *loadMeter) look(elapsed float64) {
	st, ok := processStat()
	if !ok {
		return
	}
	now := st.CPUTime()
	if m.known {
		m.cpu.add(now-m.seconds, elapsed)
	}
	m.seconds, m.known = now, true
}

func processStat() (procfs.ProcStat, bool) {
	p, err := procfs.Self()
	if err != nil {
		return procfs.ProcStat{}, false
	}
	st, err := p.Stat()
	return st, err == nil
}

// process is what is known of the process as a whole.
func (m *loadMeter) process() inventory.Load {
	l := inventory.Load{
		Time: time.Now().UTC(), StartedAt: m.began.UTC(), CPU: float64(m.cpu), CPUSeconds: m.seconds,
		Cores: runtime.GOMAXPROCS(0), Goroutines: runtime.NumGoroutine(), Heap: heap(),
	}
	if st, ok := processStat(); ok {
		l.CPUSeconds = st.CPUTime()
		l.Memory = uint64(max(st.ResidentMemory(), 0))
	}
	// Since Linux 6.2 the size of this folder is the number of descriptors;
	// before, it is zero.
	if info, err := os.Stat("/proc/self/fd"); err == nil {
		l.Descriptors = int(info.Size())
	}
	return l
}

// heap is how many bytes objects take; it does not stop the world.
func heap() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	if sample[0].Value.Kind() != metrics.KindUint64 {
		return 0
	}
	return sample[0].Value.Uint64()
}
