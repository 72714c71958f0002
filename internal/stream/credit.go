// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package stream

// A receiver's promise holds memory of its budget even if nothing is sent, and
// cannot be taken back by it, since bytes may be on their way. So a sender with
// nothing to say gives it back: streams that were fast once would otherwise
// leave none for those that are now.

// idleLocked looks whether the application has said nothing for a while.
func (s *Stream) idleLocked(now int64) {
	if s.end != s.idleEnd || s.idleAt == 0 {
		s.idleEnd, s.idleAt = s.end, now
		return
	}
	if now-s.idleAt < int64(idleFor) || s.ch == nil || s.syncing || s.limit <= s.keepLocked() {
		return
	}
	s.yields = true
	s.sayLocked()
}

// keepLocked is the limit that a silent stream needs.
func (s *Stream) keepLocked() uint64 { return s.end + max(guaranteed, s.promised) }

// yieldLocked gives credit back. Everything must be confirmed, so that no limit
// that was told before can still be on its way.
func (s *Stream) yieldLocked(b []byte) []byte {
	s.yields = false
	keep := s.keepLocked()
	if s.closed || s.eof || s.acked != s.end || s.limit <= keep {
		return b
	}
	s.limit = keep
	f := frame{kind: kYield, n: keep}
	return f.append(b)
}

// yieldedLocked takes credit back from the other end.
func (s *Stream) yieldedLocked(limit uint64) error {
	if limit < s.got || limit > s.granted {
		return protocolError("it gives back what it does not have")
	}
	s.granted = limit
	window := max(guaranteed, limit-s.written)
	if back := int64(s.window) - int64(window); back > 0 && back <= s.heldIn {
		s.window = window
		s.heldIn -= back
		s.host.give(s.peer, back)
	}
	s.markAt, s.markTime = s.written, s.host.now()
	return nil
}
