// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"
)

// late is a stream that has no application yet, with a channel.
func (p *pair) late() *Stream {
	s := p.visitor.Open("late", nil, nil)
	p.needs(s)
	return s
}

// TestLateApp: a visitor's application may come when its stream is open; what is
// said for it goes first, and what has come for it waits.
func TestLateApp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t, time.Minute)
		service := make(chan *memApp, 1)
		p.accept = func(s *Stream, _ *Channel, _ string) {
			ours, theirs := newApp(64 << 10)
			s.Join(ours)
			_, _ = io.WriteString(theirs, "greetings")
			service <- theirs
		}
		p.connect()
		s := p.late()
		theirs := <-service
		time.Sleep(time.Second) // the greeting has come
		ours, app := newApp(64 << 10)
		_, _ = io.WriteString(app, " and this")
		s.Say([]byte("this"))
		s.Join(ours)
		got := make([]byte, len("this and this"))
		if _, err := io.ReadFull(theirs, got); err != nil || string(got) != "this and this" {
			t.Errorf("the service gets %q, %v", got, err)
		}
		if _, err := io.ReadFull(app, got[:9]); err != nil || string(got[:9]) != "greetings" {
			t.Errorf("the application gets %q, %v", got[:9], err)
		}
		_ = app.CloseWrite()
		_ = theirs.CloseWrite()
		if rest, err := io.ReadAll(readerOf{theirs}); len(rest) > 0 || err != nil {
			t.Errorf("%q, %v", rest, err)
		}
		if rest, err := io.ReadAll(readerOf{app}); len(rest) > 0 || err != nil {
			t.Errorf("%q, %v", rest, err)
		}
	})
}

// TestLateAppThroughFaults: what is said before the application is there is not
// lost with a channel, nor said twice.
func TestLateAppThroughFaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t, time.Minute)
		p.accept = echo
		p.connect()
		s := p.late()
		s.Say([]byte("first "))
		p.breakAll()
		time.Sleep(time.Second)
		p.connect()
		ours, app := newApp(64 << 10)
		s.Join(ours)
		b := random(100_000)
		go func() {
			_, _ = app.Write(b)
			_ = app.CloseWrite()
		}()
		got, err := io.ReadAll(readerOf{app})
		if want := append([]byte("first "), b...); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d bytes come back, %v", len(got), err)
		}
	})
}

// TestLateAppIsSpared: a stream that ends before its application has come does
// not touch it; one that comes later is reset.
func TestLateAppIsSpared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t, time.Minute)
		p.accept = func(s *Stream, _ *Channel, _ string) { s.Refuse(CodeUnreachable) }
		p.connect()
		s := p.late()
		synctest.Wait()
		if re, ok := errors.AsType[*ResetError](p.why(s)); !ok || re.Code != CodeUnreachable || !re.Remote {
			t.Errorf("it has ended with %v", p.why(s))
		}
		ours, app := newApp(64 << 10)
		s.Join(ours)
		synctest.Wait()
		if _, err := app.Read(make([]byte, 1)); err == nil || errors.Is(err, io.EOF) {
			t.Errorf("an application of a stream that has ended reads %v", err)
		}
	})
}
