// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"bytes"
	"io"
	"sync"
	"testing"
	"time"
)

// FuzzFrame: what can be read is written as it was.
func FuzzFrame(f *testing.F) {
	for _, fr := range []frame{
		{kind: kHello, version: version, instance: Instance{1}, n: 120_000},
		opening(1), resuming(2, 3, 4),
		{kind: kResumed, generation: 2, state: state{1, 2, 3}},
		{kind: kOpened},
		{kind: kAck, state: state{written: 1, limit: 2}},
		{kind: kFin, n: 7},
		{kind: kRst, n: 3},
		{kind: kEnd},
		{kind: kPing, n: 1},
		{kind: kPong, n: 1},
		{kind: kGone},
		{kind: kYield, n: 9},
	} {
		f.Add(fr.append(nil))
	}
	f.Add([]byte{byte(kData), 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 1, 'x'})
	f.Fuzz(func(t *testing.T, b []byte) {
		r := scanner{path: &scripted{in: bytes.NewReader(b)}}
		fr, n, err := r.next()
		if err != nil {
			return
		}
		if n < 0 || n > maxData {
			t.Fatalf("%d bytes", n)
		}
		again := fr.append(nil)
		if fr.kind == kData {
			again = append(again, make([]byte, 8)...)
			putDataHead(again, fr.n, n)
		}
		// A hello may have more to say than this version knows.
		if fr.kind == kHello {
			again = again[frameHead:]
			b = b[frameHead:]
		}
		if !bytes.HasPrefix(b, again) {
			t.Errorf("%x became %x", b, again)
		}
	})
}

// scripted is a path on which a peer says what stands in a script, and then no
// more, and takes all.
type scripted struct {
	in    io.Reader
	wrote int
}

func (p *scripted) Read(b []byte) (int, error) { return p.in.Read(b) }
func (p *scripted) Write(b []byte) (int, error) {
	p.wrote += len(b)
	return len(b), nil
}
func (p *scripted) Flush() error   { return nil }
func (p *scripted) Buffered() bool { return true }
func (p *scripted) Close() error   { return nil }

// script makes a peer's bytes of a fuzzer's: frames that are nearly right, in
// any order, whose data is what content says. A zero has the rest be sent as it
// is.
func script(in []byte) []byte {
	hello := frame{kind: kHello, version: version, instance: Instance{9}, n: 1000}
	out := hello.append(nil)
	take := func() uint64 {
		if len(in) == 0 {
			return 0
		}
		b := in[0]
		in = in[1:]
		return uint64(b)
	}
	number := func() uint64 { return take()<<(take()%60) + take() }
	for len(in) > 0 {
		fr := frame{kind: kind(take() % (uint64(kYield) + 1)), id: ID{byte(take() % 3)}, generation: take() % 8}
		switch fr.kind {
		case 0:
			return append(out, in...)
		case kData:
			offset, n := number(), int(1+number()%maxData)
			b := make([]byte, dataHead)
			putDataHead(b, offset, n)
			out = append(append(out, b...), content(1, int(offset&(1<<40-1)), n)...)
			continue
		case kOpen:
			fr.service = "a"
		case kResume, kResumed, kAck:
			fr.state = state{number(), number(), number()}
		default:
			fr.n = number()
		}
		if out = fr.append(out); len(out) > 4<<20 {
			return out
		}
	}
	return out
}

// checkedApp holds what it is told to be the next of content.
type checkedApp struct {
	t    *testing.T
	mu   sync.Mutex
	got  int
	fins int
	stop chan struct{}
	once sync.Once
	slow bool
}

func (a *checkedApp) Read(b []byte) (int, error) {
	if a.slow {
		<-a.stop
		return 0, io.EOF
	}
	select {
	case <-a.stop:
		return 0, errReset
	default:
		return copy(b, content(2, 0, min(len(b), 100))), io.EOF
	}
}

func (a *checkedApp) Write(b []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.fins > 0 {
		a.t.Error("bytes after the end")
	}
	if !bytes.Equal(b, content(1, a.got, len(b))) {
		a.t.Errorf("wrong bytes from %d on", a.got)
	}
	a.got += len(b)
	return len(b), nil
}

func (a *checkedApp) CloseWrite() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.fins++
	return nil
}
func (a *checkedApp) Close() error { return a.Reset() }
func (a *checkedApp) Reset() error {
	a.once.Do(func() { close(a.stop) })
	return nil
}

// FuzzPeer: whatever a peer says, in whichever role, over one channel after the
// other: nothing panics or hangs, no byte comes in the wrong place or after an
// end, and nothing is left.
func FuzzPeer(f *testing.F) {
	for _, seed := range []string{
		"\x02\x00\x01\x06\x00\x01\x00\x00\x00\x20\x00\x00\x08\x00\x00\x21\x00\x00",
		"\x02\x00\x01\x06\x00\x00\x00\x00\x00\x01\x10\x00\x0a\x00\x00\x00\x00\x00",
		"\x02\x00\x01\x09\x00\x00\x03\x0a\x00\x00\x00\x00\x00\x02\x01\x01\x09\x00\x00\x01\x0a\x00\x00",
		"\x03\x00\x02\x00\x00\x00\x00\x00\x00\xff\x10\x00\x04\x00\x02\x00\x00\x00\x00\x00\x00\xff\x10\x00",
		"\x05\x00\x00\x06\x00\x00\x00\x00\x00\xff\x08\x00\x0e\x00\x00\xff\x08\x00\x07\x00\x00\x64\x00\x00\xff\x10\x00",
		"\x00\x06\x00\x00\x09",
	} {
		f.Add([]byte(seed), []byte(seed), true)
		f.Add([]byte(seed), []byte("\x03\x00\x02\x01\x00\x00\x01\x00\x00\xff\x10\x00"), false)
	}
	f.Fuzz(func(t *testing.T, one, two []byte, visitor bool) {
		var apps []*checkedApp
		app := func() *checkedApp {
			a := &checkedApp{t: t, stop: make(chan struct{}), slow: len(one)%2 == 0}
			apps = append(apps, a)
			return a
		}
		lost := make(chan *Channel, 2)
		h := NewHost(Config{
			Instance: Instance{1}, MaxDetached: 4, Budget: 1 << 20,
			Accept: func(s *Stream, _ *Channel, _ string) { s.Join(app()) },
			Lost:   func(c *Channel, _ error) { lost <- c },
		})
		var s *Stream
		if visitor {
			s = h.Open("a", app(), nil)
			h.cfg.Ready = func(c *Channel) { _ = s.Attach(c) }
		}
		for _, b := range [][]byte{one, two} {
			p := &scripted{in: bytes.NewReader(script(b))}
			h.Serve(p, Peer{9}, visitor, nil)
			select {
			case c := <-lost:
				c.mu.Lock()
				if cap(c.ctl) > 4*maxAnswers {
					t.Errorf("%d bytes of answers", cap(c.ctl))
				}
				c.mu.Unlock()
			case <-time.After(10 * time.Second):
				t.Fatal("it hangs")
			}
		}
		hung := time.AfterFunc(10*time.Second, func() { panic("Close hangs") })
		h.Close()
		hung.Stop()
		if l := leftOf(h); l.channels > 0 || l.used > 0 {
			t.Errorf("%+v", l)
		}
	})
}
