// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package signaling

import (
	"fmt"
	"time"

	"github.com/culvertd/culvert/internal/wire"
)

const (
	// tick is how exactly all timeouts here are kept.
	tick = 250 * time.Millisecond
	// orphanRest is how long a session without channels, one of whose ends is
	// retired, may still be there.
	orphanRest  = time.Minute
	forgetEvery = time.Minute
)

// sweep ends what has lasted too long. One ticker and no timer for each, so
// that a new config holds at once and nothing fires after Close.
func (s *Server) sweep() {
	t := time.NewTicker(tick)
	defer t.Stop()
	forgotten := time.Now()
	for {
		select {
		case <-s.stop:
			return
		case <-t.C:
		}
		now := time.Now()
		s.mu.Lock()
		if !s.closed {
			s.sweepConnsLocked(now)
			s.sweepRequestsLocked(now)
			s.sweepLivesLocked(now)
		}
		s.unlock()
		if now.Sub(forgotten) > forgetEvery {
			forgotten = now
			s.guard.forget()
			s.mu.Lock()
			s.sweepOrphansLocked(now)
			s.unlock()
		}
	}
}

func (s *Server) sweepConnsLocked(now time.Time) {
	timeout := s.config.Load().HeartbeatTimeout
	for c := range s.conns {
		switch {
		case c.life == nil && now.After(c.registerBy):
			s.endLocked(c, wire.ClosePolicy, fmt.Sprintf("no registration within %v", registerTimeout))
		case now.Sub(c.lastSeen()) > timeout:
			s.endLocked(c, wire.CloseHeartbeat, fmt.Sprintf("no sign of life for %v", timeout))
		}
	}
}

func (s *Server) sweepRequestsLocked(now time.Time) {
	for _, r := range s.requests {
		if now.After(r.until) {
			s.dropRequestLocked(r)
			s.count.refuse(wire.CodeTimeout)
			r.visitor.conn.rejected(r.envelope, r.answerTo(), wire.CodeTimeout,
				fmt.Sprintf("the client %s did not answer within %v",
					r.provider.client.nameFor(r.visitor.client.account), answerTimeout))
		}
	}
}

func (s *Server) sweepLivesLocked(now time.Time) {
	for _, l := range s.lives {
		if l.conn == nil && now.Sub(l.away) > grace {
			s.endLifeLocked(l, fmt.Sprintf("%s has been offline for %v", l.client.name, grace), false)
		}
	}
}

// sweepOrphansLocked ends sessions that nobody can open channels of any more,
// when those they had are gone.
func (s *Server) sweepOrphansLocked(now time.Time) {
	for _, ss := range s.sessions {
		if !ss.orphaned {
			continue
		}
		st := ss.relay.Stats()
		quiet := now.Sub(st.LastActive) > orphanRest && now.Sub(ss.orphanedSince()) > orphanRest
		if st.Channels == 0 && quiet {
			s.endSessionLocked(ss, wire.SessionClosed{
				Code: wire.CodeClientOffline, Reason: "the other end was started anew", Final: true,
			}, nil)
		}
	}
}

// orphanedSince is when the first of the ends was retired.
func (ss *session) orphanedSince() time.Time {
	if ss.provider.retired {
		return ss.provider.away
	}
	return ss.visitor.away
}
