// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"context"
	"sync"
	"time"
)

const (
	// quietTime is how long nothing must be taken before a reserve shrinks.
	quietTime = time.Minute
	// A channel that is lost sooner than this has not been of use.
	usefulAge = 5 * time.Second
	// refillFirst is the first delay after a failure.
	refillFirst = 250 * time.Millisecond
	// afterSignIn is how long a refresh is good for if it is signing in that asks
	// for another: a change of the network and the sign-in that follows are one.
	afterSignIn = time.Second
)

// stock is what a reserve manages.
type stock interface {
	// fill opens a channel, keeps it ready, and calls done once, perhaps before
	// it returns.
	fill(done func(error))
	// shed gives up the channel that is ready for longest; false if there is
	// none that is not about to be used.
	shed() bool
	// clear gives up all, and has fill fail from now on.
	clear()
}

// reserve keeps channels ready: at least min; more, to max, after a burst has
// used them up; fewer again after a quiet minute. What is taken is replaced at
// once, unless it comes back; what fails is tried again with growing delays, one
// at a time.
type reserve struct {
	c        *Client
	stock    stock
	min, max int
	wake     chan struct{}
	// returns says that what was taken comes back after use. To replace it at
	// once, and to give up what has come back, would be a handshake for each
	// connection: there is no fill before three quarters of the target are gone,
	// but for the least, and up to twice max is kept until a quiet minute. After a
	// refresh there is the least only, for streams that wait come first.
	returns bool

	mu      sync.Mutex // guards the fields below
	on      bool
	target  int
	pending int // being opened, and waited for
	era     int // counts what refresh begins
	ready   int
	used    time.Time // when the target was last of use
	failing bool
	retry   backoff
	next    time.Time // no try before
	renewed time.Time // by refresh
}

func newReserve(c *Client, s stock, low, high int) *reserve {
	return &reserve{
		c: c, stock: s, min: low, max: high, wake: make(chan struct{}, 1),
		target: low, retry: backoff{first: refillFirst},
	}
}

// run keeps the stock until ctx ends or done is closed.
func (r *reserve) run(ctx context.Context, done <-chan struct{}) {
	defer r.stock.clear()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-r.wake:
		case <-timer.C:
		case <-ctx.Done():
			return
		case <-done:
			return
		}
		fills, sheds, wait := r.plan(time.Now())
		for range fills {
			r.stock.fill(r.begun())
		}
		for range sheds {
			if r.stock.shed() {
				r.mu.Lock()
				r.ready--
				r.mu.Unlock()
			}
		}
		timer.Reset(wait)
	}
}

// plan decides what is to be done now, and when to look again.
func (r *reserve) plan(now time.Time) (fills, sheds int, wait time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	quiet := now.Sub(r.used) >= quietTime && (r.target > r.min || r.ready > r.target)
	if quiet {
		r.target, r.used = max(r.min, r.target/2), now
	}
	want := r.target
	if !r.on {
		want = 0
	} else if r.failing {
		want = 1
	}
	low, high := want, want
	if r.returns && r.on {
		if low = max(min(r.min, want), want/4); !quiet {
			high = 2 * r.max
		}
	}
	wait = quietTime
	if r.target > r.min || r.ready > r.target {
		wait = quietTime - now.Sub(r.used)
	}
	if there := r.ready + r.pending; there < low {
		fills = want - there
	}
	if delay := r.next.Sub(now); fills > 0 && delay > 0 {
		fills, wait = 0, min(wait, delay)
	}
	if !r.failing {
		sheds = max(r.ready-high, 0)
	}
	return fills, sheds, max(wait, time.Millisecond)
}

func (r *reserve) failLocked() {
	r.failing = true
	if now := time.Now(); !now.Before(r.next) { // many fail together, and count once
		r.next = now.Add(r.retry.next(0))
	}
}

// look has run plan anew.
func (r *reserve) look() {
	select {
	case r.wake <- struct{}{}:
	default: // it will
	}
}

func (r *reserve) enable(on bool) {
	r.mu.Lock()
	if on && !r.on {
		r.failing, r.next = false, time.Time{}
		r.retry.reset()
	}
	r.on = on
	r.mu.Unlock()
	r.look()
}

// refresh replaces what is ready, all of which may be dead without our knowing,
// and what is being opened: the network may be another, or the gateway. What
// has failed before says nothing of it. Within least of the last time it is the
// latter only.
func (r *reserve) refresh(least time.Duration) {
	r.mu.Lock()
	r.failing, r.next = false, time.Time{}
	r.retry.reset()
	n := 0
	if now := time.Now(); now.Sub(r.renewed) >= least {
		n = r.ready
		r.era++
		r.pending, r.renewed = 0, now
		if r.returns {
			r.target = r.min
		}
	}
	r.mu.Unlock()
	for range n {
		if r.stock.shed() {
			r.mu.Lock()
			r.ready--
			r.mu.Unlock()
		}
	}
	r.look()
}

// current is what refused wants to know.
func (r *reserve) current() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.era
}

// refused has nothing be opened for a while, unless there was a refresh since
// era.
func (r *reserve) refused(era int, pause time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if era == r.era {
		r.failing, r.next = true, time.Now().Add(pause)
	}
}

// took notes that a ready channel is in use now.
func (r *reserve) took() {
	r.mu.Lock()
	r.ready--
	r.retry.reset()
	r.usedLocked()
	r.mu.Unlock()
	r.look()
}

// restored notes that a ready channel is in use in place of one that broke: no
// sign that more connections are about to come.
func (r *reserve) restored() {
	r.mu.Lock()
	r.ready--
	r.retry.reset()
	r.used = time.Now()
	r.mu.Unlock()
	r.look()
}

// returned notes that what was taken is ready again.
func (r *reserve) returned() {
	r.mu.Lock()
	r.ready++
	r.failing = false
	r.mu.Unlock()
	r.look()
}

// missed notes that one was needed and none was ready.
func (r *reserve) missed() {
	r.mu.Lock()
	r.usedLocked()
	r.mu.Unlock()
	r.look()
}

// usedLocked grows the target when the stock is used up.
func (r *reserve) usedLocked() {
	r.used = time.Now()
	if r.ready <= 0 {
		r.target = min(r.target*2, r.max)
	}
}

// want notes that somebody waits for n more.
func (r *reserve) want(n int) {
	r.mu.Lock()
	r.used = time.Now()
	r.target = min(max(r.target, r.ready+r.pending+max(n, 0)), r.max)
	r.next = time.Time{} // whoever asks has a reason
	r.mu.Unlock()
	r.look()
}

// lost notes that a ready channel is gone after age.
func (r *reserve) lost(age time.Duration) {
	r.mu.Lock()
	r.ready--
	if age < usefulAge {
		r.failLocked()
	} else {
		r.retry.reset()
	}
	r.mu.Unlock()
	r.look()
}
