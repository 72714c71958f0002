// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package stream

import "time"

const (
	// tick is how often channels and streams are looked at while there are any.
	tick = 250 * time.Millisecond
	// hurry is tick while there is doubt.
	hurry = 25 * time.Millisecond
	// quiet is how long a peer that owes us something may say nothing before
	// it is asked; then it has patience, and four round trips, to say anything.
	quiet    = 500 * time.Millisecond
	patience = 2 * time.Second
	// doubtful is patience where there is a reason for doubt.
	doubtful = 250 * time.Millisecond
	// idlePing keeps what is in between from forgetting a channel.
	idlePing = 30 * time.Second
	// probeEach is how often an application is asked whether it has been reset
	// while nothing is read from it.
	probeEach = time.Second
	// afterlife is how much longer a provider remembers a stream than a visitor
	// may open it again: they do not see the end of a channel at the same time.
	afterlife = time.Minute
	// idleFor is how long a stream may say nothing before it gives back what it
	// may say beyond what is guaranteed.
	idleFor = 2 * time.Second
)

// watch finds dead channels, and streams that have waited for too long.
func (h *Host) watch() {
	timer := time.NewTimer(tick)
	defer timer.Stop()
	for {
		select {
		case <-h.stop:
			return
		case <-h.wake:
		case <-timer.C:
		}
		now := h.now()
		next := tick
		for _, c := range h.allChannels() {
			if c.look(now) {
				next = hurry
			}
		}
		h.mu.Lock()
		streams := make([]*Stream, 0, len(h.streams))
		for _, s := range h.streams {
			streams = append(streams, s)
		}
		idle := len(h.streams) == 0 && len(h.channels) == 0
		h.mu.Unlock()
		for _, s := range streams {
			s.look(now)
		}
		if idle {
			timer.Stop() // until something begins
			continue
		}
		timer.Reset(next)
	}
}

// look asks a silent peer for a sign of life, and gives it up without one. A
// path is dead by a missing answer, never by a missing acknowledgement, and
// whatever comes is an answer (rules S8); but of a path in doubt only the pong,
// since what comes first may have been on its way for long. It reports whether
// it must look again soon.
func (c *Channel) look(now int64) (soon bool) {
	heard := c.heard.Load()
	c.mu.Lock()
	s := c.stream
	if c.askedLocked() {
		since, most := c.asked, patience
		if c.doubted {
			since = max(since, heard)
			if c.rtt.Load() > 0 {
				most = doubtful
			}
		}
		dead := time.Duration(now-since) >= most+4*time.Duration(c.rtt.Load())
		soon = c.doubted
		c.mu.Unlock()
		if dead {
			c.kill(ErrSilent)
		}
		return soon
	}
	c.mu.Unlock()
	silence := time.Duration(now - heard)
	if silence < quiet || (silence < idlePing && (s == nil || !s.owed())) {
		return false
	}
	c.mu.Lock()
	c.pingLocked()
	c.mu.Unlock()
	c.flushSoon()
	return false
}

// askedLocked reports whether an answer is missing.
func (c *Channel) askedLocked() bool {
	if c.asked > 0 && !c.doubted && c.signs.Load() != c.signsAt {
		c.asked = 0
	}
	return c.asked > 0
}

// doubt asks the other end, and expects its answer soon. A ping that waits for
// its answer already is that one: doubts that come again and again must not
// put off the end.
func (c *Channel) doubt() {
	c.mu.Lock()
	if !c.askedLocked() {
		c.pingLocked()
	}
	c.doubted = true
	c.mu.Unlock()
	c.flushSoon()
}

// pingLocked queues a ping.
func (c *Channel) pingLocked() {
	c.asked, c.signsAt = c.host.now(), c.signs.Load()
	c.pinged = c.asked
	ping := frame{kind: kPing, n: uint64(c.asked)}
	c.ctl = ping.append(c.ctl)
}

// ponged takes the answer to the last ping.
func (c *Channel) ponged(n uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pinged == 0 || n != uint64(c.pinged) {
		return
	}
	took := max(c.host.now()-c.pinged, 1)
	c.asked, c.pinged, c.doubted = 0, 0, false
	if was := c.rtt.Load(); was > 0 {
		took = (7*was + took) / 8
	}
	c.rtt.Store(took)
}

// RTT returns a round trip to the other end; 0 if it is not known yet.
func (c *Channel) RTT() time.Duration { return time.Duration(c.rtt.Load()) }

// look ends a stream that has waited for too long, and one whose application
// has gone while nothing was read from it.
func (s *Stream) look(now int64) {
	s.mu.Lock()
	defer s.unlock()
	if away := s.awayLocked(now); away > s.stays {
		s.failLocked(CodeTimeout, &ResetError{Code: CodeTimeout})
		if s.visitor || away > s.stays+afterlife {
			s.doneLocked()
		}
		return
	}
	s.idleLocked(now)
	if s.closed || s.app == nil || !s.stalled && !s.eof || time.Duration(now-s.probed) < probeEach {
		return
	}
	s.probed = now
	if p, ok := s.app.(prober); ok {
		if err := p.Probe(); err != nil {
			s.failLocked(CodeReset, err)
		}
	}
}

// owed reports whether the other end has something to say: an acknowledgement,
// an answer, an end.
func (s *Stream) owed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	// After something has come it is asked once: there may have been more.
	fresh := s.fresh
	s.fresh = false
	return fresh || s.syncing || s.closed || s.visitor && !s.known || s.acked < s.end || s.eof && s.acked == s.end
}
