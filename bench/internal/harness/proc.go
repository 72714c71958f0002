// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// CPUSeconds is the user and system time of a process and, for servers that
// fork workers, of its present children. It reads the process's CPU clock, not
// /proc/PID/stat, whose ticks of 10 ms are coarse for a run of three seconds.
func CPUSeconds(pid int) float64 {
	if pid == 0 { // the kernel would take it for the caller
		return 0
	}
	total := 0.0
	for _, p := range family(pid) {
		// How the kernel encodes "all threads of p" as a clock,
		// include/linux/posix-timers_types.h.
		clock := int32(^p<<3 | 2)
		var ts unix.Timespec
		if unix.ClockGettime(clock, &ts) == nil {
			total += float64(ts.Nano()) / 1e9
		}
	}
	return total
}

// CPU is the time that a target's processes have used.
type CPU struct {
	Server, Chain float64 // seconds; Chain holds the server's too
}

// CPUOf reads it.
func CPUOf(t Target) CPU {
	c := CPU{Server: CPUSeconds(t.PID)}
	c.Chain = c.Server
	for _, pid := range t.Agents {
		c.Chain += CPUSeconds(pid)
	}
	return c
}

// Sub is the time between two readings.
func (c CPU) Sub(before CPU) CPU {
	return CPU{Server: c.Server - before.Server, Chain: c.Chain - before.Chain}
}

// OwnCPUSeconds is the same for the calling process.
func OwnCPUSeconds() float64 {
	var u unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

func family(pid int) []int {
	out := []int{pid}
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid)) // the pattern is well formed
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			continue // the thread has ended
		}
		for c := range strings.FieldsSeq(string(b)) {
			if n, err := strconv.Atoi(c); err == nil {
				out = append(out, n)
			}
		}
	}
	return out
}

// Memory of a process with its present children, in KiB. PSS counts a page
// that several processes share by its share.
type Memory struct{ RSS, PSS float64 }

// MemoryOf reads smaps_rollup.
func MemoryOf(pid int) Memory {
	var m Memory
	for _, p := range family(pid) {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", p))
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(b)) {
			f := strings.Fields(line)
			if len(f) < 2 {
				continue
			}
			kib, err := strconv.ParseFloat(f[1], 64)
			if err != nil {
				continue
			}
			switch f[0] {
			case "Rss:":
				m.RSS += kib
			case "Pss:":
				m.PSS += kib
			}
		}
	}
	return m
}

// Descriptors is the number of descriptors that a process has open.
func Descriptors(pid int) int {
	open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		return 0
	}
	return len(open)
}

// Goroutines reads go_goroutines from a Prometheus page. Its answer is false
// where the server has no such page or is not written in Go.
func Goroutines(url string) (float64, bool) {
	if url == "" {
		return 0, false
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return 0, false
	}
	// No keep-alive: an open connection would be a goroutine of its own.
	req.Close = true
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, false
	}
	defer res.Body.Close()
	for sc := bufio.NewScanner(res.Body); sc.Scan(); {
		if v, ok := strings.CutPrefix(sc.Text(), "go_goroutines "); ok {
			n, err := strconv.ParseFloat(v, 64)
			return n, err == nil
		}
	}
	return 0, false
}
