// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package emulate

import (
	"container/heap"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// way is one direction of a link: frames wait in it for their time.
type way struct {
	to       *port
	settings Settings
	random   *rand.Rand // of the receiving goroutine
	cut      atomic.Bool
	passed   atomic.Uint64
	lost     atomic.Uint64

	mu      sync.Mutex // guards the fields below
	waiting frames
	number  uint64
	ended   bool
	wake    chan struct{} // has room for one
}

func newWay(to *port, s Settings, direction uint64) *way {
	return &way{to: to, settings: s, random: rand.New(rand.NewPCG(s.Seed, direction)), wake: make(chan struct{}, 1)}
}

// take decides what becomes of a frame. Both numbers are drawn for each one,
// so that a seed loses the same frames whatever the jitter.
func (w *way) take(frame []byte) {
	lost := w.random.Float64() < w.settings.Loss
	late := time.Duration(w.random.Int64N(int64(w.settings.Jitter) + 1))
	if lost || w.cut.Load() {
		w.lost.Add(1)
		return
	}
	if w.settings.Delay == 0 && w.settings.Jitter == 0 {
		w.pass(frame)
		return
	}
	w.mu.Lock()
	w.number++
	heap.Push(&w.waiting, waiting{
		due:    time.Now().Add(w.settings.Delay + late),
		number: w.number,
		bytes:  append([]byte(nil), frame...),
	})
	w.mu.Unlock()
	w.nudge()
}

// run passes frames on when they are due.
func (w *way) run() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		frame, rest, ended := w.next()
		if ended {
			return
		}
		if frame != nil {
			w.pass(frame)
			continue
		}
		timer.Reset(rest)
		select {
		case <-timer.C:
		case <-w.wake:
		}
	}
}

// next returns a frame that is due, or how long there is none.
func (w *way) next() (frame []byte, rest time.Duration, ended bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ended || len(w.waiting) == 0 {
		return nil, time.Hour, w.ended
	}
	if rest = time.Until(w.waiting[0].due); rest > 0 {
		return nil, rest, false
	}
	return heap.Pop(&w.waiting).(waiting).bytes, 0, false //nolint:forcetypeassert // it holds nothing else
}

func (w *way) pass(frame []byte) {
	if w.to.send(frame) {
		w.passed.Add(1)
	} else {
		w.lost.Add(1)
	}
}

func (w *way) stop() {
	w.mu.Lock()
	w.ended = true
	w.mu.Unlock()
	w.nudge()
}

func (w *way) nudge() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// waiting is a frame on its way.
type waiting struct {
	due    time.Time
	number uint64 // frames that are due at once keep their order
	bytes  []byte
}

// frames is a heap; the first is due next.
type frames []waiting

func (f frames) Len() int      { return len(f) }
func (f frames) Swap(i, j int) { f[i], f[j] = f[j], f[i] }
func (f frames) Less(i, j int) bool {
	if f[i].due.Equal(f[j].due) {
		return f[i].number < f[j].number
	}
	return f[i].due.Before(f[j].due)
}
func (f *frames) Push(x any) { *f = append(*f, x.(waiting)) } //nolint:forcetypeassert // only take calls it
func (f *frames) Pop() any {
	old := *f
	last := old[len(old)-1]
	old[len(old)-1] = waiting{} // or the frame stays in memory
	*f = old[:len(old)-1]
	return last
}
