// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// Command bench loads WebSocket broadcast servers on loopback, compares Culvert
// with others, and writes the tables of docs/performance.md. The README beside
// it says how; ci/bench-compare.sh does it all.
package main

import (
	"fmt"
	"maps"
	"os"
	"slices"

	"github.com/culvertd/culvert/bench/internal/compare"
	"github.com/culvertd/culvert/bench/internal/refhub"
	"github.com/culvertd/culvert/bench/internal/report"
	"github.com/culvertd/culvert/bench/internal/wsload"
)

var commands = map[string]func([]string) error{
	"compare":   compare.Command,
	"ref-hub":   refhub.Command,
	"report":    report.Command,
	"ws-fanout": wsload.FanoutCommand,
	"ws-idle":   wsload.IdleCommand,
}

func main() {
	if len(os.Args) > 1 {
		if f := commands[os.Args[1]]; f != nil {
			if err := f(os.Args[2:]); err != nil {
				fmt.Fprintln(os.Stderr, "bench:", err)
				os.Exit(1)
			}
			return
		}
	}
	fmt.Fprintln(os.Stderr, "usage: bench", slices.Sorted(maps.Keys(commands)), "[flags]")
	os.Exit(2)
}
