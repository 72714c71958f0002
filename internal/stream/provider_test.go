// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"
)

// The provider's end, seen by a visitor that says exactly what a test wants.

// TestOpenIsIdempotent: S3, S6.
func TestOpenIsIdempotent(t *testing.T) {
	hosts(t, func(t *testing.T) {
		v := newServices(t, Config{})
		first := newRaw(t, v.Host, false)
		first.say(opening(1))
		first.hear(kOpened)
		second := newRaw(t, v.Host, false)
		second.say(opening(2))
		if f, _ := second.hear(kResumed); f.generation != 2 || f.state != (state{0, 0, guaranteed}) {
			t.Errorf("%+v", f)
		}
		second.hear(kOpened) // it may have been lost
		if err := first.ended(); !errors.Is(err, ErrFenced) {
			t.Error(err)
		}
		for _, f := range []frame{opening(1), opening(2), resuming(2, 0, 0)} {
			late := newRaw(t, v.Host, false)
			late.say(f)
			if err := late.ended(); !isProtocol(err) || v.accepts != 1 {
				t.Errorf("%v; %d accepts", err, v.accepts)
			}
		}
	})
}

// TestOpenAtOnce: S3; two channels bring the same stream at the same time.
func TestOpenAtOnce(t *testing.T) {
	for range 50 {
		hosts(t, func(t *testing.T) {
			v := newServices(t, Config{})
			a, b := newRaw(t, v.Host, false), newRaw(t, v.Host, false)
			synctest.Wait()
			go a.say(opening(1))
			go b.say(opening(2))
			synctest.Wait()
			if v.accepts != 1 || v.streams["a"].generation != 2 && a.ended() == nil {
				t.Errorf("%d accepts", v.accepts)
			}
		})
	}
}

// TestOpenAfterWindow: S3; a visitor that comes late does not have the service
// run again.
func TestOpenAfterWindow(t *testing.T) {
	hosts(t, func(t *testing.T) {
		v := newServices(t, Config{Resume: time.Minute})
		first := newRaw(t, v.Host, false)
		first.say(opening(1))
		first.hear(kOpened)
		_ = first.path.Close()
		time.Sleep(time.Minute + 20*time.Second)
		second := newRaw(t, v.Host, false)
		second.say(opening(2))
		if f, _ := second.hear(kRst); Code(f.n) != CodeTimeout || v.accepts != 1 {
			t.Errorf("%+v, %d accepts", f, v.accepts)
		}
		second.hear(kEnd)
		second.say(frame{kind: kEnd})
		synctest.Wait()
		if leftOf(v.Host).streams != 0 {
			t.Error("it is remembered for ever")
		}
	})
}

// TestResumeSaysWhatIsMissing: S6, S7; acknowledgements that were lost are in
// the answer, bytes that came twice are delivered once.
func TestResumeSaysWhatIsMissing(t *testing.T) {
	hosts(t, func(t *testing.T) {
		v := newServices(t, Config{})
		first := newRaw(t, v.Host, false)
		first.say(opening(1))
		first.data(0, []byte("hello "))
		first.hear(kOpened)
		_, _ = v.apps["a"].Write([]byte("0123456789"))
		first.hear(kData)
		synctest.Wait()                    // the service has what came
		second := newRaw(t, v.Host, false) // the first one lives
		second.say(resuming(2, 4, 4))
		if f, _ := second.hear(kResumed); f.state != (state{6, 6, guaranteed + 6}) {
			t.Errorf("%+v", f)
		}
		if f, n := second.hear(kData); f.n != 4 || n != 6 {
			t.Errorf("%d bytes from %d", n, f.n)
		}
		first.data(6, []byte("of the past"))
		second.data(2, []byte("llo world")) // what was there, and more
		second.say(frame{kind: kFin, n: 11})
		b, err := io.ReadAll(readerOf{v.apps["a"]})
		if err != nil || string(b) != "hello world" {
			t.Errorf("%q, %v", b, err)
		}
		if f, _ := second.hear(kAck); f.state.written != 12 {
			t.Errorf("%+v", f)
		}
		if err := first.ended(); !errors.Is(err, ErrFenced) {
			t.Error(err)
		}
	})
}

// TestEndsAreRepeated: S10; FIN, acknowledgement and END that were lost come
// again over the next channel, after which the stream is forgotten and the
// channel free.
func TestEndsAreRepeated(t *testing.T) {
	hosts(t, func(t *testing.T) {
		v := newServices(t, Config{})
		r := newRaw(t, v.Host, false)
		r.say(opening(1))
		r.say(frame{kind: kFin, n: 0})
		r.hear(kAck)
		_ = v.apps["a"].CloseWrite()
		r.hear(kFin)
		_ = r.path.Close()
		synctest.Wait()
		if v.asked.Load() != 1 {
			t.Errorf("asked %d times", v.asked.Load())
		}
		r = newRaw(t, v.Host, false)
		r.say(resuming(2, 0, 0))
		r.hear(kResumed)
		r.hear(kFin)
		r.say(frame{kind: kAck, state: state{written: 1, limit: guaranteed}})
		r.hear(kEnd)
		_ = r.path.Close()
		synctest.Wait()
		if leftOf(v.Host).streams != 1 || v.asked.Load() != 1 || v.ended[v.streams["a"]] != nil {
			t.Error("an end that was not confirmed is forgotten, or disturbs")
		}
		r = newRaw(t, v.Host, false)
		r.say(resuming(3, 0, 1))
		if f, _ := r.hear(kResumed); f.state.written != 1 {
			t.Errorf("%+v", f)
		}
		r.hear(kEnd)
		r.say(frame{kind: kEnd})
		r.say(frame{kind: kOpen, id: ID{2}, generation: 1, service: "b"})
		r.hear(kOpened)
		if leftOf(v.Host).streams != 1 || v.accepts != 2 {
			t.Error("the channel is not free")
		}
	})
}

// TestUnknown: S10.
func TestUnknown(t *testing.T) {
	hosts(t, func(t *testing.T) {
		v := newServices(t, Config{})
		r := newRaw(t, v.Host, false)
		r.say(resuming(2, 0, 0))
		r.hear(kGone)
		r.say(opening(1)) // the channel is free with that
		r.hear(kOpened)
	})
}

// TestHostile: what no visitor may do ends its channel, and nothing else.
func TestHostile(t *testing.T) {
	ack := func(written, limit uint64) frame {
		return frame{kind: kAck, state: state{written: written, limit: limit}}
	}
	for name, say := range map[string]func(r *raw){
		"no hello":             func(r *raw) { r.say(frame{kind: kHello, version: version}) },
		"data of nothing":      func(r *raw) { r.data(0, []byte("x")) },
		"a gap":                func(r *raw) { r.say(opening(1)); r.data(1, []byte("x")) },
		"beyond the end":       func(r *raw) { r.say(opening(1)); r.say(frame{kind: kFin}); r.data(0, []byte("x")) },
		"an early end":         func(r *raw) { r.say(opening(1)); r.say(frame{kind: kFin, n: 1}) },
		"end of what goes on":  func(r *raw) { r.say(opening(1)); r.say(frame{kind: kEnd}) },
		"open within":          func(r *raw) { r.say(opening(1)); r.say(frame{kind: kOpen, id: ID{2}, service: "b"}) },
		"confirms too much":    func(r *raw) { r.say(opening(1)); r.say(ack(1, guaranteed)) },
		"resumed unasked":      func(r *raw) { r.say(opening(1)); r.say(frame{kind: kResumed}) },
		"gone unasked":         func(r *raw) { r.say(opening(1)); r.say(frame{kind: kGone}) },
		"yields what it lacks": func(r *raw) { r.say(opening(1)); r.say(frame{kind: kYield, n: guaranteed + 1}) },
		"an unknown kind":      func(r *raw) { _, _ = r.path.Write([]byte{99, 0, 0, 0}) },
		"a frame too long":     func(r *raw) { _, _ = r.path.Write([]byte{byte(kData), 255, 255, 255}) },
		"more than it may": func(r *raw) {
			r.say(opening(1))
			r.data(0, make([]byte, maxData))
		},
		"resume within": func(r *raw) {
			r.say(opening(1))
			r.hear(kOpened)
			r.say(resuming(2, 0, 0))
		},
	} {
		t.Run(name, func(t *testing.T) {
			hosts(t, func(t *testing.T) {
				v := newServices(t, Config{})
				other := newRaw(t, v.Host, false)
				other.say(frame{kind: kOpen, id: ID{8}, generation: 1, service: "other"})
				other.hear(kOpened)
				r := newRaw(t, v.Host, false)
				say(r)
				if err := r.ended(); !isProtocol(err) {
					t.Error(err)
				}
				other.data(0, []byte("still"))
				other.hear(kAck)
			})
		})
	}
}

// TestResumeWithLies: a state that does not fit is refused before anything
// changes hands.
func TestResumeWithLies(t *testing.T) {
	for _, st := range []state{{got: 11}, {got: 3, written: 3}, {got: 4, written: 5}, {got: 10, written: 11}, {got: 10, written: 10, limit: 9}} {
		hosts(t, func(t *testing.T) {
			v := newServices(t, Config{})
			r := newRaw(t, v.Host, false)
			r.say(opening(1))
			r.hear(kOpened)
			_, _ = v.apps["a"].Write([]byte("0123456789"))
			r.hear(kData)
			r.say(frame{kind: kAck, state: state{written: 4, limit: guaranteed}})
			synctest.Wait()
			liar := newRaw(t, v.Host, false)
			if st.limit == 0 {
				st.limit = guaranteed
			}
			liar.say(frame{kind: kResume, id: ID{1}, generation: 2, state: st})
			if err := liar.ended(); !isProtocol(err) {
				t.Errorf("%+v: %v", st, err)
			}
		})
	}
}

// TestAsksWithoutListening: bounded memory for a peer's questions.
func TestAsksWithoutListening(t *testing.T) {
	hosts(t, func(t *testing.T) {
		v := newServices(t, Config{})
		a, b := newWire(1 << 10)
		c := v.Serve(a, Peer{9}, false, nil)
		r := &raw{t: t, path: b, c: c}
		r.say(frame{kind: kHello, version: version, n: 1 << 20})
		go func() {
			for range 100_000 {
				r.say(frame{kind: kPing})
			}
		}()
		time.Sleep(10 * time.Second)
		if err := r.ended(); !isProtocol(err) || cap(c.ctl) > 4*maxAnswers {
			t.Errorf("%v, %d bytes wait", err, cap(c.ctl))
		}
	})
}
