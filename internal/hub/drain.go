// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package hub

import (
	"errors"
	"net"
	"os"
	"sync"
	"time"
)

// blockingTurn is how many bytes one blocking write gets: little enough that a
// connection that is parted with finishes it soon, four records of TLS.
const blockingTurn = 64 << 10

// drain owns the writing side until nothing waits any more, or the connection
// ends. It runs while the socket is full, or for a connection that only
// blocking writes can serve.
func (c *conn) drain() {
	t := turns.Get().(*turn)
	defer turns.Put(t)
	if c.raw == nil {
		c.drainBlocking(t)
		return
	}
	// The poller calls back whenever the socket has room.
	err := c.raw.Write(func(fd uintptr) bool { return c.drainRaw(t, fd) })
	if err != nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.dieLocked(writeFailure(err))
	}
}

// drainRaw writes until the socket is full, and then returns false.
func (c *conn) drainRaw(t *turn, fd uintptr) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	defer t.reset()
	defer t.settle(c.ep)
	for c.state == writeBusy && c.fillLocked(t, c.ep.view(), maxTurn) {
		n, err := t.sys.writeFD(fd, t.bufs)
		if errors.Is(err, errAgain) {
			return false
		}
		if err != nil {
			c.dieLocked(writeFailure(err))
			return true
		}
		c.tookLocked(t, n)
	}
	c.idleLocked()
	return true
}

func (c *conn) drainBlocking(t *turn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.state == writeBusy && c.fillLocked(t, c.ep.view(), blockingTurn) {
		// The messages count as begun: parting must not drop them as well.
		for _, p := range t.pieces {
			c.flight += p.to - p.from
			c.pos = p.to
		}
		c.begun = time.Now()
		c.mu.Unlock()
		n, err := t.writeTo(c.nc)
		c.mu.Lock()
		c.begun = time.Time{}
		if c.state != writeBusy { // given up meanwhile, flight and all
			break
		}
		c.landedLocked(t, n)
		t.settle(c.ep)
		if err != nil {
			c.dieLocked(writeFailure(err))
		}
	}
	t.reset()
	c.idleLocked()
}

// landedLocked is tookLocked for a write whose messages are in flight. A short
// write is an error, so what did not land whole stays in flight and is lost
// with the connection.
func (c *conn) landedLocked(t *turn, n int) {
	if len(t.pieces) == 0 {
		c.tookRestLocked(t, n)
		return
	}
	for i, p := range t.pieces {
		start := p.chunk.offset(p.from, c.enc)
		k := p.to
		if n < len(t.bufs[i]) {
			k = p.chunk.whole(p.from, p.to, start+n, c.enc)
		}
		c.countLocked(t, p.from, k, p.chunk)
		c.flight -= k - p.from
		n -= min(n, len(t.bufs[i]))
	}
}

func (c *conn) idleLocked() {
	if c.state == writeBusy {
		c.state = writeIdle
	}
}

// joints holds buffers in which the pieces of a blocking write are joined, so
// that a TLS connection makes one record of them and not one of each.
var joints = sync.Pool{New: func() any { return new([blockingTurn]byte) }}

// writeTo writes all of t with as few calls as its pieces allow.
func (t *turn) writeTo(nc net.Conn) (n int, err error) {
	if len(t.bufs) == 1 {
		return nc.Write(t.bufs[0])
	}
	buf := joints.Get().(*[blockingTurn]byte)
	defer joints.Put(buf)
	for i := 0; i < len(t.bufs) && err == nil; {
		k := 0
		for i < len(t.bufs) && k+len(t.bufs[i]) <= len(buf) {
			k += copy(buf[k:], t.bufs[i])
			i++
		}
		b := buf[:k]
		if k == 0 { // one frame that is longer than a turn
			b = t.bufs[i]
			i++
		}
		var m int
		m, err = nc.Write(b)
		n += m
	}
	return n, err
}

func writeFailure(err error) string {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return "close timeout: the client took no data"
	}
	return "connection lost while writing"
}
