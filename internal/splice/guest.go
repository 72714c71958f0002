// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package splice

import (
	"errors"
	"net"
	"os"
	"time"
)

// Guest is who has not said yet what becomes of its connection. Its methods
// are called by one goroutine at a time, which must not be kept.
type Guest interface {
	// Read is given what has come, which is its to use until it returns. It
	// reports whether it waits for more; otherwise it has linked, parked or
	// closed the connection, or somebody else has it.
	Read(b []byte) (stay bool)
	// Gone says that the connection has ended. It is closed already.
	Gone()
	// Overdue is asked once a second; with true the connection is reset, and
	// Gone called.
	Overdue() bool
}

// guestRead is what is read for a guest at once.
const guestRead = 1 << 10

// Receive reads from c for g, with a goroutine. The connection is g's once Read
// has returned false.
func (m *Mover) Receive(c Conn, g Guest) {
	m.mu.Lock()
	closed := m.closed
	if !closed {
		m.guests[c] = struct{}{}
		m.tasks.Go(func() { m.read(c, g, make([]byte, guestRead)) })
	}
	m.mu.Unlock()
	if closed {
		_ = c.Reset()
		g.Gone()
	}
}

// read is the life of a guest that no engine reads for. Dismiss and Close end
// it with a reset.
func (m *Mover) read(c Conn, g Guest, buf []byte) {
	defer m.forget(c)
	for {
		_ = c.SetReadDeadline(time.Now().Add(time.Second)) // fails on closed ones only
		n, err := c.Read(buf)
		if n > 0 && !g.Read(buf[:n]) {
			return
		}
		// Asked after every read: one byte a second is no reason to stay.
		if (err == nil || errors.Is(err, os.ErrDeadlineExceeded)) && !g.Overdue() {
			continue
		}
		_ = c.Reset()
		g.Gone()
		return
	}
}

func (m *Mover) forget(c Conn) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.guests, c)
}

// Listen has all connections of ln, of TCP or a unix socket, be guests, as f
// makes them; f may return nil for one that it has done something else with. It
// returns when ln is closed. What fails meanwhile goes to failed, which may wait
// a moment.
func (m *Mover) Listen(ln net.Listener, f func(Conn) Guest, failed func(error)) {
	if m.fast.listen(ln, f, failed) {
		return
	}
	for {
		c, err := ln.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			failed(err)
			continue
		}
		var conn Conn
		switch c := c.(type) {
		case *net.TCPConn:
			conn = TCP(c)
		case *net.UnixConn:
			conn = Unix(c)
		default:
			_ = c.Close()
			continue
		}
		if g := f(conn); g != nil {
			m.Receive(conn, g)
		}
	}
}

// Dismiss resets all guests, and ends all dials with an error.
func (m *Mover) Dismiss() { m.dismiss(false) }

func (m *Mover) dismiss(settled bool) {
	m.fast.dismiss(settled)
	m.mu.Lock()
	defer m.mu.Unlock()
	for c := range m.guests {
		_ = c.Reset()
	}
}

// Plain returns an ordinary connection in place of one that Guest, Link or
// Park is to have.
func Plain(c Conn) (Conn, error) {
	if p, ok := c.(interface{ plain() (Conn, error) }); ok {
		return p.plain()
	}
	return c, nil
}
