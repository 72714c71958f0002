// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"sync"
	"time"
)

// Stream is one connection of an application, at one of its ends. Its states
// and what always holds are in docs/streams.md.
type Stream struct {
	host    *Host
	id      ID
	visitor bool // this end
	service string
	begun   time.Time
	// The other end; a visitor gets to know it with the first channel. Guarded
	// by host.mu while the stream is listed.
	peer   Peer
	remote Instance

	mu    sync.Mutex // guards the fields below
	after []func()   // to be called when mu is free
	tag   any
	app   App // nil until it has one, see Open and Join

	// The channel, and what is to be said on it first.
	ch         *Channel
	last       *Channel      // the latest it had
	generation uint64        // grows with each channel; a higher one fences the lower
	greet      kind          // kOpen, kResume, kResumed; 0: it has been said
	known      bool          // the other end has the stream
	syncing    bool          // nothing but greet before the other end's state
	opened     bool          // kOpened is to be said
	reached    bool          // the visitor has heard it
	accepted   bool          // the provider has been told of it
	stays      time.Duration // how long it waits for a channel: what both ends agree to
	detachedAt int64         // on the host's clock; 0: it has a channel, or needs none

	// What the application says: kept from acked to end.
	chunks   []*chunk
	acked    uint64 // written by the other end, and one for its FIN
	sendAt   uint64 // the next to be sent on this channel
	end      uint64
	limit    uint64 // the other end takes bytes up to here
	held     int64  // of the budget, for chunks
	eof      bool   // nothing comes after end
	finSent  bool   // on this channel
	stalled  bool   // the pump waits for room
	room     *sync.Cond
	promised uint64 // to the pump: it may read that much at any time
	yields   bool   // credit that lies idle is to be given back
	idleEnd  uint64 // end when it was last seen to move
	idleAt   int64  // and when that was

	// What the application is told: in queue from written to got.
	queue    []*chunk
	got      uint64
	written  uint64
	told     uint64 // of written, with the FIN as one
	granted  uint64 // promised to the other end
	window   uint64
	heldIn   int64 // of the budget, for the window beyond what is guaranteed
	draining bool  // a goroutine writes what is in queue
	finKnown bool
	finAt    uint64
	finDone  bool // the application has it
	fresh    bool // something has come since the channel was last looked at
	ackDue   bool
	ackTimer *time.Timer
	ackArmed bool
	markAt   uint64 // where the window was last looked at, and when
	markTime int64

	// The end. A stream that is closed is remembered until both ends have said
	// so, or the time is over (rules S10).
	closed bool
	err    error
	rst    Code // to be said; 0: none
	probed int64

	resumptions uint64
	lastFault   error
	faultAt     time.Time
}

func (h *Host) newStream(peer Peer, visitor bool, service string) *Stream {
	s := &Stream{
		host: h, peer: peer, visitor: visitor, service: service, begun: time.Now(),
		limit: guaranteed, granted: guaranteed, window: guaranteed, markTime: h.now(), stays: h.cfg.Resume,
	}
	s.room = sync.NewCond(&s.mu)
	return s
}

func (s *Stream) keyLocked() key {
	return key{peer: s.peer, visitor: s.visitor, remote: s.remote, id: s.id}
}

// ID returns the stream's name.
func (s *Stream) ID() ID { return s.id }

// Peer returns who is at the other end; of a visitor's stream that had no
// channel yet, nobody.
func (s *Stream) Peer() Peer {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.peer
}

// Visitor reports whether this end opened the stream.
func (s *Stream) Visitor() bool { return s.visitor }

// Service returns what it was opened to.
func (s *Stream) Service() string { return s.service }

// Tag returns what SetTag or Open was given last.
func (s *Stream) Tag() any {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tag
}

// SetTag keeps something for the owner.
func (s *Stream) SetTag(tag any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tag = tag
}

// NeedsChannel reports whether the stream has none and has a use for one.
func (s *Stream) NeedsChannel() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.needsLocked()
}

func (s *Stream) needsLocked() bool {
	return s.ch == nil && (!s.closed || s.rst != 0 && s.generation > 0) && s.detachedAt > 0 &&
		s.awayLocked(s.host.now()) <= s.stays
}

// awayLocked is how long the stream has been without a channel.
func (s *Stream) awayLocked(now int64) time.Duration {
	if s.ch != nil || s.detachedAt == 0 {
		return 0
	}
	return time.Duration(now - s.detachedAt)
}

// floorLocked is the offset from which on bytes are kept.
func (s *Stream) floorLocked() uint64 { return min(s.acked, s.end) }

// Info is a stream as it is at a moment.
type Info struct {
	ID          ID
	Peer        Peer
	Visitor     bool
	Service     string
	Begun       time.Time
	Channel     *Channel // nil: it waits for one
	Last        *Channel // the latest; nil: it had none yet
	In, Out     uint64   // bytes from and to the other end
	Unacked     uint64
	Resumptions uint64
	LastFault   error
	FaultAt     time.Time
	Tag         any
}

// Info returns the stream's figures.
func (s *Stream) Info() Info {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Info{
		ID: s.id, Peer: s.peer, Visitor: s.visitor, Service: s.service, Begun: s.begun, Channel: s.ch, Last: s.last,
		In: s.written, Out: s.end, Unacked: s.end - s.floorLocked(), Resumptions: s.resumptions,
		LastFault: s.lastFault, FaultAt: s.faultAt, Tag: s.tag,
	}
}

// Reset ends the stream at both ends.
func (s *Stream) Reset(code Code) { s.abort(code, &ResetError{Code: code}) }

// Say has the visitor's stream carry b, of a few bytes, before all that its
// application will say. It is called before Join.
func (s *Stream) Say(b []byte) {
	ck := newChunk(len(b))
	ck.n = copy(ck.space(), b)
	s.took(ck)
	s.send()
}

// Final tells a visitor's stream that no channel will come any more. It keeps the
// one that it has; without one it ends, and is not remembered: the provider has
// been told by others.
func (s *Stream) Final() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stays = 0 // Host.watch sees it
}

// Join gives the stream its application: the provider's, or that of a visitor who
// has opened it without one.
func (s *Stream) Join(app App) {
	s.mu.Lock()
	defer s.unlock()
	if s.closed {
		s.later(func() { _ = app.Reset() })
		return
	}
	s.app, s.opened = app, !s.visitor
	s.host.spawn(func() { s.pump(app) })
	s.drainLocked()
	s.settleLocked()
	s.sayLocked()
}

func (s *Stream) accept() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.accepted = true
}

// Refuse ends the provider's stream that cannot have an application.
func (s *Stream) Refuse(code Code) { s.abort(code, &ResetError{Code: code}) }

// unlock calls what must not be called with the lock.
func (s *Stream) unlock() {
	after := s.after
	s.after = nil
	s.mu.Unlock()
	for _, f := range after {
		f()
	}
}

func (s *Stream) later(f func()) { s.after = append(s.after, f) }

// sayLocked has the channel's writer come by.
func (s *Stream) sayLocked() {
	if s.ch != nil {
		s.later(s.ch.flushSoon)
	}
}
