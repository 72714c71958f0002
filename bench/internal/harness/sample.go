// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"slices"
	"time"
)

// Sample is a set of durations that is small enough to be kept whole, for
// targets of a few percent, which a Histogram is too coarse for.
type Sample []time.Duration

// Micros is the p-quantile in microseconds; 0 of an empty sample.
func (s Sample) Micros(p float64) float64 {
	if len(s) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(s))
	return float64(sorted[int(p*float64(len(s)-1)+0.5)].Nanoseconds()) / 1e3
}
