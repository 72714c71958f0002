// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"errors"
	"time"
)

// Attach has a visitor's stream go on over a channel that carries nothing. The
// stream's old channel, if it has one, is given up.
func (s *Stream) Attach(c *Channel) error {
	s.mu.Lock()
	defer s.unlock()
	if !s.visitor || s.detachedAt == 0 && s.ch == nil {
		return errors.New("the stream needs no channel")
	}
	c.mu.Lock()
	if c.err != nil || c.stream != nil || !c.greeted {
		c.mu.Unlock()
		return errBusy
	}
	if s.generation > 0 && (c.remote != s.remote || c.peer != s.peer) {
		c.mu.Unlock()
		if s.ch != nil {
			return errors.New("the stream is somebody else's")
		}
		// The other process is gone, and what it had with it (rules S3); or it has
		// another key (rules S14).
		s.rst = 0
		if !s.closed {
			s.closeLocked(&ResetError{Code: CodeGone})
		}
		s.doneLocked()
		return &ResetError{Code: CodeGone}
	}
	c.stream, c.sentEnd, c.gotEnd = s, false, false
	remote, window := c.remote, c.window
	c.mu.Unlock()
	s.stays = min(s.stays, window)
	if s.generation == 0 {
		s.host.rekey(s, c.peer, remote)
	}
	s.moveLocked(c)
	s.generation++
	s.syncing = s.generation > 1
	// A stream of which the other end may not have heard is opened again; one
	// that is to be reset must not begin there.
	if s.greet = kResume; !s.known && !s.closed {
		s.greet = kOpen
	}
	s.later(c.flushSoon)
	return nil
}

// moveLocked takes a channel in place of the old one.
func (s *Stream) moveLocked(c *Channel) {
	if old := s.ch; old != nil {
		s.later(func() { old.kill(ErrFenced) })
	}
	if s.detachedAt > 0 && s.generation > 0 {
		s.host.waits(s.peer, -1)
	}
	s.ch, s.last, s.detachedAt = c, c, 0
	s.finSent, s.yields = false, false
	s.opened = !s.visitor && s.app != nil // which may have been lost
}

// detach is called when a channel has ended.
func (s *Stream) detach(c *Channel, err error) {
	s.mu.Lock()
	defer s.unlock()
	if s.ch != c {
		return
	}
	s.ch, s.detachedAt = nil, s.host.now()
	s.syncing, s.greet = false, 0
	if s.lastFault == nil || !s.closed {
		s.lastFault, s.faultAt = err, time.Now()
	}
	if !s.host.waits(s.peer, 1) {
		s.failLocked(CodeBusy, &ResetError{Code: CodeBusy})
		if s.visitor || !s.accepted {
			s.doneLocked() // it cannot begin a second time, so it may be forgotten
		}
		return
	}
	if s.needsLocked() && s.host.cfg.Detached != nil {
		s.later(func() { s.host.cfg.Detached(s) })
	}
}

// opened is a provider's part: a visitor opens a stream, or goes on with one.
func (h *Host) opened(c *Channel, f frame) error {
	c.mu.Lock()
	free, remote, window := c.stream == nil, c.remote, c.window
	c.mu.Unlock()
	if !free {
		return protocolError("it opens a stream within another")
	}
	h.mu.Lock()
	s := h.streams[key{peer: c.peer, remote: remote, id: f.id}]
	h.mu.Unlock()
	switch {
	case s != nil:
		return s.resume(c, f)
	case f.kind == kOpen:
		return h.begin(c, f, remote, window)
	}
	return c.answer(frame{kind: kGone})
}

// begin makes the provider's end of a new stream.
func (h *Host) begin(c *Channel, f frame, remote Instance, window time.Duration) error {
	s := h.newStream(c.peer, false, f.service)
	s.id, s.remote, s.generation, s.known, s.ch, s.last = f.id, remote, f.generation, true, c, c
	s.stays = min(s.stays, window)
	if f.generation > 1 {
		s.greet = kResumed // the visitor does not know whether we had it
	}
	// Under the lock: once it is listed, another channel may resume it.
	s.mu.Lock()
	is, crowd, err := h.addOnce(s)
	if err == nil && is == s {
		c.mu.Lock()
		c.stream, c.sentEnd, c.gotEnd = s, false, false
		c.mu.Unlock()
	}
	s.mu.Unlock()
	if err != nil {
		return err
	}
	if is != s {
		return is.resume(c, f) // another channel was faster
	}
	if f.generation > 1 {
		c.flushSoon()
	}
	switch {
	case crowd:
		s.Refuse(CodeBusy)
	case h.cfg.Accept == nil:
		s.Refuse(CodeNoService)
	default:
		s.accept()
		h.cfg.Accept(s, c, f.service)
	}
	return nil
}

// resume goes on with a stream that the provider has. The visitor's state of a
// stream that it opens again, not knowing whether it was there, is the first.
func (s *Stream) resume(c *Channel, f frame) error {
	s.mu.Lock()
	defer s.unlock()
	if f.generation <= s.generation {
		return protocolError("it resumes a stream over an older channel")
	}
	if f.kind == kOpen {
		f.state = state{limit: guaranteed}
	}
	if err := s.syncLocked(f.state); err != nil {
		return err
	}
	s.moveLocked(c)
	s.generation, s.greet = f.generation, kResumed
	s.resumptions++
	c.mu.Lock()
	c.stream, c.sentEnd, c.gotEnd = s, false, false
	c.mu.Unlock()
	s.later(c.flushSoon)
	return nil
}

// resumedLocked is the visitor's part: the provider has told its state.
func (s *Stream) resumedLocked(f frame) error {
	if !s.syncing || f.generation != s.generation {
		return protocolError("a state that was not asked for")
	}
	if err := s.syncLocked(f.state); err != nil {
		return err
	}
	s.syncing, s.known = false, true
	s.resumptions++
	s.sayLocked()
	return nil
}

// syncLocked goes back to what the other end has got. Of a closed stream there
// is nothing to be sent but its end.
func (s *Stream) syncLocked(st state) error {
	if s.closed {
		return nil
	}
	if st.got < s.floorLocked() || st.got > s.end || st.limit < st.got {
		return protocolError("it has got what was never sent, or lost what it had")
	}
	s.sendAt = st.got
	if err := s.ackedLocked(st.written, st.limit); err != nil {
		return err
	}
	s.limit = st.limit // also if a yield was lost
	return nil
}

// goneLocked takes it that the other end does not know the stream: a clean end
// if nothing is outstanding either way, else a reset (rules S10).
func (s *Stream) goneLocked(c *Channel) error {
	if !s.visitor || !s.syncing {
		return protocolError("a stream is gone that was not asked for")
	}
	s.syncing, s.rst = false, 0
	if !s.closed {
		s.closeLocked(&ResetError{Code: CodeGone, Remote: true})
	}
	// It is an end as well, and nothing must be said of the stream after it.
	c.mu.Lock()
	mine := c.leaveLocked(s)
	c.mu.Unlock()
	if mine {
		s.ch = nil
		s.doneLocked()
		s.later(c.free)
	}
	return nil
}
