// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package cases

import "github.com/culvertd/culvert/bench/internal/wsload"

// Goal is a target for Culvert: a metric of a case at least, or at most, so
// many times that of another server, or a plain number.
type Goal struct {
	Server  string
	Case    string
	Metric  string
	AtLeast bool
	Factor  float64
	Of      string // the other server; "": Factor is the limit itself
}

// Goals are the targets of the comparison without TLS. With TLS the figures are
// written down and not judged.
var Goals = []Goal{
	{Culvert, Saturated1000, wsload.Deliveries, true, 5, Centrifugo},
	{Culvert, Saturated1000, wsload.Deliveries, true, 5, UWS},
	{Culvert, Saturated1000, wsload.Deliveries, true, 0.6, Batch},
	{Culvert, Saturated1000, wsload.ServerCPU, false, 0.25, ""},
	{Culvert, Saturated5000, wsload.Deliveries, true, 3, UWS},
	{Culvert, Saturated5000, wsload.Deliveries, true, 10, Centrifugo},
	{Culvert, OneByOne, wsload.ServerCPU, false, 1.15, UWS},
	{Culvert, OneByOne, wsload.P99, false, 1, Centrifugo},
	{Culvert, OneByOne, wsload.P99, false, 1.15, UWS},
	{Culvert, Paced, wsload.ServerCPU, false, 1.15, UWS},
	{Culvert, Paced, wsload.P99, false, 1, Centrifugo},
	{Culvert, Paced, wsload.P99, false, 1.15, UWS},
	{Culvert, IdleConns, wsload.KiBPerConn, false, 9, ""},
	// One each; the process's own goroutines, a few dozen, come and go.
	{Culvert, IdleConns, wsload.PerConn, false, 1.004, ""},
}

// Limit is what the goal asks for, given what the other server reached.
func (g Goal) Limit(other float64) float64 {
	if g.Of == "" {
		return g.Factor
	}
	return g.Factor * other
}

// Reached tells whether a value meets the limit.
func (g Goal) Reached(value, limit float64) bool {
	if g.AtLeast {
		return value >= limit
	}
	return value <= limit
}
