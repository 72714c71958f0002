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

// TestStalledApplication: S7, S8; one of 64 applications does not read for a
// minute. The others do not notice, and no path is given up.
func TestStalledApplication(t *testing.T) {
	hosts(t, func(t *testing.T) {
		p := newPair(t, time.Minute)
		p.accept = echo
		for range 64 {
			p.connect()
		}
		b := random(1 << 20)
		s, stalled := p.open("echo")
		go func() { _, _ = stalled.Write(b); _ = stalled.CloseWrite() }()
		begin := time.Now()
		for range 20 {
			done := make(chan struct{})
			for range 63 {
				_, app := p.open("echo")
				go func() { exchange(t, app, b[:20_000]); done <- struct{}{} }()
			}
			for range 63 {
				<-done
			}
			time.Sleep(3 * time.Second)
		}
		if took := time.Since(begin); took > 61*time.Second {
			t.Errorf("the others took %v", took)
		}
		if i := s.Info(); i.LastFault != nil || i.Unacked == 0 {
			t.Errorf("%+v", i)
		}
		got, err := io.ReadAll(readerOf{stalled})
		if err != nil || len(got) != len(b) || leftOf(p.visitor).channels != 64 {
			t.Errorf("%d bytes, %v, %d channels", len(got), err, leftOf(p.visitor).channels)
		}
	})
}

// TestVanished: S9; a peer that vanishes with full buffers keeps no more than
// half of the budget, and all comes back when its time is over.
func TestVanished(t *testing.T) {
	hosts(t, func(t *testing.T) {
		const budget = 64 * guaranteed
		v := newServices(t, Config{Budget: budget, MaxWindow: budget, Resume: time.Minute})
		fill := func(peer Peer) *Channel {
			a, b := newWire(1 << 20)
			r := &raw{t: t, path: b, scan: scanner{path: b}, c: v.Serve(a, peer, false, nil)}
			r.say(frame{kind: kHello, version: version, n: 1 << 30})
			r.say(opening(1))
			r.hear(kOpened)
			// It gives leave for more than there is, and never confirms.
			r.say(frame{kind: kFin})
			synctest.Wait()
			s := v.streams["a"]
			s.mu.Lock()
			s.limit = 1 << 40
			s.mu.Unlock()
			app := v.apps["a"]
			go func() { _, _ = app.Write(make([]byte, 2*budget)) }()
			go func() { _, _ = io.Copy(io.Discard, readerOf{b}) }()
			time.Sleep(time.Second)
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.end > budget/2+guaranteed || s.end < budget/4 {
				t.Errorf("%d KiB are kept", s.end>>10)
			}
			return r.c
		}
		gone := fill(Peer{1})
		gone.Close()
		fill(Peer{2}).Close()
		if l := leftOf(v.Host); l.used > budget || l.peers != 2 {
			t.Errorf("%+v", l)
		}
		time.Sleep(time.Minute + afterlife + time.Second)
		if l := leftOf(v.Host); l != (left{}) {
			t.Errorf("%+v", l)
		}
	})
}

// TestNoBudget: S9; with nothing to share each stream has its 64 KiB.
func TestNoBudget(t *testing.T) {
	hosts(t, func(t *testing.T) {
		p := newPair(t, time.Minute)
		for _, h := range []*Host{p.visitor, p.provider} {
			h.cfg.Budget, h.budget = 1, 1
		}
		p.accept = echo
		b := random(1 << 20)
		done := make(chan struct{})
		for range 10 {
			p.connect()
			s, app := p.open("echo")
			go func() {
				exchange(t, app, b)
				if used := leftOf(p.provider).used + leftOf(p.visitor).used; used > 0 || s.Info().Out != uint64(len(b)) {
					t.Errorf("%d of no budget, %+v", used, s.Info())
				}
				done <- struct{}{}
			}()
		}
		for range 10 {
			<-done
		}
	})
}

// TestDetachedCap: S9; a peer's streams that wait are few, and what is beyond
// does not stay.
func TestDetachedCap(t *testing.T) {
	hosts(t, func(t *testing.T) {
		v := newServices(t, Config{MaxDetached: 2})
		for i := range 6 {
			r := newRaw(t, v.Host, false)
			r.say(frame{kind: kOpen, id: ID{byte(i)}, generation: 1, service: "a"})
			synctest.Wait()
			if i < 2 && v.accepts != i+1 || i >= 2 && v.accepts != 2 {
				t.Errorf("%d streams, %d accepted", i+1, v.accepts)
			}
			if i >= 2 {
				if f, _ := r.hear(kRst); Code(f.n) != CodeBusy {
					t.Errorf("%+v", f)
				}
			}
			_ = r.path.Close()
			synctest.Wait()
		}
		if n := leftOf(v.Host).streams; n != 2 {
			t.Errorf("%d streams wait", n)
		}
	})
}

// TestYield: S9; a stream that was fast and is silent leaves the budget to
// others, and is as fast again when it has something to say.
func TestYield(t *testing.T) {
	hosts(t, func(t *testing.T) {
		p := newPair(t, time.Minute)
		p.accept = echo
		p.connect()
		s, app := p.open("echo")
		for range 3 {
			b := random(2 << 20)
			go func() { _, _ = app.Write(b) }()
			if _, err := io.ReadFull(readerOf{app}, make([]byte, len(b))); err != nil {
				t.Fatal(err)
			}
			if leftOf(p.provider).used < 2*guaranteed {
				t.Error("the window has not grown")
			}
			time.Sleep(5 * time.Second)
			for _, h := range []*Host{p.visitor, p.provider} {
				if used := leftOf(h).used; used > guaranteed {
					t.Errorf("%d bytes of budget are kept", used)
				}
			}
			p.breakAll()
			p.connect()
			synctest.Wait()
		}
		// What is read already when the credit goes back is within it.
		for range 3 {
			b := random(300 << 10)
			go func() { _, _ = app.Write(b) }()
			if _, err := io.ReadFull(readerOf{app}, b); err != nil {
				t.Fatal(err)
			}
			time.Sleep(5 * time.Second)
		}
		if i := s.Info(); i.Resumptions != 3 {
			t.Errorf("%+v", i)
		}
	})
}

// TestSmallPieces: memory follows the bytes, however small the pieces that they
// come in.
func TestSmallPieces(t *testing.T) {
	hosts(t, func(t *testing.T) {
		v := newServices(t, Config{})
		r := newRaw(t, v.Host, false)
		r.say(opening(1))
		r.hear(kOpened)
		// The first MiB is in the application's buffer.
		for n := uint64(0); n < 1<<20; n += 16 << 10 {
			r.data(n, make([]byte, 16<<10))
			time.Sleep(ackDelay)
		}
		for n := range uint64(20_000) {
			r.data(1<<20+n, []byte{1})
		}
		for range 20_000 { // nobody takes this
			_, _ = v.apps["a"].Write([]byte{1})
			if synctest.Wait(); r.c.err != nil {
				t.Fatal(r.c.err)
			}
		}
		s := v.streams["a"]
		s.mu.Lock()
		defer s.mu.Unlock()
		memory := 0
		for _, list := range [][]*chunk{s.queue, s.chunks} {
			for _, ck := range list {
				memory += len(ck.buf)
			}
		}
		if s.got-s.written < 15_000 || s.end != 20_000 || memory > 3*40_000 {
			t.Errorf("%d and %d bytes take %d", s.got-s.written, s.end, memory)
		}
	})
}

// TestJoin: bytes join what has room, unless somebody is reading it.
func TestJoin(t *testing.T) {
	a, b := newChunk(10), newChunk(10)
	a.n, b.n = 3, 2
	copy(a.space(), "abc")
	copy(b.space(), "de")
	a.hold()
	if a.join(b) {
		t.Error("a frame changes while it is written")
	}
	a.release()
	if !a.join(b) || string(a.data()) != "abcde" {
		t.Errorf("%q", a.data())
	}
}

// TestClose: peers are told, nothing stays, and what comes later is refused.
func TestClose(t *testing.T) {
	hosts(t, func(t *testing.T) {
		p := newPair(t, time.Minute)
		p.accept = echo
		p.connect()
		p.connect()
		s, app := p.open("echo")
		away, _ := p.open("echo")
		time.Sleep(time.Second)
		away.Info().Channel.Close()
		p.provider.Close()
		synctest.Wait()
		var reset *ResetError
		if _, err := app.Read(make([]byte, 1)); !errors.Is(err, errReset) || !errors.As(p.why(s), &reset) || reset.Code != CodeStopping || !reset.Remote {
			t.Errorf("%v, %v", err, p.why(s))
		}
		if l := leftOf(p.provider); l.channels > 0 || l.used > 0 {
			t.Errorf("%+v", l)
		}
		a, b := newWire(1)
		p.provider.Serve(a, Peer{1}, false, nil)
		if _, err := b.Write([]byte{1}); err == nil {
			t.Error("a host that is closed takes channels")
		}
		ours, theirs := newApp(1)
		p.visitor.Close()
		p.visitor.Open("echo", ours, nil)
		if _, err := theirs.Read(make([]byte, 1)); !errors.Is(err, errReset) {
			t.Error(err)
		}
	})
}
