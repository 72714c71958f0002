// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tcpload

import (
	"fmt"
	"os"
	"time"

	"github.com/culvertd/culvert/bench/internal/harness"
)

// ThroughputCommand is "bench tcp-throughput".
func ThroughputCommand(args []string) error {
	r := harness.NewRun("tcp-throughput")
	var l Throughput
	r.FS.IntVar(&l.Streams, "streams", 1, "parallel connections")
	r.FS.BoolVar(&l.Down, "down", false, "from the service to the client")
	r.FS.DurationVar(&l.Duration, "duration", 3*time.Second, "time of one run")
	if err := r.FS.Parse(args); err != nil {
		return err
	}
	return r.Do(l.Measure)
}

// SetupCommand is "bench tcp-setup".
func SetupCommand(args []string) error {
	r := harness.NewRun("tcp-setup")
	var l Setup
	r.FS.IntVar(&l.Workers, "workers", 1, "parallel workers")
	r.FS.DurationVar(&l.Duration, "duration", 3*time.Second, "time of one run")
	if err := r.FS.Parse(args); err != nil {
		return err
	}
	return r.Do(l.Measure)
}

// BurstCommand is "bench tcp-burst".
func BurstCommand(args []string) error {
	r := harness.NewRun("tcp-burst")
	var l Burst
	r.FS.IntVar(&l.Conns, "conns", 2000, "connections")
	r.FS.DurationVar(&l.Within, "within", 100*time.Millisecond, "time in which they are dialed")
	if err := r.FS.Parse(args); err != nil {
		return err
	}
	return r.Do(l.Measure)
}

// RTTCommand is "bench tcp-rtt".
func RTTCommand(args []string) error {
	r := harness.NewRun("tcp-rtt")
	var l RTT
	r.FS.IntVar(&l.Size, "size", 64, "bytes of a ping")
	r.FS.IntVar(&l.Bulk, "bulk", 0, "downloads beside it")
	r.FS.Float64Var(&l.BulkRate, "bulk-rate", 0, "MB/s at which all downloads together are read; 0: no limit")
	r.FS.DurationVar(&l.Duration, "duration", 3*time.Second, "time of one run")
	if err := r.FS.Parse(args); err != nil {
		return err
	}
	return r.Do(l.Measure)
}

// FirstCommand is "bench tcp-first".
func FirstCommand(args []string) error {
	r := harness.NewRun("tcp-first")
	var l First
	r.FS.IntVar(&l.Count, "count", 20, "new connections")
	r.FS.DurationVar(&l.Pause, "pause", 50*time.Millisecond, "between two of them")
	if err := r.FS.Parse(args); err != nil {
		return err
	}
	return r.Do(l.Measure)
}

// SilentCommand is "bench tcp-silent".
func SilentCommand(args []string) error {
	r := harness.NewRun("tcp-silent")
	var l Silent
	r.FS.IntVar(&l.Conns, "conns", 5000, "silent connections to the target's relay= port")
	r.FS.IntVar(&l.Pairs, "pairs", 3, "pairs of a phase without and a phase with them")
	r.FS.DurationVar(&l.Duration, "duration", 3*time.Second, "time of one phase")
	if err := r.FS.Parse(args); err != nil {
		return err
	}
	return r.Do(l.Measure)
}

// VerifyCommand is "bench tcp-verify".
func VerifyCommand(args []string) error {
	r := harness.NewRun("tcp-verify")
	var l Verify
	r.FS.IntVar(&l.MiB, "mib", 32, "MiB to echo on each stream")
	r.FS.IntVar(&l.Streams, "streams", 2, "parallel connections")
	if err := r.FS.Parse(args); err != nil {
		return err
	}
	return r.Do(l.Measure)
}

// IdleConnected is the line that tcp-idle writes to standard error when all
// connections stand; whoever started it may go on with the next tunnel.
const IdleConnected = "all connected"

// IdleCommand is "bench tcp-idle".
func IdleCommand(args []string) error {
	r := harness.NewRun("tcp-idle")
	var l Idle
	r.FS.IntVar(&l.Conns, "conns", 9000, "idle connections")
	r.FS.DurationVar(&l.Settle, "settle", 30*time.Second, "wait before memory is read")
	if err := r.FS.Parse(args); err != nil {
		return err
	}
	l.Connected = func() { fmt.Fprintln(os.Stderr, IdleConnected) }
	return r.Do(l.Measure)
}
