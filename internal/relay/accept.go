// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package relay

import (
	"container/list"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/culvertd/culvert/internal/splice"
)

// maxPending bounds the connections that have not said their line. Over it the
// oldest goes: an honest one is here for a round trip.
const maxPending = 8192

// pending is the connections that have not said their line yet.
type pending struct {
	mu     sync.Mutex // guards the fields below
	order  list.List  // of splice.Conn, oldest first
	at     map[splice.Conn]*list.Element
	closed bool
}

// accept serves what comes on ln.
func (r *Relay) accept(ln net.Listener) error {
	inherited := inheritKeepAlive(ln)
	for {
		c, err := ln.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return nil
		case err != nil:
			// Out of descriptors, most likely: make room, and do not spin.
			if r.shed() == 0 {
				r.log().Warn("accepting a relay connection failed; trying again")
			}
			time.Sleep(10 * time.Millisecond)
			continue
		}
		t, ok := c.(*net.TCPConn)
		if !ok {
			_ = c.Close()
			return fmt.Errorf("accepting a relay connection: it is a %T", c)
		}
		if r.short() {
			r.shed()
			if r.short() {
				r.count.shed.Add(1)
				r.refuseQuickly(t)
				continue
			}
		}
		if !inherited {
			keepAlive(t)
		}
		r.begin(splice.TCP(t))
	}
}

// short reports whether the relay holds all the descriptors that it may.
func (r *Relay) short() bool {
	limit := r.limits.Load().MaxDescriptors
	return limit > 0 && r.count.descriptors()+r.pending.len() > limit
}

// refuseQuickly tells without waiting for anything.
func (r *Relay) refuseQuickly(t *net.TCPConn) {
	r.count.refuse(refuseBusy.Code)
	_ = t.SetWriteDeadline(time.Now().Add(time.Millisecond))
	_, _ = t.Write(refuseBusy.Append(nil))
	_ = t.Close()
}

// shed drops half of the parked channels, the older ones of each client: they
// are the cheapest to lose (rules R2).
func (r *Relay) shed() int {
	r.mu.Lock()
	clients := values(r.clients)
	r.mu.Unlock()
	n := 0
	for _, c := range clients {
		n += c.shed()
	}
	r.count.shed.Add(uint64(n))
	return n
}

// add reports whether c may go on; the oldest goes if there are too many.
func (p *pending) add(c splice.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	if p.at == nil {
		p.at = make(map[splice.Conn]*list.Element)
	}
	if p.order.Len() >= maxPending {
		oldest := p.order.Front()
		_ = p.order.Remove(oldest).(splice.Conn).Reset() // wakes its goroutine
		delete(p.at, oldest.Value.(splice.Conn))
	}
	p.at[c] = p.order.PushBack(c)
	return true
}

func (p *pending) remove(c splice.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if e, ok := p.at[c]; ok {
		p.order.Remove(e)
		delete(p.at, c)
	}
}

func (p *pending) len() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.order.Len()
}

func (p *pending) closeAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for c := range p.at {
		_ = c.Reset()
	}
}
