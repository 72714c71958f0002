// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import "time"

// fillPatience is how long a fill is waited for before another is tried beside
// it: one that began on a path that is gone now takes much longer to fail (rules
// S13).
const fillPatience = 2 * time.Second

// filling is a fill under way; r.mu guards its fields.
type filling struct {
	r       *reserve
	era     int
	awaited bool // counted as pending
	timer   *time.Timer
}

// begun counts a fill and watches over it. What it returns is to be told how the
// fill has ended.
func (r *reserve) begun() func(error) {
	f := &filling{r: r, awaited: true}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pending++
	f.era = r.era
	f.timer = time.AfterFunc(fillPatience, f.late)
	return f.done
}

// late has another be tried, one at a time.
func (f *filling) late() {
	f.r.mu.Lock()
	if f.awaited && f.era == f.r.era {
		f.r.pending--
		f.awaited = false
		f.r.failLocked()
	}
	f.r.mu.Unlock()
	f.r.look()
}

func (f *filling) done(err error) {
	r := f.r
	f.timer.Stop()
	r.mu.Lock()
	awaited := f.awaited && f.era == r.era
	if awaited {
		r.pending--
	}
	f.awaited = false
	switch {
	case err == nil:
		r.ready++
		r.failing = false
	case awaited: // else it has been taken for a failure, or is of the past
		r.failLocked()
	}
	r.mu.Unlock()
	r.look()
}
