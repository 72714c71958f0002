// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package relay

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/culvertd/culvert/internal/splice"
	"github.com/culvertd/culvert/internal/wire"
)

// Session is the leave of one visitor to use one service.
type Session struct {
	relay  *Relay
	spec   SessionSpec
	replay replay
	meter  meter
	udp    udpSession

	mu     sync.Mutex         // guards the fields below
	links  map[uint64]channel // open ones by the counter of their line
	opened atomic.Uint64
	ended  bool
}

// channel is one under way between two addresses; without a link while it is
// being paired.
type channel struct {
	link interface{ Reset() }
	ends [2]netip.Addr // visitor, provider
}

// reset ends the channel.
func (c channel) reset() {
	if c.link != nil {
		c.link.Reset()
	}
}

func newSession(r *Relay, spec SessionSpec) *Session {
	s := &Session{
		relay: r,
		spec:  spec,
		links: make(map[uint64]channel),
	}
	s.meter.session = s
	s.meter.active.Store(r.now.Load())
	return s
}

// ID returns the session's id.
func (s *Session) ID() string { return s.spec.ID }

// Blocks returns the first UDP id of the visitor's and of the provider's leg;
// 0 if the session carries TCP.
func (s *Session) Blocks() (visitor, provider uint32) { return s.udp.blocks() }

// Stats returns the session's live counters.
func (s *Session) Stats() SessionStats {
	s.mu.Lock()
	channels := len(s.links)
	s.mu.Unlock()
	return SessionStats{
		Up:         s.meter.moved[splice.Forward].Load(),
		Down:       s.meter.moved[splice.Backward].Load(),
		Channels:   channels,
		Opened:     s.opened.Load(),
		LastActive: time.Unix(s.meter.active.Load(), 0),
	}
}

// Close resets the session's channels and forgets its key. Repeating it does
// nothing.
func (s *Session) Close() { s.finish() }

// finish reports whether it was this call that ended the session.
func (s *Session) finish() bool {
	s.mu.Lock()
	if s.ended {
		s.mu.Unlock()
		return false
	}
	s.ended = true
	links := values(s.links)
	s.mu.Unlock()

	r := s.relay
	r.mu.Lock()
	delete(r.sessions, s.spec.Key.ID)
	r.mu.Unlock()
	r.udp.removeSession(s)
	for _, l := range links {
		l.reset()
	}
	return true
}

// end is finish for a reason that the session's users are to know.
func (s *Session) end(code, reason string) {
	if s.finish() {
		s.relay.ev.SessionEnded(s, code, reason)
	}
}

// idleSince is for how long nothing has moved and no channel was open.
func (s *Session) idleSince(now int64) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.links) > 0 || s.ended {
		return 0
	}
	return time.Duration(now-s.meter.active.Load()) * time.Second
}

// over reports whether the session has ended; then its warm channels go.
func (s *Session) over() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ended
}

// reserve makes room for a channel, and takes the one that it replaces away.
func (s *Session) reserve(line wire.Line) *wire.Refusal {
	limit := s.relay.limits.Load().MaxChannelsPerSession
	s.mu.Lock()
	var old channel
	defer func() {
		s.mu.Unlock()
		old.reset()
	}()
	if s.ended {
		return refuseClosed
	}
	if line.Replaces != 0 {
		old = s.links[line.Replaces]
		delete(s.links, line.Replaces) // frees its place at once (rules R9)
	}
	if limit > 0 && len(s.links) >= limit {
		return &wire.Refusal{
			Code:    wire.RefusedLimit,
			Message: fmt.Sprintf("the session has %d channels, which is the limit max_channels_per_session; the gateway's operator can raise it", limit),
		}
	}
	s.links[line.Counter] = channel{}
	return nil
}

// link starts what reserve made room for. The session may have ended
// meanwhile, or an end been blocked; then the channel ends with it.
func (s *Session) link(counter uint64, visitor, provider splice.Conn, o splice.Options) {
	if o.Meter == nil {
		o.Meter = &s.meter
	}
	done := o.Done
	o.Done = func(err error) {
		s.unlink(counter, err)
		if done != nil {
			done(err)
		}
	}
	s.mu.Lock()
	_, reserved := s.links[counter]
	ends := [2]netip.Addr{splice.Peer(visitor), splice.Peer(provider)}
	if s.ended || !reserved || s.relay.blocked(ends[0]) || s.relay.blocked(ends[1]) {
		s.mu.Unlock()
		_, _ = visitor.Reset(), provider.Reset()
		s.release(counter)
		if done != nil {
			done(net.ErrClosed)
		}
		return
	}
	s.opened.Add(1)
	s.relay.count.opened.Add(1)
	s.relay.count.linked.Add(1)
	// Under the lock, so that unlink cannot come before; nothing below takes
	// it, and Done comes from another goroutine.
	s.links[counter] = channel{s.relay.mover.Link(visitor, provider, o), ends}
	s.mu.Unlock()
}

// release gives up what reserve has made room for.
func (s *Session) release(counter uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.links, counter)
}

func (s *Session) unlink(counter uint64, err error) {
	s.release(counter)
	s.relay.count.linked.Add(-1)
	if errors.Is(err, splice.ErrQuota) {
		limit := s.relay.limits.Load().MaxBytesPerSession
		s.end(wire.CodeLimit, fmt.Sprintf("the session has carried %d bytes, which is the limit max_bytes_per_session; the gateway's operator can raise it", limit))
	}
}
