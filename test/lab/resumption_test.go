// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package lab

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// resumptions are, by kind of fault, how long each direction of each paced flow
// took to deliver all that waited, counted from the restore. What was not late
// counts as zero.
func resumptions(faults []*fault, reports map[int][][]flowReport) map[string][]time.Duration {
	byPair := make(map[int][]*fault)
	for _, f := range faults {
		byPair[f.pair] = append(byPair[f.pair], f)
	}
	took := make(map[string][]time.Duration)
	for pair, hits := range byPair {
		for i, f := range hits {
			until := time.Now()
			if i+1 < len(hits) {
				until = hits[i+1].at
			}
			for _, end := range reports[pair] {
				for _, r := range end {
					if !r.Bulk {
						took[f.kind] = append(took[f.kind], f.delays(r.Late, until))
					}
				}
			}
		}
	}
	return took
}

// delays is the longest wait of a chunk that was written when the line was
// restored, or the next one. What comes after until is the next fault's.
func (f *fault) delays(all []late, until time.Time) (worst time.Duration) {
	restored := f.restored.UnixMicro()
	for _, l := range all {
		if l.Came <= restored || l.Came > until.UnixMicro() || l.First > restored+pace.Microseconds() {
			continue
		}
		worst = max(worst, time.Duration(l.Came-max(l.First, restored))*time.Microsecond)
	}
	return worst
}

// count returns how many faults there are of each kind; one of the gateway's
// hits several pairs at once, and counts if it is as asked for one of them.
func count(faults []*fault, counts func(*fault) bool) map[string]int {
	type event struct {
		kind string
		at   time.Time
	}
	seen := make(map[event]bool)
	all := make(map[string]int)
	for _, f := range faults {
		if e := (event{f.kind, f.at}); counts(f) && !seen[e] {
			seen[e] = true
			all[f.kind]++
		}
	}
	return all
}

func hasUnacked(f *fault) bool { return f.unacked }

// The bounds of the histogram's columns; the last one is open.
var columns = []time.Duration{
	50 * time.Millisecond, 100 * time.Millisecond, 250 * time.Millisecond, 500 * time.Millisecond,
	time.Second, 2 * time.Second, 5 * time.Second, 15 * time.Second,
}

// histogram is the table that the test prints.
func histogram(faults []*fault, took map[string][]time.Duration) string {
	hits, unacked := count(faults, func(*fault) bool { return true }), count(faults, hasUnacked)
	var b strings.Builder
	fmt.Fprintf(&b, "%-17s %6s %8s", "", "faults", "unacked")
	for _, c := range columns {
		fmt.Fprintf(&b, " %7s", "≤"+c.String())
	}
	fmt.Fprintf(&b, " %7s %7s %7s %7s\n", "more", "p50", "p99", "max")
	for _, kind := range kinds {
		all := slices.Sorted(slices.Values(took[kind]))
		if len(all) == 0 {
			continue
		}
		fmt.Fprintf(&b, "%-17s %6d %8d", kind, hits[kind], unacked[kind])
		counts := make([]int, len(columns)+1)
		for _, d := range all {
			i, _ := slices.BinarySearch(columns, d)
			counts[i]++
		}
		for _, n := range counts {
			fmt.Fprintf(&b, " %7d", n)
		}
		for _, q := range []float64{0.5, 0.99, 1} {
			fmt.Fprintf(&b, " %7s", quantile(all, q).Round(time.Millisecond))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

var kinds = []string{reset, moved, renumbered, portClosed, blackHole, killed, stopped, reloaded}

// quantile of sorted values, zero of none.
func quantile(sorted []time.Duration, q float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
}

// TestResumptionsAreCounted: what the table says is right for flows whose
// delays are known.
func TestResumptionsAreCounted(t *testing.T) {
	start := time.Unix(1e9, 0)
	at := func(ms int64) int64 { return start.UnixMicro() + ms*1000 }
	faults := []*fault{
		{kind: reset, at: start, restored: start, unacked: true},
		{kind: blackHole, at: start.Add(10 * time.Second), restored: start.Add(30 * time.Second)},
	}
	reports := map[int][][]flowReport{0: {{
		{Late: []late{
			{First: at(-40), Last: at(-40), Came: at(180)},       // lost with the reset
			{First: at(5000), Last: at(5000), Came: at(5900)},    // of the machine, not of the fault
			{First: at(9950), Last: at(29950), Came: at(30600)},  // all that waited
			{First: at(30080), Last: at(30080), Came: at(30650)}, // written after the restore
		}},
		{}, // was not held up
		{Bulk: true, Late: []late{{First: at(0), Last: at(0), Came: at(9000)}}},
	}}}
	took := resumptions(faults, reports)
	want := map[string][]time.Duration{
		reset:     {180 * time.Millisecond, 0},
		blackHole: {600 * time.Millisecond, 0},
	}
	for kind, all := range want {
		if !slices.Equal(took[kind], all) {
			t.Errorf("%s: %v, want %v", kind, took[kind], all)
		}
	}
	if table := histogram(faults, took); !strings.Contains(table, reset) || strings.Contains(table, killed) {
		t.Errorf("the table:\n%s", table)
	}
}
