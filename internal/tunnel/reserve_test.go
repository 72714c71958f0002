// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// shelf is a stock in memory.
type shelf struct {
	r *reserve

	mu      sync.Mutex // guards the fields below
	hangs   bool       // done is kept instead of called
	hung    []func(error)
	fills   int // begun
	at      []time.Time
	sheds   int
	cleared bool
	err     error
}

func (s *shelf) fill(done func(error)) {
	s.mu.Lock()
	s.fills++
	s.at = append(s.at, time.Now())
	err, hangs := s.err, s.hangs
	if hangs {
		s.hung = append(s.hung, done)
	}
	s.mu.Unlock()
	if !hangs {
		done(err)
	}
}

func (s *shelf) hang(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hangs = on
}

// settle ends the fills that hang.
func (s *shelf) settle(err error) {
	s.mu.Lock()
	hung := s.hung
	s.hung = nil
	s.mu.Unlock()
	for _, done := range hung {
		done(err)
	}
}

func (s *shelf) shed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sheds++
	return true
}

func (s *shelf) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cleared = true
}

// ready returns how many are, when nothing moves.
func (s *shelf) ready() int {
	synctest.Wait()
	s.r.mu.Lock()
	defer s.r.mu.Unlock()
	return s.r.ready
}

// tried returns when the fills were that have begun since it was asked last.
func (s *shelf) tried() []time.Time {
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	at := s.at
	s.at = nil
	return at
}

func (s *shelf) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

// shelved runs f with a reserve of 2 to 16 that is on.
func shelved(t *testing.T, f func(s *shelf)) {
	synctest.Test(t, func(t *testing.T) {
		c := New(Config{})
		defer c.mover.Close()
		s := &shelf{}
		s.r = newReserve(c, s, 2, 16)
		done := make(chan struct{})
		c.spawn(func(ctx context.Context) { s.r.run(ctx, done) })
		s.r.enable(true)
		synctest.Wait()
		f(s)
		close(done)
		c.tasks.Wait()
		if !s.cleared {
			t.Error("not cleared at the end")
		}
	})
}

func TestReserveKeepsItsSize(t *testing.T) {
	shelved(t, func(s *shelf) {
		expect := func(what string, ready, tried int) {
			t.Helper()
			if r, n := s.ready(), len(s.tried()); r != ready || n != tried {
				t.Errorf("%s: %d ready after %d fills", what, r, n)
			}
		}
		expect("at first", 2, 2)
		s.r.took()
		expect("one was taken", 2, 1)
		s.r.lost(time.Hour)
		expect("one was lost", 2, 1)
		s.r.refresh(0)
		expect("refreshed", 2, 2)
		s.r.enable(false)
		expect("off", 0, 0)
		if s.sheds != 4 {
			t.Errorf("%d were given up", s.sheds)
		}
	})
}

func TestReserveGrowsAndShrinks(t *testing.T) {
	shelved(t, func(s *shelf) {
		s.fail(errors.New("slow")) // nothing comes while they are taken
		s.r.took()
		s.r.took()
		s.r.missed()
		s.fail(nil)
		time.Sleep(5 * time.Second)
		if n := s.ready(); n != 8 {
			t.Errorf("%d ready after a burst, want 8", n)
		}
		s.r.want(1000)
		if n := s.ready(); n != 16 {
			t.Errorf("%d ready when many are wanted, want the most, 16", n)
		}
		time.Sleep(quietTime - time.Second)
		if n := s.ready(); n != 16 {
			t.Errorf("%d ready before a minute has passed", n)
		}
		time.Sleep(2 * time.Second)
		for _, want := range []int{8, 4, 2, 2} {
			if n := s.ready(); n != want {
				t.Errorf("%d ready after another quiet minute, want %d", n, want)
			}
			time.Sleep(quietTime)
		}
	})
}

// TestReserveOfWhatReturns: connections that come and go cost no channel each;
// what is too much goes after a quiet minute.
func TestReserveOfWhatReturns(t *testing.T) {
	shelved(t, func(s *shelf) {
		s.r.mu.Lock()
		s.r.returns = true
		s.r.mu.Unlock()
		s.tried()
		busy := func() {
			for range 10 {
				for range 6 {
					s.r.took()
					s.ready()
				}
				for range 6 {
					s.r.returned()
				}
				time.Sleep(time.Second)
			}
		}
		busy()
		if n := len(s.tried()); n > 16 {
			t.Errorf("%d channels were opened for 6 at a time, ten times", n)
		}
		busy()
		if n := len(s.tried()); n != 0 || s.sheds != 0 {
			t.Errorf("%d channels were opened, and %d given up, though there were enough", n, s.sheds)
		}
		if n := s.ready(); n < 6 || n > 16 {
			t.Errorf("%d ready", n)
		}
		time.Sleep(5 * quietTime)
		if n := s.ready(); n != 2 {
			t.Errorf("%d ready after quiet minutes, want 2", n)
		}
		s.r.restored()
		s.r.restored()
		if n := s.ready(); n != 2 {
			t.Errorf("%d ready after two had to take the place of others, want no more than before", n)
		}
		busy()
		s.tried()
		s.r.refresh(0)
		if n, tried := s.ready(), len(s.tried()); n != 2 || tried != 2 {
			t.Errorf("%d ready and %d tried after a refresh: streams that wait come first", n, tried)
		}
	})
}

func TestReserveBacksOff(t *testing.T) {
	shelved(t, func(s *shelf) {
		s.tried()
		s.fail(errors.New("no relay"))
		s.r.took()
		s.r.took()
		time.Sleep(5 * time.Minute)
		at := s.tried()
		if len(at) < 20 || len(at) > 80 {
			t.Errorf("%d tries in 5 minutes", len(at))
		}
		for i := 1; i < len(at); i++ {
			if at[i].Equal(at[0]) {
				continue // as many as were missing, at first
			}
			if gap := at[i].Sub(at[i-1]); gap < 100*time.Millisecond || gap > slowMost {
				t.Errorf("%v between two tries", gap)
			}
		}
		s.fail(nil)
		time.Sleep(slowMost)
		if n := s.ready(); n < 2 {
			t.Errorf("%d ready once it works", n)
		}

		// Channels that the relay throws out at once are no better.
		time.Sleep(5 * time.Minute)
		s.tried()
		for range 300 {
			for range s.ready() {
				s.r.lost(time.Millisecond)
			}
			time.Sleep(time.Second)
		}
		if n := len(s.tried()); n > 150 {
			t.Errorf("%d tries in 5 minutes", n)
		}
	})
}

// TestReserveRefreshed: what has failed on one path delays nothing on the next.
func TestReserveRefreshed(t *testing.T) {
	shelved(t, func(s *shelf) {
		s.fail(errors.New("no relay"))
		s.r.lost(time.Hour)
		time.Sleep(5 * time.Minute) // the delays are long now
		s.fail(nil)
		s.r.refresh(0)
		if n := s.ready(); n != 2 {
			t.Errorf("%d ready at once after a refresh, want 2", n)
		}
		s.sheds = 0
		s.r.refresh(time.Hour)
		if n := s.ready(); n != 2 || s.sheds > 0 {
			t.Errorf("%d given up by a refresh that follows on another", s.sheds)
		}
		s.r.refused(s.r.current()-1, time.Hour)
		s.r.lost(time.Hour)
		if n := s.ready(); n != 2 {
			t.Errorf("%d ready, though the refusal was from before", n)
		}
		s.tried()
		s.r.lost(time.Hour)
		s.r.refused(s.r.current(), time.Minute)
		s.ready()
		s.tried()
		s.r.lost(time.Hour)
		time.Sleep(time.Minute - time.Second)
		if n := len(s.tried()); n != 0 {
			t.Errorf("%d tries within the pause after a refusal", n)
		}
		time.Sleep(2 * time.Second)
		if n := s.ready(); n != 2 {
			t.Errorf("%d ready after the pause", n)
		}
	})
}

// TestReserveWhereFillsHang: they hold up nothing for longer than a moment, and
// are counted when they end after all.
func TestReserveWhereFillsHang(t *testing.T) {
	shelved(t, func(s *shelf) {
		s.tried()
		s.hang(true)
		s.r.lost(time.Hour)
		s.r.lost(time.Hour)
		time.Sleep(fillPatience + time.Second)
		s.hang(false)
		time.Sleep(fillPatience + time.Second)
		if n := s.ready(); n != 2 {
			t.Errorf("%d ready while the first fills hang", n)
		}
		if n := len(s.tried()); n > 6 {
			t.Errorf("%d fills for 2 that hang", n)
		}
		s.settle(errors.New("no answer"))
		time.Sleep(time.Minute)
		if n := s.ready(); n != 2 {
			t.Errorf("%d ready after they have failed", n)
		}

		s.hang(true)
		s.r.lost(time.Hour)
		s.r.lost(time.Hour)
		s.ready()
		s.hang(false)
		s.tried()
		s.r.refresh(0) // does not wait for them at all
		if n, tried := s.ready(), len(s.tried()); n != 2 || tried != 2 {
			t.Errorf("%d ready after a refresh, %d tried", n, tried)
		}
		s.settle(nil)
		if n := s.ready(); n != 2 || s.sheds < 2 {
			t.Errorf("%d ready, %d given up: two too many came", n, s.sheds)
		}
	})
}
