// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package seal

const (
	windowWords = 64
	// windowSize is how far behind the highest counter another may be: a word
	// less than there are bits, for the word of the highest is not full.
	windowSize = (windowWords - 1) * 64
)

// window is which counters have been seen, after RFC 6479: a ring of words, of
// which those that are passed over are cleared. The zero value has seen none.
type window struct {
	next uint64 // after the highest
	bits [windowWords]uint64
}

// fresh reports whether n has not been seen and is not too old.
func (w *window) fresh(n uint64) bool {
	switch {
	case n >= counterLimit: // no sender gets there
		return false
	case n >= w.next:
		return true
	case w.next-n > windowSize:
		return false
	}
	return w.bits[n/64%windowWords]&(1<<(n%64)) == 0
}

// note takes n, which is fresh, for seen.
func (w *window) note(n uint64) {
	if n >= w.next {
		last := (w.next + 63) / 64 // the first word that is not in use
		for i := range min(n/64+1-min(last, n/64+1), windowWords) {
			w.bits[(last+i)%windowWords] = 0
		}
		w.next = n + 1
	}
	w.bits[n/64%windowWords] |= 1 << (n % 64)
}
