// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"sync"
	"time"
)

// road is a channel in memory with the faults of a real one. Both ends are
// Paths.
type road struct {
	a, b roadEnd
}

type roadEnd struct{ in, out *lane }

func newRoad(most int, delay time.Duration) *road {
	x, y := newLane(most, delay), newLane(most, delay)
	return &road{a: roadEnd{x, y}, b: roadEnd{y, x}}
}

func (r roadEnd) Read(b []byte) (int, error)  { return r.in.read(b) }
func (r roadEnd) Write(b []byte) (int, error) { return r.out.write(b) }
func (r roadEnd) Flush() error                { return nil }
func (r roadEnd) Buffered() bool              { return r.in.buffered() }

// Close is seen by the other end, unless the road is a black hole.
func (r roadEnd) Close() error {
	r.in.leave(false)
	r.out.leave(true)
	return nil
}

// cut breaks the road, with what is on it, or after what is on it has arrived.
func (r *road) cut(lossy bool) {
	for _, l := range []*lane{r.a.in, r.a.out} {
		l.mu.Lock()
		l.cutLocked(lossy)
		l.mu.Unlock()
	}
}

// cutAfter breaks the road when one direction has carried n bytes more: in the
// middle of whatever comes then.
func (r *road) cutAfter(n int, back bool) {
	l := r.a.out
	if back {
		l = r.a.in
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.left, l.limited = n, true
	l.broken = func() { r.cut(true) }
}

// hole has the road swallow all from now on.
func (r *road) hole() {
	for _, l := range []*lane{r.a.in, r.a.out} {
		l.mu.Lock()
		l.swallow = true
		l.change.Broadcast()
		l.mu.Unlock()
	}
}

// alive reports whether the road was never broken.
func (r *road) alive() bool {
	for _, l := range []*lane{r.a.in, r.a.out} {
		l.mu.Lock()
		bad := l.err != nil || l.swallow
		l.mu.Unlock()
		if bad {
			return false
		}
	}
	return true
}

// lane is one direction: bytes that arrive delay later.
type lane struct {
	most   int
	delay  time.Duration
	broken func()

	mu       sync.Mutex
	change   *sync.Cond
	parts    []part
	size     int
	err      error
	closed   bool // nothing is to be read any more, either
	swallow  bool
	noWriter bool // which has left a black hole
	limited  bool
	left     int // bytes until it breaks, if limited
}

type part struct {
	at time.Time
	b  []byte
}

func newLane(most int, delay time.Duration) *lane {
	l := &lane{most: most, delay: delay}
	l.change = sync.NewCond(&l.mu)
	return l
}

func (l *lane) write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	sum := 0
	for len(b) > 0 {
		for l.err == nil && !l.noWriter && !l.swallow && l.size >= l.most {
			l.change.Wait()
		}
		if l.err != nil || l.noWriter {
			return sum, errBroken
		}
		n := len(b)
		if !l.swallow {
			n = min(n, l.most-l.size)
			if l.limited {
				n = min(n, l.left)
				l.left -= n
			}
			l.parts = append(l.parts, part{time.Now().Add(l.delay), append([]byte(nil), b[:n]...)})
			l.size += n
		}
		sum += n
		b = b[n:]
		l.change.Broadcast()
		if l.limited && l.left == 0 && l.err == nil {
			l.err = errBroken
			go l.broken()
		}
	}
	return sum, nil
}

func (l *lane) read(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for {
		for len(l.parts) > 0 && len(l.parts[0].b) == 0 {
			l.parts = l.parts[1:]
		}
		switch {
		case l.closed:
			return 0, errBroken
		case len(l.parts) == 0 && l.err != nil:
			return 0, l.err
		case len(l.parts) == 0:
			l.change.Wait()
		default:
			if wait := time.Until(l.parts[0].at); wait > 0 {
				l.mu.Unlock()
				time.Sleep(wait)
				l.mu.Lock()
				continue
			}
			p := &l.parts[0]
			n := copy(b, p.b)
			p.b = p.b[n:]
			l.size -= n
			l.change.Broadcast()
			return n, nil
		}
	}
}

func (l *lane) buffered() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.parts) > 0 && len(l.parts[0].b) > 0 && !time.Now().Before(l.parts[0].at)
}

// leave ends the lane for its writer or its reader; for both, unless it is a
// black hole.
func (l *lane) leave(writer bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case !l.swallow:
		l.cutLocked(true)
	case writer:
		l.noWriter = true
	default:
		l.closed = true
	}
	l.change.Broadcast()
}

func (l *lane) cutLocked(lossy bool) {
	if l.err == nil {
		l.err = errBroken
	}
	if lossy {
		l.closed, l.parts, l.size = true, nil, 0
	}
	l.change.Broadcast()
}
