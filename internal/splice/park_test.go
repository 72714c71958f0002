// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package splice

import (
	"errors"
	"io"
	"net"
	"syscall"
	"testing"
	"time"
)

func TestPark(t *testing.T) {
	each(t, func(t *testing.T, m *Mover) {
		lost := make(chan string, 4)
		park := func(name string) (Parked, *net.TCPConn) {
			a, b := pair(t)
			_ = b.SetDeadline(time.Time{})
			return m.Park(TCP(b), func() { lost <- name }), a
		}
		// One whose peer leaves, one whose peer resets, one whose peer speaks.
		_, fin := park("fin")
		_ = fin.Close()
		_, rst := park("rst")
		_ = tcpConn{rst}.Reset()
		p, talk := park("talk")
		_, _ = talk.Write([]byte("x"))
		seen := map[string]bool{}
		for range 3 {
			select {
			case name := <-lost:
				seen[name] = true
			case <-time.After(5 * time.Second):
				t.Fatalf("only %v are noticed", seen)
			}
		}
		if _, ok := p.Take(); ok {
			t.Error("a lost one can be taken")
		}
		// One that is taken, and linked.
		p, far := park("taken")
		conn, ok := p.Take()
		if !ok {
			t.Fatal("not taken")
		}
		if _, ok := p.Take(); ok {
			t.Error("taken twice")
		}
		a, linkA := pair(t)
		_ = linkA.SetDeadline(time.Time{})
		m.Link(TCP(linkA), conn, Options{})
		_, _ = a.Write([]byte("hello"))
		buf := make([]byte, 5)
		if _, err := io.ReadFull(far, buf); err != nil || string(buf) != "hello" {
			t.Fatalf("%q, %v", buf, err)
		}
		_, _ = far.Write([]byte("there"))
		if _, err := io.ReadFull(a, buf); err != nil || string(buf) != "there" {
			t.Fatalf("%q, %v", buf, err)
		}
		// One that is taken and reset.
		p, far = park("reset")
		conn, _ = p.Take()
		_ = conn.Reset()
		if _, err := far.Read(buf); !errors.Is(err, syscall.ECONNRESET) {
			t.Error(err)
		}
		select {
		case name := <-lost:
			t.Errorf("%s counts as lost", name)
		default:
		}
	})
}

// TestParkedWithAnother links a parked socket with a connection that the
// engine cannot take.
func TestParkedWithAnother(t *testing.T) {
	each(t, func(t *testing.T, m *Mover) {
		far, near := pair(t)
		_ = near.SetDeadline(time.Time{})
		p := m.Park(TCP(near), func() { t.Error("lost") })
		conn, ok := p.Take()
		if !ok {
			t.Fatal("not taken")
		}
		a, b := net.Pipe()
		m.Link(&pipeConn{Conn: b}, conn, Options{})
		_ = a.SetDeadline(time.Now().Add(5 * time.Second))
		_, _ = a.Write([]byte("hello"))
		buf := make([]byte, 5)
		if _, err := io.ReadFull(far, buf); err != nil || string(buf) != "hello" {
			t.Fatalf("%q, %v", buf, err)
		}
		_ = a.Close()
	})
}

type pipeConn struct{ net.Conn }

func (p *pipeConn) CloseWrite() error { return p.Close() }
func (p *pipeConn) Reset() error      { return p.Close() }

// TestLostWhileTaken: whoever wins, a parked connection is either taken or
// lost, and never both or neither.
func TestLostWhileTaken(t *testing.T) {
	each(t, func(t *testing.T, m *Mover) {
		for range 300 {
			far, near := pair(t)
			_ = near.SetDeadline(time.Time{})
			lost := make(chan struct{}, 2)
			p := m.Park(TCP(near), func() { lost <- struct{}{} })
			go func() { _, _ = far.Write([]byte("x")) }()
			conn, ok := p.Take()
			if ok {
				_ = conn.Reset()
				_ = far.Close()
				select {
				case <-lost:
					t.Fatal("taken and lost")
				case <-time.After(time.Millisecond):
				}
				continue
			}
			select {
			case <-lost:
			case <-time.After(5 * time.Second):
				t.Fatal("neither taken nor lost")
			}
		}
	})
}
