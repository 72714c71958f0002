// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"sync"
)

// tally counts what one service or one forward has carried, with live figures
// of what is open. A is the application's side of the visitor, or the
// channel's of the provider: forward is what the visitor has sent.
type tally struct {
	mu                sync.Mutex // guards the fields below and those of flows
	open              map[*flow]struct{}
	total             uint64
	forward, backward uint64 // of what has ended
	lastErr           string
}

// flow is one connection.
type flow struct {
	t    *tally
	busy *busy
	link carrying // nil before there is one
	// moved before the link, by whoever opened it
	forward uint64
	ended   bool
}

// carrying is what moves a connection's bytes: a link, or a stream.
type carrying interface {
	// Stats returns what has been moved from the visitor, and to it.
	Stats() (forward, backward uint64)
}

// begin counts a connection.
func (t *tally) begin(b *busy) *flow {
	f := &flow{t: t, busy: b}
	b.add(1)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.open == nil {
		t.open = make(map[*flow]struct{})
	}
	t.open[f] = struct{}{}
	t.total++
	return f
}

// attach names the link that carries the connection; it may have ended.
func (f *flow) attach(l carrying, before int) {
	f.t.mu.Lock()
	defer f.t.mu.Unlock()
	f.link = l
	f.forward = uint64(before)
	if f.ended {
		f.settleLocked()
	}
}

// end counts the connection as over. Repeating it does nothing.
func (f *flow) end() {
	f.t.mu.Lock()
	defer f.t.mu.Unlock()
	if f.ended {
		return
	}
	f.ended = true
	delete(f.t.open, f)
	f.settleLocked()
	f.busy.add(-1)
}

// settleLocked adds the last figures of the link, once it is known and over.
func (f *flow) settleLocked() {
	if f.link == nil {
		return
	}
	forward, backward := f.link.Stats()
	f.t.forward += forward + f.forward
	f.t.backward += backward
	f.link = nil
}

// sums returns the figures as they are now.
func (t *tally) sums() (open int, total, forward, backward uint64, lastErr string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	forward, backward = t.forward, t.backward
	for f := range t.open {
		if f.link != nil {
			a, b := f.link.Stats()
			forward += a + f.forward
			backward += b
		}
	}
	return len(t.open), t.total, forward, backward, t.lastErr
}

// note keeps the last error, nil for none, and reports whether it is news.
func (t *tally) note(err error) bool {
	text := ""
	if err != nil {
		text = err.Error()
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	was := t.lastErr
	t.lastErr = text
	return text != "" && text != was
}

// busy counts what a shutdown waits for.
type busy struct {
	mu   sync.Mutex // guards the fields below
	n    int
	wait chan struct{} // closed when n comes to 0; nil if nobody waits
}

func (b *busy) add(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.n += n; b.n == 0 && b.wait != nil {
		close(b.wait)
		b.wait = nil
	}
}

func (b *busy) count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.n
}

// idle returns a channel that is closed when nothing is open.
func (b *busy) idle() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.n == 0 {
		done := make(chan struct{})
		close(done)
		return done
	}
	if b.wait == nil {
		b.wait = make(chan struct{})
	}
	return b.wait
}
