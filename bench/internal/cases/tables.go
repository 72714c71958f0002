// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package cases

import "github.com/culvertd/culvert/bench/internal/wsload"

// The comparisons, as results files and the markers of pages name them.
const (
	WebSocketSet = "websocket"
	TunnelSet    = "tunnels"
	PublishedSet = "published"
)

// Table is how a case is shown.
type Table struct {
	Case    string
	TLS     bool
	Columns []string // metrics; those that no server has are left out
	Spread  bool     // show the least and the greatest of the first
}

// Tables has those of a comparison, in their order.
func Tables(set string) []Table {
	var list []Table
	if set != WebSocketSet && set != "" {
		all := Tunnels
		if set == PublishedSet {
			all = Published
		}
		for _, c := range all(TunnelOptions{}) {
			list = append(list, Table{Case: c.Name, Columns: c.Columns, Spread: c.Rounds != 1})
		}
		return list
	}
	for _, c := range List(Options{}) {
		t := Table{Case: c.Name, TLS: c.TLS, Spread: c.Fanout != nil}
		t.Columns = []string{wsload.Deliveries, wsload.ServerCPU, wsload.ClientCPU, wsload.WireBytes, wsload.P50, wsload.P99, wsload.Lost}
		if c.Idle != nil {
			t.Columns = []string{wsload.KiBPerConn, wsload.StartPSS, wsload.PSS, wsload.PerConn, wsload.ConnectsPerS, wsload.IdleCPU, wsload.Disconnected}
		}
		list = append(list, t)
	}
	return list
}

// GoalsOf has the targets of a comparison.
func GoalsOf(set string) []Goal {
	switch set {
	case TunnelSet:
		return TunnelGoals
	case PublishedSet:
		return PublishedGoals
	}
	return Goals
}
