// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// Channel carries one stream at a time (rules S2). One goroutine reads from it
// and never waits for anything else; whoever has something to say writes, if
// nobody does, and whoever writes says what others have as well.
type Channel struct {
	host    *Host
	path    Path
	peer    Peer
	visitor bool // this end
	tag     any
	scan    scanner
	heard   atomic.Int64  // when the other end was
	signs   atomic.Uint64 // of life, that have come
	rtt     atomic.Int64

	mu      sync.Mutex    // guards the fields below; inside a stream's
	greeted bool          // the other end has said hello
	remote  Instance      // and who it is
	window  time.Duration // and how long it keeps streams
	stream  *Stream
	sentEnd bool   // of stream
	gotEnd  bool   // of stream
	ctl     []byte // frames that are no stream's
	writing bool
	again   bool          // there is more for whoever writes
	calm    chan struct{} // closed when nobody writes any more; nil if nobody waits
	empty   chan struct{} // closed when it carries nothing any more, or has ended; as calm
	asked   int64         // when the ping was queued that is not answered; 0: none is
	signsAt uint64        // signs at that time
	pinged  int64         // what the last ping says; 0: its pong has come
	doubted bool          // only a pong will do
	err     error         // it has ended, or is about to
}

var errBusy = errors.New("the channel is not free")

// Tag returns what Serve was given.
func (c *Channel) Tag() any { return c.tag }

// Peer returns who is at the other end.
func (c *Channel) Peer() Peer { return c.peer }

// Close ends the channel. Its stream, if it carries one, is detached.
func (c *Channel) Close() { c.kill(ErrClosed) }

// kill ends the channel; read does the rest.
func (c *Channel) kill(err error) {
	c.mu.Lock()
	if c.err == nil {
		c.err = err
	}
	c.emptyLocked()
	c.mu.Unlock()
	_ = c.path.Close()
}

// read handles what comes until the channel ends.
func (c *Channel) read() {
	err := c.frames()
	c.kill(err)
	c.mu.Lock()
	s := c.stream
	c.stream, err = nil, c.err
	c.mu.Unlock()
	h := c.host
	h.mu.Lock()
	delete(h.channels, c)
	h.mu.Unlock()
	if s != nil {
		s.detach(c, err)
	}
	if h.cfg.Lost != nil {
		h.cfg.Lost(c, err)
	}
}

func (c *Channel) frames() error {
	for {
		f, n, err := c.scan.next()
		if err != nil {
			return err
		}
		c.alive()
		if err := c.handle(f, n); err != nil {
			return err
		}
	}
}

func (c *Channel) handle(f frame, n int) error {
	if !c.greeted {
		return c.hello(f)
	}
	switch f.kind {
	case kPing:
		return c.answer(frame{kind: kPong, n: f.n})
	case kPong:
		c.ponged(f.n)
		return nil
	case kOpen, kResume:
		if c.visitor {
			return protocolError("it opens a stream, which only visitors do")
		}
		return c.host.opened(c, f)
	default:
		return c.ofStream(f, n)
	}
}

// ofStream passes on what is about the stream.
func (c *Channel) ofStream(f frame, n int) error {
	c.mu.Lock()
	s := c.stream
	c.mu.Unlock()
	switch {
	case s == nil:
		return protocolError("a frame of no stream")
	case f.kind == kData:
		return s.data(c, f.n, n)
	case f.kind == kEnd:
		return c.ended(s)
	}
	return s.handle(c, f)
}

// alive notes a sign of life.
func (c *Channel) alive() {
	c.heard.Store(c.host.now())
	c.signs.Add(1)
}

// maxAnswers bounds what waits for a peer that asks without listening.
const maxAnswers = 1 << 10

// answer says something that is no stream's.
func (c *Channel) answer(f frame) error {
	c.mu.Lock()
	full := len(c.ctl) > maxAnswers
	if !full {
		c.ctl = f.append(c.ctl)
	}
	c.mu.Unlock()
	if full {
		return protocolError("it asks and does not take the answers")
	}
	c.flushSoon()
	return nil
}

// hello is the first frame.
func (c *Channel) hello(f frame) error {
	if f.kind != kHello || f.version < version {
		return protocolError("it does not say hello")
	}
	c.mu.Lock()
	c.greeted, c.remote, c.window = true, f.instance, time.Duration(f.n)*time.Millisecond
	c.mu.Unlock()
	c.free()
	return nil
}

// free tells the visitor that the channel can be used.
func (c *Channel) free() {
	if c.visitor && c.host.cfg.Ready != nil {
		c.host.cfg.Ready(c)
	}
}

// ended takes the other end's end of the stream.
func (c *Channel) ended(s *Stream) error {
	if !s.over() {
		return protocolError("an end of what has not ended")
	}
	c.mu.Lock()
	c.gotEnd = true
	both := c.sentEnd
	c.mu.Unlock()
	if both {
		c.part(s)
	}
	return nil
}

// part lets stream and channel go: both ends have confirmed the stream's end.
func (c *Channel) part(s *Stream) {
	c.mu.Lock()
	mine := c.leaveLocked(s)
	c.mu.Unlock()
	if mine {
		s.parted(c)
		c.free()
	}
}

// leaveLocked empties the channel, if s is what it carries.
func (c *Channel) leaveLocked(s *Stream) bool {
	if c.stream != s {
		return false
	}
	c.stream, c.sentEnd, c.gotEnd = nil, false, false
	c.emptyLocked()
	return true
}
