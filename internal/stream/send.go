// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"errors"
	"io"
)

// pump reads from the application until its end, as long as the other end takes
// it. It holds no buffer while it waits, if the connection allows that.
func (s *Stream) pump(app App) {
	in := intake{app: app, size: classes[1]}
	in.lazy, _ = app.(lazyReader)
	in.try, _ = app.(tryReader)
	for {
		if in.room = s.await(); in.room == 0 {
			return
		}
		n, err := in.read()
		if n > 0 {
			s.took(in.chunk(n))
		}
		in.put()
		some := n > 0
		for frames := 1; frames < maxBatch && n == maxData && err == nil; frames++ {
			n, err = s.more(&in)
		}
		if some {
			s.send()
		}
		switch {
		case errors.Is(err, io.EOF):
			s.finished()
			return
		case err != nil:
			s.abort(CodeReset, err)
			return
		}
	}
}

// maxBatch is how many frames of the greatest size are one write, and one event
// for everybody on the way.
const maxBatch = 4

// more takes what has come behind a chunk of the greatest size. It does not wait.
func (s *Stream) more(in *intake) (int, error) {
	if in.try == nil {
		return 0, nil
	}
	s.mu.Lock()
	in.room = s.takesLocked()
	s.mu.Unlock()
	if in.room == 0 {
		return 0, nil
	}
	n, err := in.try.TryRead(in.get())
	if n > 0 {
		s.took(in.chunk(n))
	}
	in.put()
	return n, err
}

// intake reads from an application into chunks of a fitting size.
type intake struct {
	app  App
	lazy lazyReader
	try  tryReader
	room int // at most that many bytes
	size int // of the next chunk, as the last ones were
	ck   *chunk
}

func (in *intake) read() (int, error) {
	if in.lazy != nil {
		return in.lazy.ReadLazily(in.get, in.put)
	}
	return in.app.Read(in.get())
}

func (in *intake) get() []byte {
	in.ck = newChunk(min(in.size, in.room))
	space := in.ck.space()
	return space[:min(len(space), in.room)]
}

func (in *intake) put() {
	if in.ck != nil {
		in.ck.release()
		in.ck = nil
	}
}

// chunk returns what n bytes were read into.
func (in *intake) chunk(n int) *chunk {
	ck := in.ck
	in.ck = nil
	switch space := len(ck.space()); {
	case n == space:
		in.size = maxData
	case n < space/8:
		in.size = classes[1]
	}
	ck.n = n
	return ck
}

// await waits until the other end takes more, and returns how much; 0 when the
// stream is closed.
func (s *Stream) await() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	for !s.closed {
		if n := s.takesLocked(); n > 0 {
			return n
		}
		if s.mostLocked() < s.limit && s.growLocked() {
			continue
		}
		s.stalled = true
		s.room.Wait()
		s.stalled = false
	}
	return 0
}

// mostLocked is the offset up to which the other end and our memory let us go.
func (s *Stream) mostLocked() uint64 {
	return min(s.limit, s.floorLocked()+guaranteed+uint64(s.held))
}

// takesLocked returns how much may be read now.
func (s *Stream) takesLocked() int {
	if most := s.mostLocked(); s.end < most && !s.closed {
		s.promised = min(most-s.end, maxData)
		return int(s.promised)
	}
	return 0
}

// growLocked takes memory for what the other end would take. A stream without a
// channel takes no more (rules S9).
func (s *Stream) growLocked() bool {
	more := min(max(s.held, guaranteed), int64(s.host.cfg.MaxWindow)-guaranteed-s.held)
	if s.ch == nil || more <= 0 || !s.host.take(s.peer, more) {
		return false
	}
	s.held += more
	return true
}

// took keeps what the application has said.
func (s *Stream) took(ck *chunk) {
	s.mu.Lock()
	if s.closed {
		ck.release()
		s.mu.Unlock()
		return
	}
	s.end += uint64(ck.n)
	if last := len(s.chunks) - 1; last < 0 || !s.chunks[last].join(ck) {
		ck = ck.fit()
		ck.offset = s.end - uint64(ck.n)
		putDataHead(ck.buf, ck.offset, ck.n)
		s.chunks = append(s.chunks, ck)
	}
	s.mu.Unlock()
}

// finished notes that the application says no more.
func (s *Stream) finished() {
	s.mu.Lock()
	s.eof = true
	s.mu.Unlock()
	s.send()
}

// send writes what there is to say, if there is a channel.
func (s *Stream) send() {
	s.mu.Lock()
	c := s.ch
	s.mu.Unlock()
	if c != nil {
		c.flush()
	}
}

// small is up to where data is copied to go in one record with what precedes
// it.
const small = 1400

// next returns what is to be written next: frames appended to b, and a chunk
// whose frame follows them, which the caller releases. Neither: nothing.
func (s *Stream) next(c *Channel, b []byte) ([]byte, *chunk) {
	s.mu.Lock()
	defer s.unlock()
	if s.ch != c {
		return b, nil
	}
	b = s.greetLocked(b)
	if s.syncing {
		return b, nil
	}
	if s.opened {
		s.opened = false
		opened := frame{kind: kOpened}
		b = opened.append(b)
	}
	if s.yields {
		b = s.yieldLocked(b)
	}
	if s.ackDue || s.sendAt < s.end && s.confirmed() > s.told {
		b = s.ackLocked(b)
	}
	if s.closed {
		return s.endLocked(c, b), nil
	}
	if s.sendAt < s.end {
		return s.dataLocked(b)
	}
	if s.eof && !s.finSent && s.acked <= s.end {
		s.finSent = true
		fin := frame{kind: kFin, n: s.end}
		b = fin.append(b)
	}
	return b, nil
}

// greetLocked says what a new channel begins with.
func (s *Stream) greetLocked(b []byte) []byte {
	f := frame{kind: s.greet, id: s.id, generation: s.generation}
	switch s.greet {
	case kOpen:
		f.service = s.service
	case kResume, kResumed:
		f.state = s.stateLocked()
	default:
		return b
	}
	s.greet = 0
	return f.append(b)
}

// endLocked says that the stream is over, once on each channel. If the other
// end has said so before, the channel is free with that: what it says next may
// come before this end has got to write.
func (s *Stream) endLocked(c *Channel, b []byte) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.sentEnd || c.stream != s {
		return b
	}
	if c.sentEnd = true; c.gotEnd {
		s.later(func() { c.part(s) })
	}
	if s.rst != 0 {
		rst := frame{kind: kRst, n: uint64(s.rst)}
		b = rst.append(b)
	}
	end := frame{kind: kEnd}
	return end.append(b)
}

// dataLocked returns the chunk at sendAt, or what of it the other end has yet
// to get.
func (s *Stream) dataLocked(b []byte) ([]byte, *chunk) {
	i := 0
	for s.chunks[i].end() <= s.sendAt {
		i++
	}
	ck := s.chunks[i]
	if skip := int(s.sendAt - ck.offset); skip > 0 {
		rest := newChunk(ck.n - skip)
		rest.offset = s.sendAt
		rest.n = copy(rest.space(), ck.data()[skip:])
		putDataHead(rest.buf, rest.offset, rest.n)
		ck = rest
	} else {
		ck.hold()
	}
	s.sendAt = ck.end()
	if ck.n <= small {
		b = append(b, ck.frame()...)
		ck.release()
		return b, nil
	}
	return b, ck
}

// ackedLocked takes the other end's word for what it has written, and for what
// it takes.
func (s *Stream) ackedLocked(written, limit uint64) error {
	most := s.sendAt
	if s.eof && most == s.end {
		most++
	}
	if written > most {
		return protocolError("it confirms what was never sent")
	}
	// A limit comes with news only: this end may have given back the last one.
	if written > s.acked {
		s.acked, s.limit = written, max(s.limit, limit)
		n := 0
		for n < len(s.chunks) && s.chunks[n].end() <= s.acked {
			s.chunks[n].release()
			s.chunks[n] = nil
			n++
		}
		s.chunks = s.chunks[n:]
		if len(s.chunks) == 0 {
			s.chunks = nil // memory only while something is unconfirmed
			s.host.give(s.peer, s.held)
			s.held = 0
		}
	}
	s.room.Signal()
	s.settleLocked()
	return nil
}
