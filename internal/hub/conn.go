// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package hub

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"sort"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/culvertd/culvert/internal/wire"
)

// conn is one client's connection: a position in its endpoint's log.
//
// Two sides use it. The reading side is one goroutine (read.go), which owns
// the connection from start to end and frees it. The writing side has one
// owner at a time (rules H1): whoever holds mu while writing is writeIdle, or
// the transient goroutine (drain.go) while it is writeBusy.
type conn struct {
	// What the walk over a lane touches comes first and together: with
	// thousands of connections each line of memory is a miss of the cache.
	raw       syscall.RawConn // of a bare *net.TCPConn on Linux; nil: write through nc
	sender    atomic.Bool     // own may be non-empty
	enc       encoding
	mu        sync.Mutex // guards the writing side, from here to end; before endpoint.mu
	state     writeState
	left      bool // no longer a member: gets no more messages
	byeSent   bool // the close frame is with the kernel
	ping      bool // a ping waits
	waiting   bool // a ping was written and not yet answered
	restKind  frameKind
	restOf    uint32    // payload bytes of the frame that has begun, if it is a message
	pos       uint64    // next message to begin
	rest      []byte    // of the frame that has begun, or nil
	pong      []byte    // frame that waits, the latest only
	bye       []byte    // close frame that waits
	delivered uint64    // messages
	out       uint64    // payload bytes of them
	dropped   uint64    // messages
	flight    uint64    // messages of the blocking write under way
	begun     time.Time // of that write; zero: none
	pinged    time.Time
	end       *ending // why it ends, from the first cause on

	ep     *endpoint
	id     uint64
	nc     net.Conn
	addr   netip.Addr
	opened time.Time

	lane *lane // set at join
	slot int   // index in lane.conns; guarded by lane.mu
	gone bool  // no member any more; guarded by endpoint.mu

	tick     int16 // slot in the clock's wheel, -1: in none; these three are its own
	tickAt   int32
	tickGone bool

	cuts  uint32 // of the endpoint, when this one was let in
	group *Group // that counts it, or nil

	heard atomic.Bool // something came since the last ping

	// Reading side: the reader's goroutine only.
	in    parser
	limit *limiter // nil before the first rate limit

	// Accepted. The reader's goroutine writes them, under endpoint.mu.
	messages, bytes uint64

	// What this client sent itself, which it does not get back (rules H4).
	ownMu sync.Mutex // guards own; inside mu and endpoint.mu
	own   []span
}

type writeState uint8

const (
	writeIdle writeState = iota // nothing under way: mu owns the writing side
	writeTurn                   // the holder of mu is writing
	writeBusy                   // the drain goroutine owns it
	writeDead                   // failed or closed: nothing will be written
)

type frameKind uint8

const (
	frameMessage frameKind = iota
	framePing
	framePong
	frameBye
)

// past is a deadline that has expired.
var past = time.Unix(1, 0)

// span is a run of message numbers, from included, to not.
type span struct{ from, to uint64 }

// ending is the first cause of a connection's end.
type ending struct {
	code   int    // of the close frame sent or received; 1006 without one
	reason string // for the log
	say    string // for the close frame
	drop   dropReason
	byPeer bool // the peer's close frame has come
	fault  bool // the peer broke a rule: it hears why, and nothing else
}

// sentBy notes that message num came from this client. The endpoint's lock is
// held, so that no view holds the message before its sender is known.
func (c *conn) sentBy(num uint64) {
	c.sender.Store(true)
	c.ownMu.Lock()
	defer c.ownMu.Unlock()
	if n := len(c.own); n > 0 && c.own[n-1].to == num {
		c.own[n-1].to++
		return
	}
	c.own = append(c.own, span{num, num + 1})
}

// forgetLocked drops what is known of own messages before pos.
func (c *conn) forgetLocked() {
	if !c.sender.Load() {
		return
	}
	c.ownMu.Lock()
	defer c.ownMu.Unlock()
	if k := c.ownFrom(c.pos); k > 0 {
		c.own = append(c.own[:0], c.own[k:]...)
	}
}

// ownFrom returns the index of the first span that ends behind num.
func (c *conn) ownFrom(num uint64) int {
	return sort.Search(len(c.own), func(i int) bool { return c.own[i].to > num })
}

// skip returns the run of messages at or after from, and before end, that the
// client did not send itself; an empty run at end if there is none.
func (c *conn) skip(from, end uint64) (lo, hi uint64) {
	if !c.sender.Load() {
		return from, end
	}
	c.ownMu.Lock()
	defer c.ownMu.Unlock()
	for i := c.ownFrom(from); i < len(c.own); i++ {
		if s := c.own[i]; s.from > from {
			return min(from, end), min(s.from, end)
		} else {
			from = s.to
		}
	}
	return min(from, end), end
}

// lag is how many messages from from to end-1 are for this client.
func (c *conn) lag(from, end uint64) uint64 {
	n := uint64(0)
	for from < end {
		lo, hi := c.skip(from, end)
		n += hi - lo
		from = hi
	}
	return n
}

// queuedLocked is how many messages still wait for this client.
func (c *conn) queuedLocked(end uint64) uint64 {
	n := c.flight
	if c.rest != nil && c.restKind == frameMessage {
		n++
	}
	if !c.left {
		n += c.lag(c.pos, end)
	}
	return n
}

// partLocked begins the end of the connection: it is no member any more, a
// close frame waits behind the frame that has begun, and both have the close
// timeout (rules H2). Only the first cause counts.
func (c *conn) partLocked(e ending) {
	if c.end != nil {
		return
	}
	c.end = &e
	c.leaveLocked()
	if c.state == writeDead {
		return
	}
	c.ping, c.pong = false, nil
	c.bye = wire.AppendClose(nil, e.code, e.say)
	// The deadline ends the reader, and a write that is stuck.
	_ = c.nc.SetDeadline(time.Now().Add(c.ep.hub.settings().CloseTimeout))
	c.kickLocked()
}

// part reports whether the connection was not parting already.
func (c *conn) part(e ending) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	first := c.end == nil
	c.partLocked(e)
	return first
}

// peerClosed answers the peer's close frame, or takes it for the answer to
// ours. It reports whether the handshake is complete.
func (c *conn) peerClosed(code int, reason string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	text := "closed by client"
	if reason != "" {
		text += ": " + reason
	}
	c.partLocked(ending{code: code, reason: text, drop: dropClosed, byPeer: true})
	c.end.byPeer = true
	return c.byeSent || c.state == writeDead
}

// dieLocked gives up the writing side: nothing more can be sent.
func (c *conn) dieLocked(reason string) {
	if c.state == writeDead {
		return
	}
	c.state = writeDead
	if c.end == nil {
		c.end = &ending{code: wire.CloseAbnormal, reason: reason, drop: dropClosed}
	}
	c.leaveLocked()
	lost := c.flight
	if c.rest != nil && c.restKind == frameMessage {
		lost++
	}
	c.dropLocked(lost)
	c.flight, c.rest, c.pong, c.bye, c.ping = 0, nil, nil, nil, false
	// The reader notices and frees the connection.
	_ = c.nc.SetReadDeadline(past)
}

// leaveLocked ends the membership, and counts what will not be delivered.
func (c *conn) leaveLocked() {
	if c.left {
		return
	}
	c.left = true
	c.dropLocked(c.ep.leave(c))
	c.ownMu.Lock()
	c.own = nil
	c.ownMu.Unlock()
}

func (c *conn) dropLocked(n uint64) {
	c.dropped += n
	c.ep.dropped[c.end.drop].Add(n)
}

// finish frees the connection; the reader's goroutine calls it last. err is
// why reading ended.
func (c *conn) finish(err error) {
	c.mu.Lock()
	if c.end == nil {
		c.end = &ending{code: wire.CloseAbnormal, reason: lossReason(err), drop: dropClosed}
	}
	// Without a whole closing handshake the peer must not take what it has for
	// all there was: reset instead of FIN.
	graceful := c.byeSent && (c.end.byPeer || errors.Is(err, io.EOF))
	c.dieLocked(c.end.reason)
	ev := Event{
		Kind: Disconnected, Time: time.Now(), Endpoint: c.ep.id, Conn: c.id, Addr: c.addr,
		Code: c.end.code, Reason: c.end.reason, Duration: time.Since(c.opened),
		MessagesIn: c.messages, BytesIn: c.bytes,
		MessagesOut: c.delivered, BytesOut: c.out, Dropped: c.dropped,
	}
	c.mu.Unlock()
	if !graceful {
		reset(c.nc)
	}
	_ = c.nc.Close()
	c.in.free()
	c.ep.hub.ended(c, ev)
}

// lossReason says in words why reading failed without a close frame.
func lossReason(err error) string {
	switch {
	case errors.Is(err, io.EOF):
		return "connection closed without a close frame"
	case errors.Is(err, syscall.ECONNRESET):
		return "connection reset by client"
	}
	return "connection lost"
}
