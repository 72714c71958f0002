// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/culvertd/culvert/bench/internal/cases"
	"github.com/culvertd/culvert/bench/internal/harness"
	"github.com/culvertd/culvert/bench/internal/results"
)

// Render is the generated part of the page.
func Render(w words, h results.Header, rs []harness.Result) string {
	var b strings.Builder
	versions := make([]string, 0, len(h.Versions))
	for k, v := range h.Versions {
		versions = append(versions, k+" "+v)
	}
	slices.Sort(versions)
	machine := w.machine
	switch h.Set {
	case cases.TunnelSet:
		machine = w.machineTunnels
	case cases.PublishedSet:
		machine = w.machinePublished
	}
	fmt.Fprintf(&b, machine+"\n\n", h.Date.Format("2006-01-02"), h.CPU, h.Cores, h.MemoryGiB, h.Kernel, h.Go,
		strings.Join(versions, "; "), h.Rounds, h.RoundsTLS, h.Duration, h.Settle, h.Idle)
	fmt.Fprintf(&b, "### %s\n\n", w.targets)
	b.WriteString(verdicts(w, cases.GoalsOf(h.Set), rs))
	for _, c := range cases.Tables(h.Set) {
		if t := table(w, c, rs); t != "" {
			fmt.Fprintf(&b, "\n### %s\n\n%s", title(w, c), t)
		}
	}
	return b.String()
}

// verdicts compares Culvert with its targets.
func verdicts(w words, goals []cases.Goal, rs []harness.Result) string {
	var b strings.Builder
	fmt.Fprintf(&b, "| %s |\n| --- | --- | ---: | ---: | --- |\n", strings.Join(w.verdictHead, " | "))
	for _, g := range goals {
		name, other := g.Of, math.NaN()
		if name == cases.Centrifugo && len(of(rs, g.Case, name)) == 0 {
			name = cases.Centrifuge
		}
		if name != "" {
			other = harness.Median(harness.Values(of(rs, g.Case, name), name, g.Metric))
		}
		limit := g.Limit(other)
		value := harness.Median(harness.Values(of(rs, g.Case, g.Server), g.Server, g.Metric))
		reached := w.no
		switch {
		case math.IsNaN(value) || math.IsNaN(limit):
			reached = w.unknown
		case g.Reached(value, limit):
			reached = w.yes
		}
		sign := "≤"
		if g.AtLeast {
			sign = "≥"
		}
		what := w.metrics[g.Metric] + " " + sign + " "
		if g.Server != cases.Culvert {
			what = g.Server + ": " + what
		}
		if name == "" {
			what += number(g.Metric, g.Factor)
		} else {
			what += fmt.Sprintf("%g × %s", g.Factor, name)
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", w.cases[g.Case], what, number(g.Metric, limit), number(g.Metric, value), reached)
	}
	return b.String()
}

// table shows the medians of every server in a case.
func table(w words, c cases.Table, rs []harness.Result) string {
	rs = slices.DeleteFunc(slices.Clone(rs), func(r harness.Result) bool { return r.Case != c.Case })
	metrics := slices.DeleteFunc(slices.Clone(c.Columns), func(m string) bool {
		return !slices.ContainsFunc(rs, func(r harness.Result) bool { _, ok := r.Values[m]; return ok })
	})
	if len(metrics) == 0 {
		return ""
	}
	var servers []string
	for _, r := range rs {
		if !slices.Contains(servers, r.Target) {
			servers = append(servers, r.Target)
		}
	}
	var b strings.Builder
	head, rule := "| "+w.server+" |", "| --- |"
	for i, m := range metrics {
		head, rule = head+" "+w.metrics[m]+" |", rule+" ---: |"
		if i == 0 && c.Spread {
			head, rule = head+" "+w.spread+" |", rule+" ---: |"
		}
	}
	fmt.Fprintf(&b, "%s\n%s\n", head, rule)
	for _, s := range servers {
		fmt.Fprintf(&b, "| %s |", s)
		for i, m := range metrics {
			v := harness.Values(rs, s, m)
			fmt.Fprintf(&b, " %s |", number(m, harness.Median(v)))
			if i == 0 && c.Spread {
				fmt.Fprintf(&b, " %s |", spread(m, v))
			}
		}
		b.WriteByte('\n')
	}
	for _, s := range servers {
		if n := failures(rs, s); n > 0 {
			fmt.Fprintf(&b, "\n"+w.failed+"\n", s, n)
		}
	}
	return b.String()
}

func title(w words, c cases.Table) string {
	t := w.cases[strings.TrimSuffix(c.Case, cases.TLSSuffix)]
	if c.TLS {
		t += w.withTLS
	}
	return t
}

// number prints a metric's value; times are stored in microseconds and shown in
// milliseconds.
func number(metric string, v float64) string {
	if strings.HasSuffix(metric, " us") {
		v /= 1000
	}
	return harness.Num(v)
}

// spread is "least..greatest".
func spread(metric string, v []float64) string {
	if len(v) == 0 {
		return "–"
	}
	return number(metric, slices.Min(v)) + ".." + number(metric, slices.Max(v))
}

func of(rs []harness.Result, name, target string) []harness.Result {
	var out []harness.Result
	for _, r := range rs {
		if r.Case == name && r.Target == target {
			out = append(out, r)
		}
	}
	return out
}

func failures(rs []harness.Result, target string) int {
	n := 0
	for _, r := range rs {
		if r.Target == target && r.Error != "" {
			n++
		}
	}
	return n
}
