// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package udpload

import (
	"time"

	"github.com/culvertd/culvert/bench/internal/harness"
)

// FloodCommand is "bench udp-flood".
func FloodCommand(args []string) error {
	r := harness.NewRun("udp-flood")
	var l Flood
	r.FS.IntVar(&l.Size, "size", 64, "bytes of a packet")
	r.FS.Float64Var(&l.Rate, "rate", 0, "packets a second; 0: as fast as they can be sent")
	r.FS.DurationVar(&l.Duration, "duration", 3*time.Second, "time of one run")
	if err := r.FS.Parse(args); err != nil {
		return err
	}
	return r.Do(l.Measure)
}

// RTTCommand is "bench udp-rtt".
func RTTCommand(args []string) error {
	r := harness.NewRun("udp-rtt")
	var l RTT
	r.FS.IntVar(&l.Size, "size", 64, "bytes of a packet")
	r.FS.DurationVar(&l.Pause, "pause", 0, "between two packets")
	r.FS.Float64Var(&l.FloodRate, "flood", 0, "packets a second of a flood beside it, in every other phase")
	r.FS.IntVar(&l.FloodSize, "flood-size", 1200, "bytes of the flood's packets")
	r.FS.IntVar(&l.Pairs, "pairs", 3, "with a flood: pairs of a phase without and a phase with it")
	r.FS.DurationVar(&l.Duration, "duration", 3*time.Second, "time of one phase")
	if err := r.FS.Parse(args); err != nil {
		return err
	}
	return r.Do(l.Measure)
}
