// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"math/rand/v2"
	"time"
)

const (
	// A gateway that restarts is back within seconds and is to be found at
	// once; one that is away for longer is not to be found by a stampede.
	quickPhase = 30 * time.Second
	quickMost  = 900 * time.Millisecond
	slowMost   = 15 * time.Second
	// Another try never follows sooner.
	retryLeast = 100 * time.Millisecond
	// settled is how long what was found must have held for its loss to be a new
	// one. What held less is looked for often again, but with the delay of before
	// and briefMost times only: one gateway that restarts every second is to be
	// found each time, another that drops all clients at once is not to be
	// overrun by them.
	settled   = time.Second
	briefMost = 10
	// A hint of the gateway's when to come back is not followed for longer.
	hintMost = time.Minute
)

// backoff is a series of delays between tries. The zero value with first set is
// ready for use.
type backoff struct {
	first time.Duration
	last  time.Duration
	brief int       // successes in a row that did not hold
	since time.Time // of the first failure in a row
}

// reset begins a new series.
func (b *backoff) reset() { b.last, b.brief, b.since = 0, 0, time.Time{} }

// held notes that a try has succeeded, and for how long it was of use.
func (b *backoff) held(d time.Duration) {
	if d >= settled {
		b.reset()
		return
	}
	if b.brief++; b.brief <= briefMost {
		b.since = time.Now()
	}
}

// quick reports whether the failures have begun a short while ago.
func (b *backoff) quick() bool { return b.since.IsZero() || time.Since(b.since) < quickPhase }

// next returns how long to wait after a try that took so long and failed.
func (b *backoff) next(took time.Duration) time.Duration {
	if b.since.IsZero() {
		b.since = time.Now()
	}
	switch {
	case b.last == 0:
		b.last = min(b.first, slowMost)
	case b.quick():
		b.last = min(b.last*8/5, quickMost)
	default:
		b.last = min(b.last*8/5, slowMost)
	}
	d := b.last - rand.N(b.last/4+1) //nolint:gosec // it spreads load and hides nothing
	if b.quick() {
		d -= took // what counts is how often the gateway is tried
	}
	return max(d, retryLeast)
}
