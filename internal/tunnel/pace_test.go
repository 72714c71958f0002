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

	"github.com/gorilla/websocket"

	"github.com/culvertd/culvert/internal/splice"
	"github.com/culvertd/culvert/internal/wire"
)

func TestBackoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := backoff{first: 500 * time.Millisecond}
		begun := time.Now()
		for n := 0; ; n++ {
			d := b.next(0)
			away := time.Since(begun)
			switch {
			case n == 0 && (d > 500*time.Millisecond || d < 300*time.Millisecond):
				t.Errorf("first delay %v", d)
			case away < quickPhase && d > quickMost:
				t.Errorf("%v after %v", d, away)
			case d > slowMost || d < retryLeast:
				t.Errorf("%v after %v", d, away)
			case away > 5*time.Minute:
				if d < slowMost/2 {
					t.Errorf("still %v after %v", d, away)
				}
				if n > 80 {
					t.Errorf("%d tries in %v", n, away)
				}
				b.reset()
				if d := b.next(0); d > 500*time.Millisecond {
					t.Errorf("%v after a reset", d)
				}
				return
			}
			time.Sleep(d)
		}
	})
	b := backoff{first: time.Hour}
	if d := b.next(0); d > slowMost {
		t.Errorf("first delay of an hour: %v", d)
	}
	b = backoff{first: time.Second}
	b.next(0)
	if d := b.next(3 * time.Second); d != retryLeast {
		t.Errorf("after a try that took long: %v", d)
	}
}

func TestClassify(t *testing.T) {
	for _, tc := range []struct {
		code  int
		text  string
		kind  Kind
		after time.Duration
	}{
		{code: wire.CloseReplaced, kind: NameTaken},
		{code: wire.CloseUnauthorized, kind: Refused},
		{code: wire.CloseRestart, text: "gateway restarting; retry-after=2.5", after: 2500 * time.Millisecond},
		{code: wire.CloseRestart, text: "gateway restarting; retry-after=0.0", after: retryLeast},
		{code: wire.CloseRestart, text: "gateway restarting; retry-after=1e9"},
		{code: wire.CloseRestart, text: "gateway restarting"},
		{code: wire.CloseHeartbeat},
	} {
		err := classify(&lostError{&websocket.CloseError{Code: tc.code, Text: tc.text}})
		later, _ := errors.AsType[*laterError](err)
		switch {
		case kindOf(err) != tc.kind:
			t.Errorf("%d %q: kind %d", tc.code, tc.text, kindOf(err))
		case tc.after == 0 && later != nil, tc.after > 0 && (later == nil || later.after != tc.after):
			t.Errorf("%d %q: %+v", tc.code, tc.text, later)
		}
	}
}

// shelf is a stock in memory.
type shelf struct {
	r *reserve

	mu      sync.Mutex // guards the fields below
	fills   int        // begun
	at      []time.Time
	sheds   int
	cleared bool
	err     error
}

func (s *shelf) fill(done func(error)) {
	s.mu.Lock()
	s.fills++
	s.at = append(s.at, time.Now())
	err := s.err
	s.mu.Unlock()
	done(err)
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
		s.r.refresh()
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

func TestWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := way{forced: Auto}
		expect := func(spare bool, want Transport) {
			t.Helper()
			if got := w.pick(spare); got != want {
				t.Errorf("%s, want %s", got, want)
			}
		}
		expect(false, Relay)
		if !w.unreachable() || w.unreachable() {
			t.Error("the change is to be told once")
		}
		expect(false, WebSocket)
		expect(true, WebSocket)
		time.Sleep(relayAgain + time.Second)
		expect(false, WebSocket) // no application waits for a try
		expect(true, Relay)
		expect(true, WebSocket) // one at a time
		w.works(false)
		expect(false, Relay)
		for n := 1; n <= relayLosses; n++ {
			if w.broke() != (n == relayLosses) {
				t.Errorf("loss %d in a row", n)
			}
		}
		w.works(true)
		if w.broke() {
			t.Error("a success is to forgive losses")
		}
		w.unreachable()
		w.reset()
		expect(false, Relay)
		for _, forced := range []Transport{Relay, WebSocket} {
			w := way{forced: forced}
			w.unreachable()
			if got := w.pick(true); got != forced {
				t.Errorf("%s, though %s is forced", got, forced)
			}
		}
	})
}

func TestAnswers(t *testing.T) {
	for _, tc := range []struct {
		in   string
		skip int
		code string
		err  error
	}{
		{in: "+", skip: 1},
		{in: "+rest", skip: 1},
		{in: "", err: splice.ErrShort},
		{in: "-den", err: splice.ErrShort},
		{in: "-denied no such key\nmore", code: wire.RefusedDenied},
		{in: "HTTP/1.1 400\r\n", err: nil},
	} {
		skip, err := parseAnswer([]byte(tc.in))
		no, refused := errors.AsType[*wire.Refusal](err)
		switch {
		case skip != tc.skip:
			t.Errorf("%q: skips %d", tc.in, skip)
		case tc.code != "" && (!refused || no.Code != tc.code):
			t.Errorf("%q: %v", tc.in, err)
		case tc.err != nil && !errors.Is(err, tc.err):
			t.Errorf("%q: %v", tc.in, err)
		case tc.skip == 0 && err == nil:
			t.Errorf("%q: taken for an answer", tc.in)
		}
	}
}

// FuzzAnswer: whatever a relay says is a refusal, an error, or an OK of one
// byte, and no line needs more than 512 bytes to decide.
func FuzzAnswer(f *testing.F) {
	f.Add([]byte("+hello"))
	f.Add([]byte("-closed the session has ended\n"))
	f.Add([]byte("-"))
	f.Fuzz(func(t *testing.T, b []byte) {
		skip, err := parseAnswer(b)
		if skip > len(b) || skip > 1 || (err == nil) != (skip == 1) {
			t.Errorf("skips %d, error %v", skip, err)
		}
		if errors.Is(err, splice.ErrShort) && len(b) >= wire.MaxLine {
			t.Error("wants more than a line")
		}
	})
}
