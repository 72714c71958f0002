// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package test

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/culvertd/culvert/internal/control"
)

// crowd is connections to some endpoints under steady traffic. Each endpoint
// has two senders, and everybody receives. Whatever is wrong with what is
// received is remembered.
type crowd struct {
	rooms   []*room
	stop    chan struct{}
	sending sync.WaitGroup
	reading sync.WaitGroup
	leaving atomic.Bool

	mu       sync.Mutex
	problems []string
}

type room struct {
	endpoint control.Endpoint
	members  []*member
	sent     [2]atomic.Uint64 // by sender
}

type member struct {
	crowd *crowd
	room  *room
	conn  *websocket.Conn
	index int // in the room; 0 and 1 send
	got   [2]atomic.Uint64
	order uint64 // hash of all that was received, in its order
}

// gather connects n members and lets them talk.
func gather(t *testing.T, s *site, rooms, n int, pause time.Duration) *crowd {
	t.Helper()
	c := &crowd{stop: make(chan struct{})}
	for range rooms {
		r := &room{endpoint: s.create(t, control.Settings{})}
		for i := range n / rooms {
			r.members = append(r.members, &member{crowd: c, room: r, conn: dial(t, r.endpoint.URL), index: i})
		}
		c.rooms = append(c.rooms, r)
	}
	for _, r := range c.rooms {
		for _, m := range r.members {
			c.reading.Go(m.read)
		}
		for i := range r.sent {
			c.sending.Go(func() { r.members[i].send(c.stop, pause) })
		}
	}
	return c
}

func (c *crowd) problem(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.problems = append(c.problems, fmt.Sprintf(format, args...))
}

// send numbers messages from 1.
func (m *member) send(stop chan struct{}, pause time.Duration) {
	tick := time.NewTicker(pause)
	defer tick.Stop()
	msg := make([]byte, 128)
	for n := uint64(1); ; n++ {
		select {
		case <-stop:
			return
		case <-tick.C:
		}
		msg[0] = byte(m.index)
		binary.BigEndian.PutUint64(msg[1:], n)
		if err := m.conn.WriteMessage(websocket.BinaryMessage, msg); err != nil {
			m.crowd.problem("member %d: sending: %v", m.index, err)
			return
		}
		m.room.sent[m.index].Store(n)
	}
}

func (m *member) read() {
	h := fnv.New64a()
	for {
		_, msg, err := m.conn.ReadMessage()
		if err != nil {
			if !m.crowd.leaving.Load() {
				m.crowd.problem("member %d: receiving: %v", m.index, err)
			}
			return
		}
		if len(msg) != 128 || msg[0] > 1 || int(msg[0]) == m.index {
			m.crowd.problem("member %d: got % x", m.index, msg[:min(9, len(msg))])
			return
		}
		got := &m.got[msg[0]]
		if n := binary.BigEndian.Uint64(msg[1:]); n != got.Load()+1 {
			m.crowd.problem("member %d: got message %d of %d after %d", m.index, n, msg[0], got.Load())
			return
		}
		if m.index > 1 {
			_, _ = h.Write(msg[:9])
			m.order = h.Sum64()
		}
		got.Add(1)
	}
}

// advance waits until each endpoint has carried another message.
func (c *crowd) advance(t *testing.T) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	was := make([]uint64, len(c.rooms))
	for i, r := range c.rooms {
		was[i] = r.sent[0].Load()
	}
	for i, r := range c.rooms {
		for ; r.sent[0].Load() == was[i]; time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal("the traffic has stopped")
			}
		}
	}
}

// check ends the traffic, waits for what is under way, and reports what is
// wrong: something closed, lost, repeated or out of order.
func (c *crowd) check(t *testing.T) {
	t.Helper()
	close(c.stop)
	c.sending.Wait()
	deadline := time.Now().Add(20 * time.Second)
	for !c.allReceived() && time.Now().Before(deadline) {
		time.Sleep(10 * time.Millisecond)
	}
	c.mu.Lock()
	for _, p := range c.problems[:min(10, len(c.problems))] {
		t.Error(p)
	}
	if n := len(c.problems); n > 10 {
		t.Errorf("and %d more", n-10)
	}
	c.mu.Unlock()
	if !c.allReceived() {
		t.Error("messages were lost")
	}
	var messages uint64
	for _, r := range c.rooms {
		messages += r.sent[0].Load() + r.sent[1].Load()
	}
	if messages == 0 {
		t.Error("there was no traffic")
	}
	t.Logf("%d messages in %d endpoints", messages, len(c.rooms))
}

func (c *crowd) allReceived() bool {
	for _, r := range c.rooms {
		for _, m := range r.members {
			for i := range r.sent {
				if i != m.index && m.got[i].Load() != r.sent[i].Load() {
					return false
				}
			}
		}
	}
	return true
}

// leave closes all connections with the closing handshake, and checks that the
// members of each endpoint saw one order.
func (c *crowd) leave(t *testing.T) {
	t.Helper()
	c.leaving.Store(true)
	for _, r := range c.rooms {
		for _, m := range r.members {
			_ = m.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(1000, ""), time.Now().Add(time.Second))
		}
	}
	c.reading.Wait()
	for _, r := range c.rooms {
		for _, m := range r.members {
			_ = m.conn.Close()
			if m.index > 2 && m.order != r.members[2].order {
				t.Errorf("members 2 and %d saw different orders", m.index)
			}
		}
	}
}
