// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package wsload

import (
	"fmt"
	"os"
	"time"

	"github.com/culvertd/culvert/bench/internal/harness"
)

// FanoutCommand is "bench ws-fanout".
func FanoutCommand(args []string) error {
	r := harness.NewRun("ws-fanout")
	var f Fanout
	r.FS.IntVar(&f.Receivers, "receivers", 1000, "receivers of the one channel")
	r.FS.IntVar(&f.Size, "size", 128, "bytes of a message, at least 17")
	r.FS.IntVar(&f.Window, "window", 64, "messages under way at once")
	r.FS.Float64Var(&f.Rate, "rate", 0, "messages a second instead of a window")
	r.FS.DurationVar(&f.Duration, "duration", 3*time.Second, "time of one run")
	if err := r.FS.Parse(args); err != nil {
		return err
	}
	return r.Do(f.Measure)
}

// IdleConnected is the line that ws-idle writes to standard error when all
// receivers stand; whoever started it may go on with the next server.
const IdleConnected = "all connected"

// IdleCommand is "bench ws-idle".
func IdleCommand(args []string) error {
	r := harness.NewRun("ws-idle")
	var i Idle
	r.FS.IntVar(&i.Receivers, "receivers", 10000, "idle receivers")
	r.FS.DurationVar(&i.Settle, "settle", time.Minute, "wait before memory is read")
	if err := r.FS.Parse(args); err != nil {
		return err
	}
	i.Connected = func() { fmt.Fprintln(os.Stderr, IdleConnected) }
	return r.Do(i.Measure)
}
