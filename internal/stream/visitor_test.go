// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"errors"
	"io"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// The visitor's end, seen by a provider that says exactly what a test wants.

// visit is a visitor's host with one stream.
type visit struct {
	*Host
	t   *testing.T
	s   *Stream
	app *memApp

	mu     sync.Mutex // guards the fields below
	ready  []*Channel
	opened int
	ended  []error
}

func newVisit(t *testing.T, cfg Config) *visit {
	v := &visit{t: t}
	cfg.Instance = Instance{1}
	cfg.Ready = func(c *Channel) { v.mu.Lock(); v.ready = append(v.ready, c); v.mu.Unlock() }
	cfg.Opened = func(*Stream) { v.mu.Lock(); v.opened++; v.mu.Unlock() }
	cfg.Ended = func(_ *Stream, err error) { v.mu.Lock(); v.ended = append(v.ended, err); v.mu.Unlock() }
	v.Host = NewHost(cfg)
	t.Cleanup(v.Close)
	ours, theirs := newApp(1 << 20)
	v.app, v.s = theirs, v.Open("a", ours, nil)
	return v
}

// ends returns how streams have ended.
func (v *visit) ends() []error {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.Clone(v.ended)
}

// attach has the stream go on over a new channel.
func (v *visit) attach() *raw {
	v.t.Helper()
	r := newRaw(v.t, v.Host, true)
	synctest.Wait()
	if err := v.s.Attach(r.c); err != nil {
		v.t.Fatal(err)
	}
	return r
}

// code returns why the stream was reset.
func (v *visit) code() Code {
	var reset *ResetError
	if len(v.ends()) != 1 || !errors.As(v.ends()[0], &reset) {
		v.t.Errorf("ended: %v", v.ends())
		return 0
	}
	return reset.Code
}

// TestOpenGoesAtOnce: S5; the opening does not wait for the first byte, nor
// bytes for its answer.
func TestOpenGoesAtOnce(t *testing.T) {
	hosts(t, func(t *testing.T) {
		v := newVisit(t, Config{})
		r := v.attach()
		if f, _ := r.hear(kOpen); f.generation != 1 || f.service != "a" {
			t.Errorf("%+v", f)
		}
		_, _ = v.app.Write([]byte("early"))
		if f, n := r.hear(kData); f.n != 0 || n != 5 {
			t.Errorf("%+v", f)
		}
		r.say(frame{kind: kOpened})
		synctest.Wait()
		if v.opened != 1 {
			t.Errorf("told of it %d times", v.opened)
		}
	})
}

// TestRefused: S5; a refusal is a reset, and the channel is free after it.
func TestRefused(t *testing.T) {
	hosts(t, func(t *testing.T) {
		v := newVisit(t, Config{})
		r := v.attach()
		r.hear(kOpen)
		synctest.Wait()
		begin := time.Now()
		r.say(frame{kind: kRst, n: uint64(CodeNoService)})
		r.say(frame{kind: kEnd})
		if r.hear(kEnd); time.Since(begin) > 0 {
			t.Error("the end waits")
		}
		synctest.Wait()
		if _, err := v.app.Read(make([]byte, 1)); !errors.Is(err, errReset) || v.code() != CodeNoService {
			t.Error(err)
		}
		if len(v.ready) != 2 || leftOf(v.Host).streams != 0 {
			t.Errorf("ready %d times, %d streams", len(v.ready), leftOf(v.Host).streams)
		}
	})
}

// TestOnlyVisitorsOpen: S1.
func TestOnlyVisitorsOpen(t *testing.T) {
	for _, f := range []frame{opening(1), resuming(1, 0, 0)} {
		hosts(t, func(t *testing.T) {
			v := newVisit(t, Config{})
			r := newRaw(t, v.Host, true)
			r.say(f)
			if err := r.ended(); !isProtocol(err) {
				t.Error(err)
			}
		})
	}
}

// TestOpenAgain: S3; a stream of which nothing was heard is opened again and
// waits for the answer; one that was heard of is resumed; one that is to be
// reset is never opened.
func TestOpenAgain(t *testing.T) {
	hosts(t, func(t *testing.T) {
		v := newVisit(t, Config{})
		r := v.attach()
		_, _ = v.app.Write([]byte("early"))
		r.hear(kData)
		_ = r.path.Close()
		r = v.attach()
		if f, _ := r.hear(kOpen); f.generation != 2 {
			t.Errorf("%+v", f)
		}
		r.say(frame{kind: kResumed, generation: 2, state: state{2, 2, guaranteed}})
		if f, n := r.hear(kData); f.n != 2 || n != 3 {
			t.Errorf("%d bytes from %d", n, f.n)
		}
		_ = r.path.Close()
		r = v.attach()
		if f, _ := r.hear(kResume); f.generation != 3 || f.state != (state{0, 0, guaranteed}) {
			t.Errorf("%+v", f)
		}
	})
	hosts(t, func(t *testing.T) {
		v := newVisit(t, Config{})
		r := v.attach()
		r.hear(kOpen)
		_ = r.path.Close()
		synctest.Wait()
		_ = v.app.Reset()
		synctest.Wait()
		r = v.attach()
		r.hear(kResume)
		r.say(frame{kind: kGone})
		synctest.Wait()
		if len(v.ready) != 3 || leftOf(v.Host).streams != 0 {
			t.Error("the channel is not free")
		}
	})
}

// TestWrittenWhileResuming: S7; what is written between the question and its
// answer is confirmed, though the answer comes later.
func TestWrittenWhileResuming(t *testing.T) {
	hosts(t, func(t *testing.T) {
		v := newVisit(t, Config{})
		r := v.attach()
		r.say(frame{kind: kOpened})
		b := make([]byte, guaranteed)
		for n := range uint64(18) { // the application's buffer takes 1 MiB of this
			r.data(n*guaranteed, b)
			synctest.Wait()
			if n < 16 {
				r.hear(kAck)
			}
		}
		synctest.Wait()
		if err := r.c.err; err != nil {
			t.Fatal(err)
		}
		_ = r.path.Close()
		r = v.attach()
		f, _ := r.hear(kResume)
		if f.state.written >= f.state.got {
			t.Fatalf("nothing waits: %+v", f.state)
		}
		go func() { _, _ = io.CopyN(io.Discard, readerOf{v.app}, 18*guaranteed) }()
		synctest.Wait()
		r.say(frame{kind: kResumed, generation: 2, state: state{0, 0, guaranteed}})
		if f, _ := r.hear(kAck); f.state.written != 18*guaranteed {
			t.Errorf("%+v", f.state)
		}
	})
}

// TestGone: S10; to a side that has said and got all it is no news, to any
// other one the end of its connection.
func TestGone(t *testing.T) {
	hosts(t, func(t *testing.T) {
		v := newVisit(t, Config{})
		r := v.attach()
		r.say(frame{kind: kOpened})
		synctest.Wait()
		_ = r.path.Close()
		r = v.attach()
		r.hear(kResume)
		r.say(frame{kind: kGone})
		synctest.Wait()
		if v.code() != CodeGone || leftOf(v.Host).streams != 0 || len(v.ready) != 3 {
			t.Errorf("%v, %d streams, ready %d", v.ends(), leftOf(v.Host).streams, len(v.ready))
		}
	})
	hosts(t, func(t *testing.T) {
		v := newVisit(t, Config{})
		r := v.attach()
		r.say(frame{kind: kFin})
		_ = v.app.CloseWrite()
		r.hear(kFin)
		r.say(frame{kind: kAck, state: state{written: 1, limit: guaranteed}})
		r.hear(kEnd)
		_ = r.path.Close()
		r = v.attach() // the provider has asked
		r.hear(kResume)
		r.say(frame{kind: kGone})
		synctest.Wait()
		if len(v.ends()) != 1 || v.ends()[0] != nil || leftOf(v.Host).streams != 0 {
			t.Errorf("%v", v.ends())
		}
	})
}

// TestOtherEnd: S3, S14; another process or key is not who the stream is with.
func TestOtherEnd(t *testing.T) {
	for _, who := range []struct {
		peer     Peer
		instance Instance
	}{{Peer{9}, Instance{10}}, {Peer{10}, Instance{9}}} {
		hosts(t, func(t *testing.T) {
			v := newVisit(t, Config{})
			r := v.attach()
			r.hear(kOpen)
			a, b := newWire(1 << 20)
			c := v.Serve(a, who.peer, true, nil)
			other := &raw{t: t, path: b, scan: scanner{path: b}, c: c}
			other.say(frame{kind: kHello, version: version, instance: who.instance, n: 1 << 30})
			synctest.Wait()
			if v.s.Attach(c) == nil || len(v.ends()) > 0 {
				t.Error("a stream that is well goes to somebody else, or ends")
			}
			_ = r.path.Close()
			synctest.Wait()
			if v.s.Attach(c) == nil || v.code() != CodeGone {
				t.Error("a stream goes on with somebody else")
			}
		})
	}
}

// TestWindow: a stream waits as long as both ends do.
func TestWindow(t *testing.T) {
	hosts(t, func(t *testing.T) {
		v := newVisit(t, Config{Resume: time.Hour})
		a, b := newWire(1 << 20)
		r := &raw{t: t, path: b, c: v.Serve(a, Peer{9}, true, nil)}
		r.say(frame{kind: kHello, version: version, n: 60_000})
		synctest.Wait()
		if err := v.s.Attach(r.c); err != nil {
			t.Fatal(err)
		}
		_ = r.path.Close()
		time.Sleep(59 * time.Second)
		if !v.s.NeedsChannel() || len(v.ends()) > 0 {
			t.Error("it does not wait")
		}
		time.Sleep(2 * time.Second)
		if v.s.NeedsChannel() || v.code() != CodeTimeout || leftOf(v.Host).streams > 0 {
			t.Error("it waits for too long")
		}
	})
	hosts(t, func(t *testing.T) { // one that never had a channel, in a host without any
		v := newVisit(t, Config{Resume: time.Minute})
		time.Sleep(61 * time.Second)
		if v.code() != CodeTimeout || leftOf(v.Host).streams > 0 {
			t.Error("it waits for too long")
		}
	})
}

// TestFinal: a stream that has ended is remembered as long as its provider may not
// know (S10), and not where others have told that.
func TestFinal(t *testing.T) {
	for _, final := range []bool{false, true} {
		hosts(t, func(t *testing.T) {
			v := newVisit(t, Config{})
			r := v.attach()
			r.hear(kOpen)
			if final {
				v.s.Final()
			}
			time.Sleep(time.Second)
			if len(v.ends()) > 0 {
				t.Error("it ends, and has a channel")
			}
			v.s.Reset(CodeStopping)
			r.hear(kRst)
			time.Sleep(time.Second)
			if leftOf(v.Host).streams == 0 {
				t.Error("it is forgotten while the provider may answer")
			}
			_ = r.path.Close()
			time.Sleep(time.Second)
			if left := leftOf(v.Host).streams; (left == 0) != final || v.s.NeedsChannel() == final || len(v.ends()) != 1 {
				t.Errorf("final %t: %d streams are remembered", final, left)
			}
		})
	}
}
