// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"errors"
	"io"
	"runtime"
	"testing"
	"testing/synctest"
	"time"
)

// lostAfter is how long a visitor takes to give a channel up of which all is
// swallowed from now on.
func lostAfter(t *testing.T, p *pair, s *Stream, r *road) time.Duration {
	t.Helper()
	begin := time.Now()
	r.hole()
	for s.Info().LastFault == nil {
		if time.Sleep(10 * time.Millisecond); time.Since(begin) > time.Minute {
			break
		}
	}
	if err := s.Info().LastFault; !errors.Is(err, ErrSilent) {
		t.Errorf("lost by %v", err)
	}
	return time.Since(begin)
}

// far makes a channel with a delay each way.
func (p *pair) far(delay time.Duration) *road {
	r := newRoad(1<<20, delay)
	p.provider.Serve(r.b, Peer{1}, false, nil)
	p.visitor.Serve(r.a, Peer{2}, true, nil)
	time.Sleep(4 * delay)
	synctest.Wait()
	return r
}

// TestSilence: S8; a path that swallows all is found, sooner if something is
// awaited, and soonest if there is a doubt.
func TestSilence(t *testing.T) {
	const delay, rtt = 25 * time.Millisecond, 50 * time.Millisecond
	for name, test := range map[string]struct {
		before func(p *pair, app *memApp)
		most   time.Duration
	}{
		"idle":    {func(*pair, *memApp) { time.Sleep(10 * time.Second) }, idlePing + patience + 4*rtt + 2*tick},
		"said":    {func(_ *pair, app *memApp) { go func() { _, _ = app.Write([]byte("x")) }() }, quiet + patience + 4*rtt + 2*tick},
		"heard":   {func(_ *pair, app *memApp) { _, _ = app.Write([]byte("x")); _, _ = app.Read(make([]byte, 1)) }, quiet + patience + 4*rtt + 2*tick},
		"doubted": {func(p *pair, _ *memApp) { time.AfterFunc(0, p.visitor.Doubt) }, doubtful + 4*rtt + 2*hurry},
		"doubted again": {func(p *pair, _ *memApp) {
			for i := range 20 {
				time.AfterFunc(time.Duration(i)*100*time.Millisecond, p.visitor.Doubt)
			}
		}, doubtful + 4*rtt + 2*hurry},
	} {
		t.Run(name, func(t *testing.T) {
			hosts(t, func(t *testing.T) {
				p := newPair(t, time.Minute)
				p.accept = echo
				r := p.far(delay)
				s, app := p.open("echo")
				time.Sleep(time.Second)
				test.before(p, app)
				if took := lostAfter(t, p, s, r); took > test.most {
					t.Errorf("after %v, not %v", took, test.most)
				}
			})
		})
	}
}

// TestDoubtIsNoEnd: a path that is well outlives doubts, also with much under
// way.
func TestDoubtIsNoEnd(t *testing.T) {
	hosts(t, func(t *testing.T) {
		p := newPair(t, time.Minute)
		p.accept = echo
		p.far(200 * time.Millisecond)
		s, app := p.open("echo")
		go func() {
			for range 100 {
				p.visitor.Doubt()
				p.provider.Doubt()
				time.Sleep(130 * time.Millisecond)
			}
		}()
		exchange(t, app, random(3<<20))
		time.Sleep(15 * time.Second)
		if i := s.Info(); i.LastFault != nil {
			t.Errorf("%+v", i)
		}
	})
}

// TestUnreadIsAlive: S8; silence about what was sent is no silence.
func TestUnreadIsAlive(t *testing.T) {
	hosts(t, func(t *testing.T) {
		v := newServices(t, Config{})
		r := newRaw(t, v.Host, false)
		r.say(opening(1))
		r.hear(kOpened)
		_, _ = v.apps["a"].Write([]byte("x"))
		go func() {
			for { // but for the pongs it never says a word
				f, n, err := r.scan.next()
				if err != nil {
					return
				}
				_, _ = io.CopyN(io.Discard, readerOf{r.path}, int64(n))
				if f.kind == kPing {
					r.say(frame{kind: kPong, n: f.n})
				}
			}
		}()
		time.Sleep(time.Minute)
		if i := v.streams["a"].Info(); i.LastFault != nil || i.Unacked != 1 {
			t.Errorf("%+v", i)
		}
	})
}

// TestLongWay: a window that grows fills a path on which 64 KiB at a time would
// take ten times as long.
func TestLongWay(t *testing.T) {
	hosts(t, func(t *testing.T) {
		p := newPair(t, time.Minute)
		p.accept = echo
		p.far(50 * time.Millisecond)
		_, app := p.open("echo")
		begin := time.Now()
		exchange(t, app, random(8<<20))
		if took := time.Since(begin); took > 2*time.Second {
			t.Errorf("8 MiB and back took %v", took)
		}
	})
}

// TestIdleGoroutines: an idle stream has at most two at each end, one of which
// waits for its application and one for its channel.
func TestIdleGoroutines(t *testing.T) {
	hosts(t, func(t *testing.T) {
		p := newPair(t, time.Minute)
		p.accept = func(s *Stream, _ *Channel, _ string) {
			ours, theirs := newApp(1)
			s.Join(ours)
			t.Cleanup(func() { _ = theirs.Reset() })
		}
		const streams = 100
		before := runtime.NumGoroutine()
		for range streams {
			p.connect()
			p.open("quiet")
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if n := runtime.NumGoroutine() - before; n > streams*2*2+2 {
			t.Errorf("%d goroutines for %d streams", n, streams)
		}
	})
}

// TestMoved: a stream goes on over another path while its own is well.
func TestMoved(t *testing.T) {
	hosts(t, func(t *testing.T) {
		p := newPair(t, time.Minute)
		p.accept = echo
		p.connect()
		s, app := p.open("echo")
		go func() {
			for range 30 {
				time.Sleep(50 * time.Millisecond)
				p.connect()
				time.Sleep(time.Millisecond)
				p.mu.Lock()
				c := p.free[len(p.free)-1]
				p.free = p.free[:len(p.free)-1]
				p.mu.Unlock()
				if err := s.Attach(c); err != nil {
					t.Error(err)
				}
			}
			_ = app.CloseWrite()
		}()
		go func() {
			for range 1 << 10 {
				_, _ = app.Write(random(2 << 10))
				time.Sleep(time.Millisecond)
			}
		}()
		n, err := io.Copy(io.Discard, readerOf{app})
		if i := s.Info(); err != nil || n != 2<<20 || i.Resumptions != 30 {
			t.Errorf("%d bytes, %v, %+v", n, err, i)
		}
	})
}
