// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// Package cases has what is compared and what Culvert should reach: the table
// of targets as data. compare runs it, report judges the results by it; neither
// has a case or a target of its own.
package cases

import (
	"time"

	"github.com/culvertd/culvert/bench/internal/wsload"
)

// The servers, as results name them.
const (
	Culvert    = "culvert"
	Centrifugo = "centrifugo"
	Centrifuge = "centrifuge" // Centrifugo's library; in its place where that cannot be had
	UWS        = "uWebSockets.js"
	Batch      = "ref-batch"
	BatchRaw   = "ref-batchraw"
	GWS        = "ref-gws"
	Gorilla    = "ref-gorilla"
)

// Case is one load. Exactly one of Fanout and Idle is set.
type Case struct {
	Name    string // in results
	TLS     bool
	Fanout  *wsload.Fanout
	Idle    *wsload.Idle
	Servers []string
}

// Options are what a shorter run changes.
type Options struct {
	Duration time.Duration // of one fan-out run
	Settle   time.Duration // from the last idle connect to the reading
	Idle     int           // idle connections
}

// The names of the cases; with TLS they end in TLSSuffix.
const (
	Saturated1000 = "1000-saturated"
	Saturated5000 = "5000-saturated"
	OneByOne      = "1000-one-by-one"
	Paced         = "1000-at-50"
	IdleConns     = "idle"
	TLSSuffix     = "-tls"
)

// List has all cases in the order in which they run.
func List(o Options) []Case {
	const size = 128
	peers := []string{Culvert, Centrifugo, UWS}
	fast := []string{Culvert, Centrifugo, UWS, Batch, BatchRaw}
	all := []string{Culvert, Centrifugo, UWS, Batch, BatchRaw, GWS}
	var list []Case
	for _, tls := range []bool{false, true} {
		suffix := ""
		if tls {
			// The references are yardsticks for system calls; they have no TLS.
			suffix, fast, all = TLSSuffix, peers, peers
		}
		fanout := func(name string, f wsload.Fanout, servers []string) {
			f.Size, f.Duration = size, o.Duration
			list = append(list, Case{Name: name + suffix, TLS: tls, Fanout: &f, Servers: servers})
		}
		fanout(Saturated1000, wsload.Fanout{Receivers: 1000, Window: 64}, fast)
		fanout(Saturated5000, wsload.Fanout{Receivers: 5000, Window: 64}, fast)
		fanout(OneByOne, wsload.Fanout{Receivers: 1000, Window: 1}, all)
		fanout(Paced, wsload.Fanout{Receivers: 1000, Rate: 50}, all)
		list = append(list, Case{
			Name: IdleConns + suffix, TLS: tls, Servers: all,
			Idle: &wsload.Idle{Receivers: o.Idle, Settle: o.Settle},
		})
	}
	return list
}
