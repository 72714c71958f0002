// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// Command bench loads WebSocket broadcast servers and tunnels on one machine,
// compares Culvert with others, and writes the tables of docs/performance.md.
// The README beside it says how; ci/bench-compare.sh, ci/bench-tunnels.sh and
// ci/bench-published.sh do it all.
package main

import (
	"fmt"
	"maps"
	"os"
	"slices"

	"github.com/culvertd/culvert/bench/internal/compare"
	"github.com/culvertd/culvert/bench/internal/httpload"
	"github.com/culvertd/culvert/bench/internal/refhub"
	"github.com/culvertd/culvert/bench/internal/refrelay"
	"github.com/culvertd/culvert/bench/internal/refudp"
	"github.com/culvertd/culvert/bench/internal/report"
	"github.com/culvertd/culvert/bench/internal/service"
	"github.com/culvertd/culvert/bench/internal/tcpload"
	"github.com/culvertd/culvert/bench/internal/tunnels"
	"github.com/culvertd/culvert/bench/internal/udpload"
	"github.com/culvertd/culvert/bench/internal/wsload"
)

var commands = map[string]func([]string) error{
	"compare":        compare.Command,
	"http-load":      httpload.Command,
	"ref-hub":        refhub.Command,
	"ref-relay":      refrelay.Command,
	"ref-udp":        refudp.Command,
	"report":         report.Command,
	"serve":          service.Command,
	"tcp-burst":      tcpload.BurstCommand,
	"tcp-first":      tcpload.FirstCommand,
	"tcp-idle":       tcpload.IdleCommand,
	"tcp-rtt":        tcpload.RTTCommand,
	"tcp-setup":      tcpload.SetupCommand,
	"tcp-silent":     tcpload.SilentCommand,
	"tcp-throughput": tcpload.ThroughputCommand,
	"tcp-verify":     tcpload.VerifyCommand,
	"tunnels":        tunnels.Command,
	"udp-flood":      udpload.FloodCommand,
	"udp-rtt":        udpload.RTTCommand,
	"ws-fanout":      wsload.FanoutCommand,
	"ws-idle":        wsload.IdleCommand,
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
