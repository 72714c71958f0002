// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"fmt"
	"io"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/culvertd/culvert/internal/wire"
)

// maxPrinted bounds the streams in a table for people.
const maxPrinted = 20

func (a *app) printStreams(list []wire.StreamInfo) error {
	if len(list) == 0 {
		return nil
	}
	err := a.table("\nSTREAM\tWITH\tPATH\tBEGUN\tIN\tOUT\tUNACKED\tRESUMED\tLATENCY\tTO RELAY\tLAST FAULT", func(w io.Writer) {
		for _, s := range list[:min(len(list), maxPrinted)] {
			row(w, s.ID[:min(len(s.ID), 8)], s.Peer+"/"+s.Service, cmp.Or(s.Path, "waiting"), humanize.Time(time.UnixMilli(s.Begun)),
				humanize.IBytes(s.BytesIn), humanize.IBytes(s.BytesOut), humanize.IBytes(s.Unacked), s.Resumptions,
				latency(s.Latency), latency(s.Leg), s.LastFault)
		}
	})
	if more := len(list) - maxPrinted; err == nil && more > 0 {
		_, err = fmt.Fprintf(a.stdout, "and %d more, which --json has\n", more)
	}
	return err
}

// latency is a round trip; empty if it is not known.
func latency(ms float64) string {
	if ms == 0 {
		return ""
	}
	return fmt.Sprintf("%.1f ms", ms)
}
