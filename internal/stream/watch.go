// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package stream

import "time"

const (
	// tick is how often channels and streams are looked at while there are any.
	tick = 250 * time.Millisecond
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
		for _, c := range h.allChannels() {
			c.look(now)
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
		timer.Reset(tick)
	}
}

// look asks a silent peer for a sign of life, and gives it up without one. A
// path is dead by a missing answer, never by a missing acknowledgement, and
// whatever comes is an answer (rules S8).
func (c *Channel) look(now int64) {
	heard := c.heard.Load()
	c.mu.Lock()
	s, asked := c.stream, c.asked
	if asked > heard {
		most := patience
		if c.doubted {
			most = doubtful
		}
		dead := time.Duration(now-asked) > most+4*time.Duration(c.rtt.Load())
		c.mu.Unlock()
		if dead {
			c.kill(ErrSilent)
		}
		return
	}
	c.doubted = false
	c.mu.Unlock()
	silence := time.Duration(now - heard)
	if silence < quiet || (silence < idlePing && (s == nil || !s.owed())) {
		return
	}
	c.mu.Lock()
	c.pingLocked()
	c.mu.Unlock()
	c.flushSoon()
}

// doubt asks the other end, and expects its answer soon.
func (c *Channel) doubt() {
	c.mu.Lock()
	again := c.doubted
	if !again {
		c.doubted = true
		c.pingLocked()
	}
	c.mu.Unlock()
	if !again {
		c.flushSoon()
	}
}

// pingLocked queues a ping.
func (c *Channel) pingLocked() {
	c.asked = c.host.now()
	ping := frame{kind: kPing, n: uint64(c.asked)}
	c.ctl = ping.append(c.ctl)
}

// ponged takes the answer to a ping.
func (c *Channel) ponged(n uint64) {
	took := c.host.now() - int64(n)
	if took <= 0 {
		return // not one of ours
	}
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
	if s.ch == nil && s.detachedAt > 0 && time.Duration(now-s.detachedAt) > s.host.cfg.Resume {
		s.failLocked(CodeTimeout, &ResetError{Code: CodeTimeout})
		s.doneLocked()
		return
	}
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
	return s.syncing || s.closed || s.acked < s.end || s.eof && s.acked == s.end
}
