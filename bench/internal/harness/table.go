// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Table is a Markdown table of the medians of each target, with the least and
// the greatest value of the first metric.
func Table(rs []Result) string {
	var targets, metrics []string
	for _, r := range rs {
		if !slices.Contains(targets, r.Target) {
			targets = append(targets, r.Target)
		}
		for _, m := range r.Order {
			if !slices.Contains(metrics, m) {
				metrics = append(metrics, m)
			}
		}
	}
	var b strings.Builder
	head, rule := "| target |", "| --- |"
	for i, m := range metrics {
		head, rule = head+" "+m+" |", rule+" ---: |"
		if i == 0 {
			head, rule = head+" min..max |", rule+" ---: |"
		}
	}
	fmt.Fprintf(&b, "\n%s\n%s\n", head, rule)
	for _, t := range targets {
		fmt.Fprintf(&b, "| %s |", t)
		for i, m := range metrics {
			v := Values(rs, t, m)
			fmt.Fprintf(&b, " %s |", Num(Median(v)))
			if i == 0 {
				fmt.Fprintf(&b, " %s |", Spread(v))
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// Values are the numbers that a target reached in a metric, one a round.
func Values(rs []Result, target, metric string) []float64 {
	var out []float64
	for _, r := range rs {
		if v, ok := r.Values[metric]; ok && r.Target == target {
			out = append(out, v)
		}
	}
	return out
}

// Median of the values; NaN when there are none.
func Median(v []float64) float64 {
	if len(v) == 0 {
		return math.NaN()
	}
	s := slices.Sorted(slices.Values(v))
	if n := len(s); n%2 == 0 {
		return (s[n/2-1] + s[n/2]) / 2
	}
	return s[len(s)/2]
}

// Spread is "least..greatest".
func Spread(v []float64) string {
	if len(v) == 0 {
		return "–"
	}
	return Num(slices.Min(v)) + ".." + Num(slices.Max(v))
}

// Num prints a number with three significant digits, and all before the point.
func Num(v float64) string {
	a := math.Abs(v)
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return "–"
	case a >= 1e5: // digits after the third are noise
		e := math.Pow(10, math.Floor(math.Log10(a))-2)
		return grouped(math.Round(v/e) * e)
	case a >= 100 || a == 0:
		return grouped(v)
	case a >= 10:
		return fmt.Sprintf("%.1f", v)
	case a >= 1:
		return fmt.Sprintf("%.2f", v)
	default:
		return fmt.Sprintf("%.3f", v)
	}
}

// grouped prints a whole number with a comma for each thousand.
func grouped(v float64) string {
	s := fmt.Sprintf("%.0f", v)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
