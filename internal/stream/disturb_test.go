// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package stream

import "time"

// dial makes channels while streams need them.
func (w *world) dial(done chan struct{}) {
	defer close(done)
	for {
		time.Sleep(50 * time.Millisecond)
		w.mu.Lock()
		want := len(w.want)
		w.mu.Unlock()
		w.wmu.Lock()
		if w.over {
			w.wmu.Unlock()
			return
		}
		if time.Now().After(w.dark) && (want > 0 || w.rng.IntN(100) == 0) {
			r := newRoad(8<<10<<w.rng.IntN(6), w.delay)
			w.roads = append(w.roads, r)
			if w.rng.IntN(4) == 0 { // soon, and in the middle of something
				w.happened["cut early"]++
				r.cutAfter(w.rng.IntN(2000), w.rng.IntN(2) == 0)
			}
			w.provider.Serve(r.b, Peer{1}, false, nil)
			w.visitor.Serve(r.a, Peer{2}, true, nil)
		}
		w.wmu.Unlock()
	}
}

// disturb does one bad thing.
func (w *world) disturb() {
	w.wmu.Lock()
	var r *road
	for range 20 {
		if len(w.roads) == 0 {
			w.wmu.Unlock()
			return
		}
		if r = w.roads[w.rng.IntN(len(w.roads))]; r.alive() {
			break
		}
	}
	var what string
	switch n := w.rng.IntN(100); {
	case n < 30:
		what = "cut"
		r.cut(w.rng.IntN(2) == 0)
	case n < 60:
		what = "cut within"
		r.cutAfter(w.rng.IntN(100_000), w.rng.IntN(2) == 0)
	case n < 75:
		what = "hole"
		r.hole()
	case n < 85:
		what = "moved"
		w.moveSome()
	case n < 95:
		what = "doubt"
		w.visitor.Doubt()
		w.provider.Doubt()
	case n < 97:
		what = "outage"
		w.outage(time.Duration(w.rng.IntN(15)) * time.Second)
	case n < 98:
		what = "long outage"
		for _, k := range w.talks {
			k.excuse(what)
		}
		w.outage(w.small.Resume + time.Duration(w.rng.IntN(100))*time.Second)
	default:
		what = "provider replaced"
		for _, k := range w.talks {
			k.excuse(what)
		}
		w.outage(0)
		old := w.provider
		w.provider = w.newProvider()
		defer old.Close() // with wmu free: it takes its time
	}
	w.happened[what]++
	w.wmu.Unlock()
}

func (w *world) outage(d time.Duration) {
	w.dark = time.Now().Add(d)
	for _, r := range w.roads {
		r.cut(true)
	}
}

// moveSome has a stream go on over another channel while its own lives.
func (w *world) moveSome() {
	w.mu.Lock()
	var c *Channel
	if n := len(w.free); n > 0 {
		c, w.free = w.free[n-1], w.free[:n-1]
	}
	w.mu.Unlock()
	list := w.visitor.Streams()
	if c == nil || len(list) == 0 || list[w.rng.IntN(len(list))].Attach(c) != nil {
		return
	}
	w.happened["moved alive"]++
}
