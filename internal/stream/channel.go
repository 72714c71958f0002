// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"errors"
	"sync"
	"sync/atomic"
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
	heard   atomic.Int64 // when the other end was
	rtt     atomic.Int64

	mu      sync.Mutex // guards the fields below; inside a stream's
	greeted bool       // the other end has said hello
	remote  Instance   // and who it is
	stream  *Stream
	sentEnd bool   // of stream
	gotEnd  bool   // of stream
	ctl     []byte // frames that are no stream's
	writing bool
	again   bool          // there is more for whoever writes
	calm    chan struct{} // closed when nobody writes any more; nil if nobody waits
	asked   int64         // when the last ping was queued
	doubted bool
	err     error // it has ended, or is about to
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
		c.heard.Store(c.host.now())
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
		pong := frame{kind: kPong, n: f.n}
		c.mu.Lock()
		// A peer that asks without listening gets the last answer only.
		if len(c.ctl) < 256 {
			c.ctl = pong.append(c.ctl)
		}
		c.mu.Unlock()
		c.flushSoon()
		return nil
	case kPong:
		c.ponged(f.n)
		return nil
	case kOpen, kResume:
		if c.visitor {
			return protocolError("it opens a stream, which only visitors do")
		}
		return c.host.opened(c, f)
	}
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

// hello is the first frame.
func (c *Channel) hello(f frame) error {
	if f.kind != kHello || f.version < version {
		return protocolError("it does not say hello")
	}
	c.mu.Lock()
	c.greeted, c.remote = true, f.instance
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
	mine := c.stream == s
	if mine {
		c.stream, c.sentEnd, c.gotEnd = nil, false, false
	}
	c.mu.Unlock()
	if mine {
		s.parted(c)
		c.free()
	}
}

// flush writes what is to be written, unless somebody does.
func (c *Channel) flush() {
	if c.begin() {
		c.write()
	}
}

// flushSoon is flush for those who must not wait.
func (c *Channel) flushSoon() {
	if c.begin() {
		c.host.spawn(c.write)
	}
}

// begin reports whether the caller is to write.
func (c *Channel) begin() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.writing || c.err != nil {
		c.again = true
		return false
	}
	c.writing = true
	return true
}

// settle waits until all is written, or the channel has ended.
func (c *Channel) settle() {
	c.flush()
	c.mu.Lock()
	if !c.writing {
		c.mu.Unlock()
		return
	}
	if c.calm == nil {
		c.calm = make(chan struct{})
	}
	calm := c.calm
	c.mu.Unlock()
	<-calm
}

// flushAt is how many bytes are given to the path before it is flushed: more
// than a frame, so that several streams' worth of small ones go together.
const flushAt = 256 << 10

// write writes until there is nothing more to write.
func (c *Channel) write() {
	scratch := newChunk(0)
	defer scratch.release()
	for {
		c.mu.Lock()
		c.again = false
		b := append(scratch.buf[:0], c.ctl...)
		c.ctl = c.ctl[:0]
		s := c.stream
		c.mu.Unlock()
		if err := c.pass(s, b); err != nil {
			c.kill(err)
		}
		c.mu.Lock()
		ended := c.sentEnd && c.gotEnd && c.stream == s
		if c.err != nil || !c.again && len(c.ctl) == 0 && !ended {
			c.writing = false
			if c.calm != nil {
				close(c.calm)
				c.calm = nil
			}
			c.mu.Unlock()
			return
		}
		c.mu.Unlock()
		if ended {
			c.part(s)
		}
	}
}

// pass writes b, and all that a stream has to say.
func (c *Channel) pass(s *Stream, b []byte) error {
	for sum := 0; ; b = b[:0] {
		var data *chunk
		if s != nil {
			b, data = s.next(c, b)
		}
		if len(b) == 0 && data == nil {
			return c.path.Flush()
		}
		sum += len(b)
		_, err := c.path.Write(b)
		if data != nil {
			if err == nil {
				_, err = c.path.Write(data.frame())
			}
			sum += data.n
			data.release()
		}
		if err == nil && sum >= flushAt {
			sum = 0
			err = c.path.Flush()
		}
		if err != nil {
			return err
		}
		if s == nil {
			return c.path.Flush()
		}
	}
}
