// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"math/bits"
	"time"
)

// Histogram counts durations in buckets of about 1.5 % width. A run sees up to
// a million of them: a list would cost the load generator page faults and a
// sort on the cores that it shares with the server.
type Histogram struct {
	counts [64 << subBits]uint32
	n      uint64
}

// subBits gives 64 buckets for each power of two.
const subBits = 6

// Add counts one duration.
func (h *Histogram) Add(d time.Duration) {
	h.counts[bucket(uint64(max(d, 0)))]++
	h.n++
}

// Percentile is the lower edge of the bucket that holds the p-quantile.
func (h *Histogram) Percentile(p float64) time.Duration {
	rank := uint64(p * float64(h.n))
	for i, c := range h.counts {
		if rank < uint64(c) {
			return time.Duration(edge(i))
		}
		rank -= uint64(c)
	}
	return 0
}

func bucket(v uint64) int {
	exp := bits.Len64(v >> subBits) // 0 while v has its own bucket
	if exp == 0 {
		return int(v)
	}
	return exp<<subBits | int(v>>(exp-1)&(1<<subBits-1))
}

func edge(i int) uint64 {
	exp := i >> subBits
	if exp == 0 {
		return uint64(i)
	}
	return (1<<subBits | uint64(i&(1<<subBits-1))) << (exp - 1)
}
