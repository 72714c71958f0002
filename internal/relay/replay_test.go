// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package relay

import (
	"math/rand/v2"
	"testing"
)

// TestReplay compares the window with a set that forgets nothing.
func TestReplay(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		var w replay
		seen := make(map[uint64]bool)
		next, used := uint64(1), uint64(0)
		for range 5000 {
			c := next
			switch rng.IntN(10) {
			case 0: // a gap, now and then a wide one
				c = next + rng.Uint64N(200)
				if rng.IntN(50) == 0 {
					c += rng.Uint64N(40_000)
				}
				next = c + 1
			case 1: // a straggler, or a replay
				c = 1 + rng.Uint64N(next)
			default:
				next++
			}
			used = max(used, c)
			got := w.accept(c)
			switch {
			case seen[c] && got == fresh:
				t.Fatalf("%d is accepted twice", c)
			case !seen[c] && got == replayed:
				t.Fatalf("%d is fresh and taken for a replay", c)
			case !seen[c] && got == stale && used-c < windowBits-64:
				t.Fatalf("%d is within the window of %d and stale", c, used)
			}
			if got == fresh {
				seen[c] = true
			}
			if len(w.bits) > windowWords {
				t.Fatalf("%d words", len(w.bits))
			}
		}
	}
}

func TestReplayIsSmallInOrder(t *testing.T) {
	var w replay
	for c := uint64(1); c < 100_000; c++ {
		if w.accept(c) != fresh || w.accept(c) != replayed {
			t.Fatal(c)
		}
	}
	if len(w.bits) > 2 {
		t.Errorf("%d words", len(w.bits))
	}
	if w.accept(1) != replayed {
		t.Error("the first counter is accepted again")
	}
}
