// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package stream

func (s *Stream) over() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// abort resets the stream for a reason of this end's.
func (s *Stream) abort(code Code, err error) {
	s.mu.Lock()
	defer s.unlock()
	s.failLocked(code, err)
}

// failLocked resets the application and says so to the other end, for which a
// new channel is needed if there is none.
func (s *Stream) failLocked(code Code, err error) {
	if s.closed {
		return
	}
	s.rst = code
	s.closeLocked(err)
	s.sayLocked()
	if s.needsLocked() && s.host.cfg.Detached != nil {
		s.later(func() { s.host.cfg.Detached(s) })
	}
	if s.generation == 0 {
		s.doneLocked() // nobody else knows of it
	}
}

// settleLocked closes the stream when both directions have come to their end.
func (s *Stream) settleLocked() {
	if s.finKnown && !s.finDone && s.app != nil && !s.closed && !s.draining && s.written == s.finAt {
		if err := s.app.CloseWrite(); err != nil {
			s.failLocked(CodeReset, err)
			return
		}
		s.finDone, s.ackDue = true, true
		s.host.give(s.peer, s.heldIn) // nothing more can come
		s.heldIn = 0
		s.sayLocked()
	}
	if s.finDone && s.eof && s.acked == s.end+1 && !s.closed {
		s.closeLocked(nil)
		s.sayLocked()
	}
}

// closeLocked lets the application go, and all memory.
func (s *Stream) closeLocked(err error) {
	s.closed, s.err = true, err
	for _, list := range [][]*chunk{s.chunks, s.queue} {
		for _, ck := range list {
			ck.release()
		}
	}
	s.chunks, s.queue = nil, nil
	s.host.give(s.peer, s.held+s.heldIn)
	s.held, s.heldIn = 0, 0
	if s.ackTimer != nil {
		s.ackTimer.Stop()
	}
	s.room.Broadcast()
	if app := s.app; app != nil {
		s.app = nil // what is remembered must be small
		s.later(func() {
			if err == nil {
				_ = app.Close() // both directions have ended
			} else {
				_ = app.Reset()
			}
		})
	}
	if s.host.cfg.Ended != nil {
		s.later(func() { s.host.cfg.Ended(s, err) })
	}
}

// parted is called by a channel when both ends have confirmed the end.
func (s *Stream) parted(c *Channel) {
	s.mu.Lock()
	defer s.unlock()
	if s.ch == c {
		s.ch = nil
		s.doneLocked()
	}
}

// doneLocked forgets the stream.
func (s *Stream) doneLocked() {
	s.rst = 0
	if s.detachedAt > 0 {
		s.detachedAt = 0
		if s.generation > 0 {
			s.host.waits(s.peer, -1)
		}
	}
	s.later(func() { s.host.forget(s) })
}
