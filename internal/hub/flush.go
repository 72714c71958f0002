// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package hub

import (
	"errors"
	"net"
	"sync"
	"time"

	"github.com/culvertd/culvert/internal/wire"
)

// maxTurn is how many bytes a connection gets in one turn (rules H6), and
// maxPieces into how many pieces they may fall: chunks, and the gaps where the
// client's own messages lie.
const (
	maxTurn   = 256 << 10
	maxPieces = 32
)

var pingFrame = []byte{wire.FinBit | byte(wire.Ping), 0}

// piece is a run of messages of one chunk that goes out in one write.
type piece struct {
	chunk    *chunk
	from, to uint64
}

// turn is what is about to be written to one connection. It is reused; the
// frames it points to are the log's.
type turn struct {
	bufs   [][]byte
	pieces []piece // the last len(pieces) of bufs
	size   int
	sys    sysWriter

	// Delivered since the last settle. They are added up here, because the
	// endpoint's counters are contended by all writers.
	messages, payload uint64
}

var turns = sync.Pool{New: func() any { return newTurn() }}

func (t *turn) reset() {
	clear(t.bufs)
	clear(t.pieces)
	t.bufs, t.pieces, t.size = t.bufs[:0], t.pieces[:0], 0
}

func (t *turn) delivered(messages, payload uint64) {
	t.messages += messages
	t.payload += payload
}

// settle brings what was delivered into the endpoint's counters.
func (t *turn) settle(ep *endpoint) {
	if t.messages > 0 {
		ep.delivered(t.messages, t.payload)
		t.messages, t.payload = 0, 0
	}
}

func (t *turn) add(b []byte) {
	t.bufs = append(t.bufs, b)
	t.size += len(b)
}

// controlLocked makes a waiting control frame the one that has begun. A close
// frame is the last that is sent.
func (c *conn) controlLocked() {
	switch {
	case c.byeSent:
	case c.pong != nil:
		c.rest, c.restKind, c.pong = c.pong, framePong, nil
	case c.ping:
		c.rest, c.restKind, c.ping = pingFrame, framePing, false
		c.heard.Store(false) // before the write: the pong may be quick
	case c.bye != nil:
		c.rest, c.restKind, c.bye = c.bye, frameBye, nil
	}
}

// fillLocked puts into t what comes next: the rest of a frame or else a
// control frame alone, or else messages, up to about limit bytes. It reports
// whether there is anything, and parts with a connection that fell out of the
// log.
func (c *conn) fillLocked(t *turn, v view, limit int) bool {
	t.reset()
	c.checkLocked(v)
	if c.rest == nil { // at a frame boundary (rules H1)
		c.controlLocked()
	}
	if c.rest != nil {
		t.add(c.rest)
		return true
	}
	if c.left || c.pos >= v.end { // the drain goroutine may have had a newer view
		return false
	}
	c.forgetLocked()
	for from := c.pos; t.size < limit && len(t.pieces) < maxPieces; {
		lo, hi := c.skip(from, v.end)
		if lo == hi {
			if len(t.pieces) == 0 {
				c.pos = v.end
			}
			break
		}
		ch, last := v.find(lo)
		hi = min(hi, last)
		start, end := ch.offset(lo, c.enc), ch.offset(hi, c.enc)
		if over := t.size + end - start - limit; over > 0 && hi-lo > 1 {
			// End with a whole frame; a single one may be longer than a turn.
			hi = max(ch.whole(lo, hi, end-over, c.enc), lo+1)
			end = ch.offset(hi, c.enc)
		}
		t.add(ch.data[c.enc][start:end])
		t.pieces = append(t.pieces, piece{ch, lo, hi})
		from = hi
	}
	return len(t.pieces) > 0
}

// checkLocked parts with a receiver that was too slow: what it needs next is
// not in the log any more. Its own messages it does not need.
func (c *conn) checkLocked(v view) {
	if c.left || c.pos >= v.first() {
		return
	}
	if c.pos, _ = c.skip(c.pos, v.end); c.pos >= v.first() {
		return
	}
	const reason = "too slow: fell out of the endpoint's log (log_size)"
	c.partLocked(ending{code: wire.CloseTryAgainLater, reason: reason, say: reason, drop: dropSlow})
}

// tookLocked accounts for n bytes of t that the kernel took, and makes a frame
// that it took in part the one that has begun.
func (c *conn) tookLocked(t *turn, n int) {
	if len(t.pieces) == 0 {
		c.tookRestLocked(t, n)
		return
	}
	for i, p := range t.pieces {
		b := t.bufs[i]
		if n >= len(b) {
			c.countLocked(t, p.from, p.to, p.chunk)
			c.pos = p.to
			n -= len(b)
			continue
		}
		start := p.chunk.offset(p.from, c.enc)
		k := p.chunk.whole(p.from, p.to, start+n, c.enc)
		c.countLocked(t, p.from, k, p.chunk)
		c.pos = k
		if p.chunk.offset(k, c.enc)-start < n {
			c.rest, c.restKind = b[n:p.chunk.offset(k+1, c.enc)-start], frameMessage
			c.restOf = uint32(p.chunk.payload(k, k+1))
			c.pos = k + 1
		}
		return
	}
}

func (c *conn) tookRestLocked(t *turn, n int) {
	if c.rest = c.rest[n:]; len(c.rest) > 0 {
		return
	}
	c.rest = nil
	switch c.restKind {
	case frameMessage:
		c.delivered++
		c.out += uint64(c.restOf)
		t.delivered(1, uint64(c.restOf))
	case framePong:
	case framePing:
		c.waiting, c.pinged = true, time.Now()
	case frameBye:
		c.byeSent = true
		switch tc, ok := c.nc.(*net.TCPConn); {
		case c.end.byPeer: // nothing is left to say or to hear
			_ = c.nc.SetReadDeadline(past)
		case c.end.fault && ok:
			// The peer may never answer; the end of our stream makes it close.
			// Closing at once could destroy the close frame on its way.
			_ = tc.CloseWrite()
		}
	}
}

// countLocked counts messages from to to-1 of a chunk as delivered.
func (c *conn) countLocked(t *turn, from, to uint64, ch *chunk) {
	if from == to {
		return
	}
	payload := ch.payload(from, to)
	c.delivered += to - from
	c.out += payload
	t.delivered(to-from, payload)
}

// flushLocked writes what waits, as far as that goes without blocking; the
// drain goroutine does the rest. It reports whether more is to be written but
// the turn is over, and is a no-op while someone else writes.
func (c *conn) flushLocked(t *turn, v view) (more bool) {
	if c.state != writeIdle {
		return false
	}
	c.state = writeTurn
	defer t.reset()
	for sent := 0; c.fillLocked(t, v, maxTurn); {
		if sent >= maxTurn {
			more = true
			break
		}
		if c.raw == nil {
			c.drainLater()
			return false
		}
		n, err := t.sys.write(c.raw, t.bufs)
		full := errors.Is(err, errAgain)
		if err != nil && !full {
			c.dieLocked(writeFailure(err))
			return false
		}
		c.tookLocked(t, n)
		if sent += n; full || n < min(t.size, maxTurn) {
			c.drainLater()
			return false
		}
	}
	if c.state == writeTurn {
		c.state = writeIdle
	}
	return more
}

// kickLocked has what waits written now.
func (c *conn) kickLocked() {
	if c.state != writeIdle {
		return
	}
	t := turns.Get().(*turn)
	defer turns.Put(t)
	if c.flushLocked(t, c.ep.view()) {
		c.drainLater()
	}
	t.settle(c.ep)
}

// drainLater hands the writing side to a goroutine that may block.
func (c *conn) drainLater() {
	c.state = writeBusy
	c.ep.hub.wg.Go(c.drain)
}
