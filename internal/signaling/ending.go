// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package signaling

import (
	"time"

	"github.com/culvertd/culvert/internal/relay"
	"github.com/culvertd/culvert/internal/wire"
)

var errNoSession = &wire.ErrorPayload{
	Code:    wire.CodeSessionNotFound,
	Message: "no session or request with this sessionId waits for this client",
}

// connected passes on that one end is ready.
func (s *Server) connected(c *conn, p *wire.SessionConnected) *wire.ErrorPayload {
	s.mu.Lock()
	defer s.unlock()
	ss, no := s.sessionLocked(c, p.SessionID)
	if no != nil {
		return no
	}
	if ss.visitor == c.life {
		ss.ready[0] = true
	}
	if ss.provider == c.life {
		ss.ready[1] = true
	}
	if peer := ss.peer(c.life); peer.conn != nil {
		peer.conn.send(wire.TypeSessionConnected, "", wire.SessionConnected{SessionID: ss.id})
	}
	return nil
}

// leave ends a session for both because one end wishes so.
func (s *Server) leave(c *conn, p *wire.SessionClosed) *wire.ErrorPayload {
	s.mu.Lock()
	defer s.unlock()
	ss, no := s.sessionLocked(c, p.SessionID)
	if no != nil {
		return no
	}
	reason := cut(p.Reason, maxReason)
	if reason == "" {
		reason = c.life.client.name + " has closed the session"
	}
	s.endSessionLocked(ss, wire.SessionClosed{Code: wire.CodeEnded, Reason: reason, Final: true}, c.life)
	return nil
}

// sessionLocked finds the session that c is an end of.
func (s *Server) sessionLocked(c *conn, id string) (*session, *wire.ErrorPayload) {
	if c.life == nil {
		return nil, errNotRegistered
	}
	ss := s.sessions[id]
	if ss == nil || ss.visitor != c.life && ss.provider != c.life {
		return nil, errNoSession
	}
	return ss, nil
}

// endSessionLocked ends a session and tells its ends, but not by.
func (s *Server) endSessionLocked(ss *session, why wire.SessionClosed, by *life) {
	if s.sessions[ss.id] != ss {
		return
	}
	delete(s.sessions, ss.id)
	delete(ss.visitor.sessions, ss.id)
	delete(ss.provider.sessions, ss.id)
	countLocked(ss.visitor, ss.provider, -1)
	s.tellLocked(ss.event(EventSessionEnded, why.Code))
	why.SessionID = ss.id
	if ss.provider != by {
		ss.tell(ss.provider, why)
	}
	if ss.visitor != by && ss.visitor != ss.provider {
		ss.tell(ss.visitor, why)
	}
	s.after = append(s.after, ss.relay.Close)
	s.recordLocked(ss, why.Code)
}

// recordLocked leaves the session's figures for the log, after its channels
// are closed if they are about to be.
func (s *Server) recordLocked(ss *session, reason string) {
	v, p := ss.visitor.client, ss.provider.client
	rec := SessionRecord{
		ID: ss.id, Visitor: v.name, Provider: p.name, Service: ss.service.ID,
		VisitorAccount: ss.visitorAccount(), ProviderAccount: p.account.Account,
		Created: ss.created, Ended: time.Now(), Reason: reason,
	}
	ss.recorded = true
	s.after = append(s.after, func() {
		st := ss.relay.Stats()
		rec.Up, rec.Down = st.Up, st.Down
		s.keeper.session(rec)
		s.past.add(ss.flow(rec.VisitorAccount, rec.ProviderAccount, st))
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, l := range []*life{ss.visitor, ss.provider} {
			in, out := ss.carried(l, st)
			l.client.in, l.client.out = l.client.in+in, l.client.out+out
			if ss.visitor == ss.provider {
				break
			}
		}
	})
}

func (ss *session) peer(l *life) *life {
	if ss.visitor == l {
		return ss.provider
	}
	return ss.visitor
}

// maxMissed bounds the endings that wait for a client that is away.
const maxMissed = 256

// tell says to one end that the session is over. One that is away learns it
// from the list in its register_response, where the session is missing as it is
// after a restart; that this is final, it is told when it is back.
func (ss *session) tell(l *life, why wire.SessionClosed) {
	switch {
	case l.conn != nil:
		l.conn.send(wire.TypeSessionClosed, "", why)
	case why.Final && !l.retired && len(l.missed) < maxMissed:
		l.missed = append(l.missed, why)
	}
}

// SessionEnded implements relay.Events.
func (s *Server) SessionEnded(rs *relay.Session, code, reason string) {
	s.mu.Lock()
	defer s.unlock()
	if ss := s.sessions[rs.ID()]; ss != nil {
		// Who was idle may ask again; who has used up a limit may not have it
		// renewed behind its user's back.
		s.endSessionLocked(ss, wire.SessionClosed{Code: code, Reason: reason, Final: code != wire.CodeTimeout}, nil)
	}
}

// ChannelsWanted implements relay.Events.
func (s *Server) ChannelsWanted(c *relay.Client, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l := s.lives[c]; l != nil && l.conn != nil {
		l.conn.send(wire.TypeChannelsWanted, "", wire.ChannelsWanted{Count: n})
	}
}

var _ relay.Events = (*Server)(nil)
