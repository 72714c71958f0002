// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// pair is a visitor's and a provider's host with channels between them.
type pair struct {
	t                 testing.TB
	visitor, provider *Host
	accept            func(s *Stream, c *Channel, service string)

	mu    sync.Mutex
	wires []*wirePath // the visitor's ends
	free  []*Channel
	want  []*Stream // that need a channel
	ended map[*Stream]error
	asked []*Stream // by the provider
}

func newPair(t testing.TB, resume time.Duration) *pair {
	p := &pair{t: t, ended: make(map[*Stream]error)}
	ended := func(s *Stream, err error) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.ended[s] = err
	}
	p.visitor = NewHost(Config{
		Instance: Instance{1}, Resume: resume, Ended: ended,
		Ready:    p.ready,
		Detached: func(s *Stream) { p.needs(s) },
	})
	p.provider = NewHost(Config{
		Instance: Instance{2}, Resume: resume, Ended: ended,
		Accept:   func(s *Stream, c *Channel, service string) { p.accept(s, c, service) },
		Detached: func(s *Stream) { p.mu.Lock(); p.asked = append(p.asked, s); p.mu.Unlock() },
	})
	t.Cleanup(func() {
		p.visitor.Close()
		p.provider.Close()
	})
	return p
}

// connect makes a channel.
func (p *pair) connect() {
	a, b := newWire(256 << 10)
	p.mu.Lock()
	p.wires = append(p.wires, a)
	p.mu.Unlock()
	p.provider.Serve(b, Peer{1}, false, nil)
	p.visitor.Serve(a, Peer{2}, true, nil)
}

// ready and needs join channels and streams. Attach is called without the lock,
// since it may end the stream.
func (p *pair) ready(c *Channel) {
	for {
		p.mu.Lock()
		if len(p.want) == 0 {
			p.free = append(p.free, c)
			p.mu.Unlock()
			return
		}
		s := p.want[0]
		p.want = p.want[1:]
		p.mu.Unlock()
		if !s.NeedsChannel() {
			continue
		}
		switch err := s.Attach(c); {
		case err == nil:
			return
		case errors.Is(err, errBusy): // the channel has ended
			p.needs(s)
			return
		}
	}
}

func (p *pair) needs(s *Stream) {
	for s.NeedsChannel() {
		p.mu.Lock()
		n := len(p.free)
		if n == 0 {
			p.want = append(p.want, s)
			p.mu.Unlock()
			return
		}
		c := p.free[n-1]
		p.free = p.free[:n-1]
		p.mu.Unlock()
		if err := s.Attach(c); err == nil {
			return
		} else if !errors.Is(err, errBusy) {
			p.ready(c) // it is still free
		}
	}
}

func (p *pair) open(service string) (*Stream, *memApp) {
	ours, theirs := newApp(64 << 10)
	s := p.visitor.Open(service, ours, nil)
	p.needs(s)
	return s, theirs
}

// why returns how a stream has ended.
func (p *pair) why(s *Stream) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ended[s]
}

// breakAll breaks all channels.
func (p *pair) breakAll() {
	p.mu.Lock()
	wires := p.wires
	p.wires, p.free = nil, nil
	p.mu.Unlock()
	for _, w := range wires {
		_ = w.Close()
	}
}

func echo(s *Stream, _ *Channel, _ string) {
	ours, theirs := newApp(64 << 10)
	s.Join(ours)
	go func() {
		_, _ = io.Copy(theirs, theirs)
		_ = theirs.CloseWrite()
	}()
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return b
}

// exchange sends b, and expects it back and an end.
func exchange(t *testing.T, app *memApp, b []byte) {
	t.Helper()
	go func() {
		_, _ = app.Write(b)
		_ = app.CloseWrite()
	}()
	got, err := io.ReadAll(readerOf{app})
	if err != nil || !bytes.Equal(got, b) {
		t.Errorf("sent %d bytes, %d came back: %v", len(b), len(got), err)
	}
}

type readerOf struct{ io.Reader }

func TestExchange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t, time.Minute)
		p.accept = echo
		p.connect()
		for _, n := range []int{0, 1, 1000, 100_000, 3 << 20} {
			_, app := p.open("echo")
			exchange(t, app, random(n))
		}
		synctest.Wait()
		if n := len(p.visitor.Streams()) + len(p.provider.Streams()); n > 0 {
			t.Errorf("%d streams are left", n)
		}
		if len(p.free) != 1 {
			t.Errorf("%d channels are free", len(p.free))
		}
	})
}

func TestResume(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t, time.Minute)
		p.accept = echo
		p.connect()
		s, app := p.open("echo")
		b := random(1 << 20)
		go func() {
			for i := 0; i < len(b); i += 16 << 10 {
				_, _ = app.Write(b[i : i+16<<10])
				time.Sleep(100 * time.Millisecond)
			}
			_ = app.CloseWrite()
		}()
		go func() {
			for range 20 {
				time.Sleep(300 * time.Millisecond)
				p.breakAll()
				time.Sleep(50 * time.Millisecond)
				p.connect()
			}
		}()
		got, err := io.ReadAll(readerOf{app})
		if err != nil || !bytes.Equal(got, b) {
			t.Errorf("%d of %d bytes: %v", len(got), len(b), err)
		}
		synctest.Wait()
		if i := s.Info(); i.Resumptions < 15 || i.LastFault == nil {
			t.Errorf("%+v", i)
		}
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if len(p.visitor.streams)+len(p.provider.streams) > 0 {
			t.Error("streams are remembered for ever")
		}
	})
}
