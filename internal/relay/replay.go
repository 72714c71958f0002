// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package relay

import (
	"math"
	"sync"
)

// verdict on a counter.
type verdict uint8

const (
	fresh verdict = iota
	replayed
	stale // behind the window: it may be fresh, but nobody can tell
)

// The window is wide, because of many lines that are sent at once one may be
// delayed by a lost SYN while thousands pass it (rules R3).
const (
	windowBits  = 16384
	windowWords = windowBits / 64
)

// replay remembers which counters of a key have been used. The zero value has
// seen none. What it keeps begins with the oldest word of 64 counters that has
// a gap, so while counters come nearly in order that is a word or two.
type replay struct {
	mu     sync.Mutex // guards the fields below
	bits   []uint64   // words from first to last, word n at n%len; len is a power of two
	first  uint64     // before it all are used, or too old
	last   uint64
	forgot uint64 // words before it were given up with gaps
}

// accept records a counter and says what it is.
func (w *replay) accept(counter uint64) verdict {
	w.mu.Lock()
	defer w.mu.Unlock()
	word, bit := counter/64, uint64(1)<<(counter%64)
	if w.bits == nil {
		w.bits = []uint64{1} // there is no counter 0
	}
	switch {
	case word < w.forgot:
		return stale
	case word < w.first:
		return replayed
	case word > w.last:
		w.advance(word)
	}
	at := &w.bits[word%uint64(len(w.bits))]
	if *at&bit != 0 {
		return replayed
	}
	*at |= bit
	for w.first < w.last && w.bits[w.first%uint64(len(w.bits))] == math.MaxUint64 {
		w.first++
	}
	return fresh
}

// advance makes word the last one.
func (w *replay) advance(word uint64) {
	if word-w.first >= windowWords {
		w.first = word - windowWords + 1
		w.forgot = w.first
	}
	w.grow(word - w.first + 1)
	for n := max(w.last+1, w.first); n <= word; n++ {
		w.bits[n%uint64(len(w.bits))] = 0
	}
	w.last = word
}

// grow makes room for n words from first on.
func (w *replay) grow(n uint64) {
	size := uint64(len(w.bits))
	for size < n {
		size *= 2
	}
	if size == uint64(len(w.bits)) {
		return
	}
	ring := make([]uint64, size)
	for i := w.first; i <= w.last; i++ {
		ring[i%size] = w.bits[i%uint64(len(w.bits))]
	}
	w.bits = ring
}
