// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// crowd is many connections through one tunnel, each of which sends and
// compares what comes back, until the test stops it.
type crowd struct {
	turns []atomic.Uint64 // by connection
	stop  atomic.Bool
	tasks sync.WaitGroup
	errs  chan error
}

// gather connects n; all have been through the tunnel once when it returns.
func gather(t *testing.T, x *tunnelTo, n int) *crowd {
	t.Helper()
	serveEcho(t, x.service)
	c := &crowd{turns: make([]atomic.Uint64, n), errs: make(chan error, n)}
	t.Cleanup(func() { c.leave(t) })
	for i := range n {
		conn, err := net.Dial("tcp", x.forward.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		c.tasks.Go(func() {
			if err := c.talk(conn.(*net.TCPConn), i); err != nil { //nolint:forcetypeassert // it is
				c.errs <- fmt.Errorf("connection %d, turn %d: %w", i, c.turns[i].Load(), err)
			}
		})
	}
	c.advance(t)
	return c
}

// talk is one connection's conversation.
func (c *crowd) talk(conn *net.TCPConn, i int) error {
	sent, got := noise(1000, byte(i)), make([]byte, 1000)
	for !c.stop.Load() {
		if err := conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
			return err
		}
		if _, err := conn.Write(sent); err != nil {
			return err
		}
		if _, err := io.ReadFull(conn, got); err != nil {
			return err
		}
		if !bytes.Equal(sent, got) {
			return errors.New("other bytes came back")
		}
		c.turns[i].Add(1)
		time.Sleep(50 * time.Millisecond)
	}
	if err := conn.CloseWrite(); err != nil {
		return err
	}
	if n, err := conn.Read(got); n != 0 || !errors.Is(err, io.EOF) {
		return fmt.Errorf("at the end: %d bytes, %w", n, err)
	}
	return conn.Close()
}

// advance waits until every connection has had another turn.
func (c *crowd) advance(t *testing.T) {
	t.Helper()
	was := make([]uint64, len(c.turns))
	for i := range was {
		was[i] = c.turns[i].Load()
	}
	for end := time.Now().Add(40 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		behind := 0
		for i := range was {
			if c.turns[i].Load() == was[i] {
				behind++
			}
		}
		if behind == 0 {
			return
		}
		c.check(t)
		if time.Now().After(end) {
			t.Fatalf("%d of %d connections stand still", behind, len(was))
		}
	}
}

func (c *crowd) check(t *testing.T) {
	t.Helper()
	select {
	case err := <-c.errs:
		t.Fatal(err)
	default:
	}
}

// leave ends all connections, which end well.
func (c *crowd) leave(t *testing.T) {
	t.Helper()
	c.stop.Store(true)
	c.tasks.Wait()
	close(c.errs)
	for err := range c.errs {
		t.Error(err)
	}
}

// serveEcho answers every connection with what it says, until the listener is
// closed, and then waits for the last of them.
func serveEcho(t testing.TB, ln *net.TCPListener) {
	t.Helper()
	if err := ln.SetDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	var tasks sync.WaitGroup
	tasks.Go(func() {
		for {
			c, err := ln.AcceptTCP()
			if err != nil {
				return
			}
			tasks.Go(func() {
				if _, err := io.Copy(c, c); err == nil {
					_ = c.CloseWrite()
				}
				_ = c.Close()
			})
		}
	})
	t.Cleanup(func() {
		_ = ln.Close()
		tasks.Wait()
	})
}

// TestReloadsDropNothing: connections in both kinds of channels, clients and
// sessions go on through any number of reloads.
func TestReloadsDropNothing(t *testing.T) {
	reloads, conns := sized(20, 100, 100), sized(200, 500, 500)
	for _, w := range ways[:2] {
		t.Run(w.String(), func(t *testing.T) {
			s := startSite(t, "")
			x := s.open(t, w)
			c := gather(t, x, conns)
			since := [2]time.Time{x.provider.Status().Since, x.visitor.Status().Since}
			for n := range reloads {
				s.body = fmt.Sprintf("respond /%d done", n)
				s.culvert = [...]string{
					"",
					"max_sessions 500\nmax_sessions_per_client 100",
					"session_timeout 10m\nheartbeat_interval 10s",
					"session_rate 1GB\nclient_rate 1GB\nmax_bytes_per_session 1TB",
				}[n%4]
				s.load(t)
				if n%5 == 0 { // traffic passes between reloads, and during them
					c.advance(t)
				}
			}
			c.advance(t)
			if now := [2]time.Time{x.provider.Status().Since, x.visitor.Status().Since}; now != since {
				t.Errorf("the clients are online since %v, and were since %v", now, since)
			}
		})
	}
}
