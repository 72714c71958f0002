// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"sync"
	"time"
)

// perByte is how much a source gets for what it has sent, until it has answered
// (rules U5; RFC 9000 §8.1).
const perByte = 3

// allowance is what a flow may still send to its source. Whoever forges a source
// gets it three times the bytes of its own, and no more: only one that has received
// something can answer it. Nothing in UDP tells an answer from a second datagram
// sent blindly, so this is a bound on single ones, as in QUIC before its handshake.
//
//	new: 3 bytes for 1 ── the service is heard there ── the source speaks again: no bound
//	 ▲                                                                             │
//	 └──────────────────────── silent for as long as a flow may be ────────────────┘
type allowance struct {
	mu       sync.Mutex // guards the fields below
	left     int        // bytes
	reached  bool       // by a datagram of the service
	answered bool
	spoke    time.Time // the source
}

// took counts bytes that came from the source.
func (a *allowance) took(bytes int, now time.Time, idle time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if now.Sub(a.spoke) > idle {
		a.left, a.reached, a.answered = 0, false, false
	}
	a.spoke = now
	a.answered = a.answered || a.reached
	a.left += perByte * bytes
}

// spend reports whether a datagram may go to the source. To one that is silent for
// longer than idle nothing goes, however much the service has to say.
func (a *allowance) spend(bytes int, now time.Time, idle time.Duration) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if now.Sub(a.spoke) > idle || !a.answered && bytes > a.left {
		return false
	}
	if !a.answered {
		a.left -= bytes
	}
	a.reached = true
	return true
}

// mayReach asks the guard, if there is one, whether a datagram goes to a flow's
// application, and counts it as dropped if not.
func (v *udpVisitor) mayReach(fl *localFlow, bytes int, now time.Time) bool {
	g := v.guard
	switch {
	case g == nil:
		return true
	case g.refuse(fl.addr):
		g.drops.Refused.Add(1)
		return false
	case !fl.due.spend(bytes, now, v.idle):
		g.drops.Unanswered.Add(1)
		return false
	}
	return true
}
