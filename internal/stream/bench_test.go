// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"io"
	"testing"
	"time"
)

// nullApp is an application that is always there: it says zeroes until its
// share is done, and takes all.
type nullApp struct {
	left int
	done chan struct{}
	hold chan struct{}
}

func newNull(share int) *nullApp {
	return &nullApp{left: share, done: make(chan struct{}), hold: make(chan struct{})}
}

func (a *nullApp) Read(b []byte) (int, error) {
	if a.left == 0 {
		return 0, io.EOF
	}
	n := min(len(b), a.left)
	a.left -= n
	return n, nil
}
func (a *nullApp) Write(b []byte) (int, error)    { return len(b), nil }
func (a *nullApp) TryWrite(b []byte) (int, error) { return len(b), nil }
func (a *nullApp) CloseWrite() error              { return nil }
func (a *nullApp) Close() error                   { close(a.done); return nil }
func (a *nullApp) Reset() error                   { close(a.done); return nil }

// BenchmarkStream is one stream in one direction, without encryption.
func BenchmarkStream(b *testing.B) {
	p := newPair(b, time.Minute)
	p.accept = func(s *Stream, _ *Channel, _ string) { s.Join(newNull(0)) }
	p.connect()
	const share = 1 << 30
	b.SetBytes(share)
	for b.Loop() {
		app := newNull(share)
		p.needs(p.visitor.Open("sink", app, nil))
		<-app.done
	}
}

// BenchmarkOpen is streams without a byte, one after the other over one
// channel.
func BenchmarkOpen(b *testing.B) {
	p := newPair(b, time.Minute)
	p.accept = func(s *Stream, _ *Channel, _ string) { s.Join(newNull(0)) }
	p.connect()
	b.ReportAllocs()
	for b.Loop() {
		app := newNull(0)
		p.needs(p.visitor.Open("sink", app, nil))
		<-app.done
	}
}

// TestAllocs: bytes that go to and fro cost no memory of their own.
func TestAllocs(t *testing.T) {
	p := newPair(t, time.Minute)
	p.accept = echo
	p.connect()
	_, app := p.open("echo")
	b := random(64)
	turn := func() {
		_, _ = app.Write(b)
		_, _ = io.ReadFull(app, b)
	}
	turn()
	if n := testing.AllocsPerRun(2000, turn); n > 12 {
		t.Errorf("%.1f allocations", n)
	} else {
		t.Logf("%.1f allocations", n)
	}
}

// TestReuse: S2; channels serve one stream after the other.
func TestReuse(t *testing.T) {
	p := newPair(t, time.Minute)
	p.accept = echo
	for range 4 {
		p.connect()
	}
	done := make(chan struct{})
	for range 8 {
		go func() {
			defer func() { done <- struct{}{} }()
			for range 200 {
				_, app := p.open("echo")
				exchange(t, app, []byte("hello"))
			}
		}()
	}
	for range 8 {
		<-done
	}
	if l := leftOf(p.visitor); l.channels != 4 {
		t.Errorf("%+v", l)
	}
}
