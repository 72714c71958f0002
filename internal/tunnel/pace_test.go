// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"errors"
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
	for _, tc := range []struct {
		holds time.Duration
		times int
		most  time.Duration
	}{
		{5 * settled, 60, 500 * time.Millisecond},
		{settled, 60, 500 * time.Millisecond},
		{settled / 20, briefMost, quickMost},
		{settled / 20, 100, slowMost},
	} {
		synctest.Test(t, func(t *testing.T) {
			b := backoff{first: 500 * time.Millisecond}
			for begun := time.Now(); time.Since(begun) < quickPhase-time.Second; {
				time.Sleep(b.next(0)) // nothing is there
			}
			var d time.Duration
			for range tc.times { // restarts
				b.held(tc.holds)
				d = b.next(0)
				time.Sleep(d + tc.holds)
			}
			if d > tc.most || tc.most == slowMost && d < slowMost/2 {
				t.Errorf("%v until the next try, where a connection has held for %v %d times", d, tc.holds, tc.times)
			}
		})
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
