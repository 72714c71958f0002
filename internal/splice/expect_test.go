// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package splice

import (
	"errors"
	"io"
	"syscall"
	"testing"
	"time"
)

// speaker notes what it is given, and echoes it once there is a full stop.
type speaker struct {
	said []byte
	late bool
	told chan string // what it was given; "gone" if it has ended
}

func (s *speaker) Read(b []byte) bool {
	s.said = append(s.said, b...)
	if s.said[len(s.said)-1] != '.' {
		return true
	}
	s.told <- string(s.said)
	return false
}

func (s *speaker) Gone()         { s.told <- "gone" }
func (s *speaker) Overdue() bool { return s.late }

func (s *speaker) hears(t *testing.T, want string) {
	t.Helper()
	select {
	case got := <-s.told:
		if got != want {
			t.Fatalf("the guest is told %q, not %q", got, want)
		}
	case <-time.After(5 * time.Second):
		t.Fatalf("the guest is not told %q", want)
	}
}

func TestExpect(t *testing.T) {
	each(t, func(t *testing.T, m *Mover) {
		expect := func(late bool) (*speaker, Parked, Conn) {
			a, b := pair(t)
			_ = b.SetDeadline(time.Time{})
			s := &speaker{late: late, told: make(chan string, 2)}
			return s, m.Expect(TCP(b), func(Conn) Guest { return s }), TCP(a)
		}
		// In two pieces.
		s, p, far := expect(false)
		_, _ = far.Write([]byte("go"))
		time.Sleep(20 * time.Millisecond)
		if _, ok := p.Take(); ok {
			t.Fatal("one that has spoken can be taken")
		}
		_, _ = far.Write([]byte(" on."))
		s.hears(t, "go on.")
		// Silent ones are left alone, however late; then taken, linked, reset.
		_, p, far = expect(true)
		time.Sleep(1500 * time.Millisecond)
		conn, ok := p.Take()
		if !ok {
			t.Fatal("not taken")
		}
		_ = conn.Reset()
		if _, err := far.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
			t.Error(err)
		}
		// One that ends, one that ends after a word, and one that is too slow.
		s, _, far = expect(false)
		_ = far.Reset()
		s.hears(t, "gone")
		s, _, far = expect(false)
		_, _ = far.Write([]byte("wo"))
		_ = far.CloseWrite()
		s.hears(t, "gone")
		s, _, far = expect(true)
		_, _ = far.Write([]byte("wo"))
		s.hears(t, "gone")
		if _, err := far.Read(make([]byte, 1)); err == nil {
			t.Error("a slow one is still open")
		}
	})
}

// TestExpectedIsLinked has a guest that links what it was given.
func TestExpectedIsLinked(t *testing.T) {
	each(t, func(t *testing.T, m *Mover) {
		a, b := pair(t)
		_ = b.SetDeadline(time.Time{})
		service, far := pair(t)
		_ = service.SetDeadline(time.Time{})
		m.Expect(TCP(b), func(c Conn) Guest { return &linker{m: m, c: c, to: TCP(service)} })
		_, _ = a.Write([]byte("hello"))
		buf := make([]byte, 5)
		if _, err := io.ReadFull(far, buf); err != nil || string(buf) != "hello" {
			t.Fatalf("%q, %v", buf, err)
		}
		_, _ = far.Write([]byte("there"))
		if _, err := io.ReadFull(a, buf); err != nil || string(buf) != "there" {
			t.Fatalf("%q, %v", buf, err)
		}
	})
}

type linker struct {
	m     *Mover
	c, to Conn
}

func (l *linker) Read(b []byte) bool {
	o := Options{}
	o.First[Forward] = b
	l.m.Link(l.c, l.to, o)
	return false
}

func (l *linker) Gone()         {}
func (l *linker) Overdue() bool { return false }
