// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"errors"
	"io"
	"time"
)

// ackDelay is how long an acknowledgement waits for something to go with.
const ackDelay = 25 * time.Millisecond

// data reads n bytes of the other end's application, and passes them on as they
// come: the channel's reader never waits for the application (rules S7).
func (s *Stream) data(c *Channel, offset uint64, n int) error {
	for n > 0 {
		ck := newChunk(n)
		space := ck.space()
		space = space[:min(n, len(space))]
		for ck.n < len(space) {
			m, err := c.path.Read(space[ck.n:])
			ck.n += m
			if err != nil {
				// What has come is not lost: it will be sent again.
				ck.release()
				if errors.Is(err, io.EOF) {
					err = io.ErrUnexpectedEOF
				}
				return err
			}
			if !c.path.Buffered() {
				break // it may be long until there is more
			}
		}
		c.alive()
		ck.offset = offset
		offset += uint64(ck.n)
		n -= ck.n
		if err := s.deliver(c, ck); err != nil {
			return err
		}
	}
	return nil
}

// deliver takes a chunk in order.
func (s *Stream) deliver(c *Channel, ck *chunk) error {
	s.mu.Lock()
	defer s.unlock()
	switch {
	case s.ch != c:
		ck.release()
		return ErrFenced
	case s.closed:
		ck.release() // it crossed with our reset
		return nil
	case s.syncing || ck.offset > s.got:
		ck.release()
		return protocolError("bytes are missing")
	case ck.end() > s.granted:
		ck.release()
		return protocolError("it sends more than it may")
	case s.finKnown && ck.end() > s.finAt:
		ck.release()
		return protocolError("bytes after the last")
	case ck.end() <= s.got:
		ck.release() // we have it
		return nil
	}
	s.known, s.fresh = true, true
	skip := int(s.got - ck.offset)
	s.got = ck.end()
	done := skip
	if t, ok := s.app.(tryWriter); ok && len(s.queue) == 0 && !s.draining {
		n, err := t.TryWrite(ck.data()[skip:])
		if err != nil {
			ck.release()
			s.failLocked(CodeReset, err)
			return nil
		}
		done += n
		s.wroteLocked(n)
	}
	if done == ck.n {
		ck.release()
		return nil
	}
	// What is left keeps its place in the chunk.
	rest := ck
	if done > 0 {
		copy(ck.space(), ck.data()[done:])
		ck.offset += uint64(done)
		ck.n -= done
	}
	if last := len(s.queue) - 1; last < 0 || !s.queue[last].join(rest) {
		s.queue = append(s.queue, rest.fit())
	}
	s.drainLocked()
	return nil
}

// drainLocked has a goroutine write what is in the queue; it ends when there is
// nothing left.
func (s *Stream) drainLocked() {
	if s.draining || s.app == nil || len(s.queue) == 0 {
		return
	}
	s.draining = true
	s.host.spawn(s.drain)
}

func (s *Stream) drain() {
	for {
		s.mu.Lock()
		if s.closed || len(s.queue) == 0 {
			s.draining = false
			s.settleLocked()
			s.unlock()
			return
		}
		ck, app := s.queue[0], s.app
		s.queue[0] = nil
		s.queue = s.queue[1:]
		s.mu.Unlock()
		n, err := app.Write(ck.data())
		ck.release()
		s.mu.Lock()
		if !s.closed {
			s.wroteLocked(n)
			if err != nil {
				s.failLocked(CodeReset, err)
			}
		}
		s.unlock()
	}
}

// wroteLocked notes that the application has n bytes more, and tells the other
// end if it is time.
func (s *Stream) wroteLocked(n int) {
	if n <= 0 {
		return
	}
	s.written += uint64(n)
	if s.written-s.markAt >= s.window {
		s.widenLocked()
	}
	if s.written-min(s.told, s.written) >= s.window/4 {
		s.ackDue = true
		s.sayLocked()
		return
	}
	if s.ackArmed {
		return
	}
	s.ackArmed = true
	if s.ackTimer == nil {
		s.ackTimer = time.AfterFunc(ackDelay, s.ackNow)
	} else {
		s.ackTimer.Reset(ackDelay)
	}
}

func (s *Stream) ackNow() {
	s.mu.Lock()
	defer s.unlock()
	s.ackArmed = false
	if s.confirmed() > s.told && !s.closed {
		s.ackDue = true
		s.sayLocked()
	}
}

// widenLocked doubles the window of an application that takes all as it comes,
// when the path can fill it within few round trips.
func (s *Stream) widenLocked() {
	now := s.host.now()
	took := time.Duration(now - s.markTime)
	s.markAt, s.markTime = s.written, now
	more := min(s.window, uint64(s.host.cfg.MaxWindow)-s.window)
	if s.got-s.written > s.window/4 || s.ch == nil || more == 0 {
		return
	}
	if took > 4*s.ch.RTT()+10*time.Millisecond || !s.host.take(s.peer, int64(more)) {
		return
	}
	s.heldIn += int64(more)
	s.window += more
}

// confirmed is what the other end may forget: bytes, and one for the FIN.
func (s *Stream) confirmed() uint64 {
	if s.finDone {
		return s.finAt + 1
	}
	return s.written
}

// ackLocked says what is confirmed, and what may come.
func (s *Stream) ackLocked(b []byte) []byte {
	ack := frame{kind: kAck, state: s.stateLocked()}
	return ack.append(b)
}

// stateLocked is what is now being said of what has come. It alone notes what
// has been said: what is written a moment later must be said again.
func (s *Stream) stateLocked() state {
	s.ackDue = false
	s.told = s.confirmed()
	s.granted = max(s.granted, s.written+s.window)
	return state{got: s.got, written: s.told, limit: s.granted}
}

// handle takes a frame of the stream that is not data.
func (s *Stream) handle(c *Channel, f frame) error {
	s.mu.Lock()
	defer s.unlock()
	if s.ch != c {
		return ErrFenced
	}
	switch {
	case f.kind == kResumed:
		return s.resumedLocked(f)
	case f.kind == kGone:
		return s.goneLocked(c)
	case s.closed && f.kind != kRst:
		return nil // it crossed with our end
	case s.syncing:
		return protocolError("a frame before the other end's state")
	}
	s.known = true
	switch f.kind {
	case kOpened:
		if s.visitor && !s.reached {
			s.reached = true
			if s.host.cfg.Opened != nil {
				s.later(func() { s.host.cfg.Opened(s) })
			}
		}
		return nil
	case kYield:
		return s.yieldedLocked(f.n)
	case kAck:
		return s.ackedLocked(f.state.written, f.state.limit)
	case kFin:
		if f.n != s.got || s.finKnown && f.n != s.finAt {
			return protocolError("an end before the last byte")
		}
		s.finKnown, s.finAt = true, f.n
		s.settleLocked()
		return nil
	case kRst:
		if !s.closed {
			s.closeLocked(&ResetError{Code: Code(f.n), Remote: true})
		}
		s.sayLocked()
		return nil
	default:
		return protocolError("a frame in the wrong place")
	}
}
