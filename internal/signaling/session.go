// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package signaling

import (
	"time"

	"go.uber.org/zap"

	"github.com/culvertd/culvert/internal/relay"
	"github.com/culvertd/culvert/internal/wire"
)

const (
	// answerTimeout is how long a provider may think about a visitor.
	answerTimeout = 10 * time.Second
	// maxReason is the longest reason of a peer's that is passed on, in bytes.
	maxReason = 256
)

// request is a visitor's wish that its provider has not answered yet.
type request struct {
	id, label, envelope string // of the session, the visitor's own, of the message
	visitor, provider   *life
	service             wire.Service
	wish                string // of the visitor's, about encryption
	until               time.Time
}

// session is the leave of a visitor to use a service.
type session struct {
	id, label         string
	visitor, provider *life
	service           wire.Service
	wish, mode        string // the visitor's, about encryption, and what came of it
	relay             *relay.Session
	created           time.Time
	ready             [2]bool // session_connected came from visitor, provider
	orphaned          bool    // one end is retired; it ends with its last channel
	recorded          bool    // it has ended, or is about to
	flowed            flowed
}

// connect asks a provider on behalf of a visitor.
func (s *Server) connect(c *conn, id string, p *wire.ConnectRequest) *wire.ErrorPayload {
	if len(p.SessionID) > wire.MaxName {
		return invalid("sessionId has %d bytes; use at most %d", len(p.SessionID), wire.MaxName)
	}
	if p.Encryption != "" && p.Encryption != wire.EncryptionNone {
		return invalid("encryption %q: use none, or leave it out", cut(p.Encryption, 80))
	}
	s.mu.Lock()
	defer s.unlock()
	visitor := c.life
	if visitor == nil {
		return errNotRegistered
	}
	provider, service, no := s.targetLocked(c.token.account, p)
	if no == nil {
		_, no = agree(visitor, provider, p.Encryption, service).mode()
	}
	if no == nil {
		no = s.roomLocked(visitor, provider)
	}
	if no != nil {
		s.count.refuse(no.Code)
		c.rejected(id, p.SessionID, no.Code, no.Message)
		return nil
	}
	r := &request{
		id: newSessionID(), label: p.SessionID, envelope: id,
		visitor: visitor, provider: provider, service: service, wish: p.Encryption, until: time.Now().Add(answerTimeout),
	}
	s.requests[r.id], visitor.requests[r.id], provider.requests[r.id] = r, r, r
	countLocked(visitor, provider, 1)
	provider.conn.send(wire.TypeConnectRequest, "", wire.ConnectRequest{
		FromClientID: visitor.client.nameFor(provider.client.account), ToClientID: provider.client.name,
		ServiceID: service.ID, SessionID: r.id, Encryption: p.Encryption, PublicKey: visitor.publicKey,
	})
	return nil
}

// targetLocked finds whom a request is for. Who may not see a client gets the
// same answer as if it did not exist.
func (s *Server) targetLocked(who *account, p *wire.ConnectRequest) (*life, wire.Service, *wire.ErrorPayload) {
	cl := s.lookupLocked(who, p.ToClientID)
	if cl == nil {
		return nil, wire.Service{}, &wire.ErrorPayload{
			Code: wire.CodeClientNotFound, Message: "there is no client " + cut(p.ToClientID, wire.MaxFullName),
		}
	}
	if cl.life == nil || cl.life.conn == nil {
		return nil, wire.Service{}, &wire.ErrorPayload{
			Code: wire.CodeClientOffline, Message: "the client " + cl.nameFor(who) + " is offline",
		}
	}
	v, ok := cl.service(p.ServiceID)
	if ok && who.isGateway() && v.Publish == nil {
		return nil, wire.Service{}, notPublished(cl, who, v)
	}
	if !ok || !s.mayVisitLocked(who, cl, v) {
		return nil, wire.Service{}, &wire.ErrorPayload{
			Code:    wire.CodeServiceNotFound,
			Message: "the client " + cl.nameFor(who) + " has no service " + cut(p.ServiceID, wire.MaxName),
		}
	}
	return cl.life, v, nil
}

// roomLocked checks the limits for one more session; what waits for an answer
// counts.
func (s *Server) roomLocked(visitor, provider *life) *wire.ErrorPayload {
	cfg := s.config.Load()
	if len(s.sessions)+len(s.requests) >= cfg.MaxSessions {
		return limitReached("max_sessions", cfg.MaxSessions, "sessions of the gateway")
	}
	for _, l := range []*life{visitor, provider} {
		if l.client.account.isGateway() {
			continue // one for all that is published
		}
		if len(l.sessions)+len(l.requests) >= cfg.MaxSessionsPerClient {
			return limitReached("max_sessions_per_client", cfg.MaxSessionsPerClient, "sessions of "+l.client.name)
		}
	}
	return s.accountRoomLocked(visitor.client.account, provider.client.account)
}

// accept makes a session of a request.
func (s *Server) accept(c *conn, id string, p *wire.AcceptSession) *wire.ErrorPayload {
	s.mu.Lock()
	defer s.unlock()
	r, no := s.requestLocked(c, p.SessionID)
	if no != nil {
		return no
	}
	s.dropRequestLocked(r)
	// The services may have changed since the request.
	v, mode, no := r.terms()
	if no == nil && r.visitor.client.account.isGateway() && v.Publish == nil {
		no = notPublished(r.provider.client, r.visitor.client.account, v)
	}
	if no != nil {
		s.count.refuse(no.Code)
		r.visitor.conn.rejected(r.envelope, r.answerTo(), no.Code, no.Message)
		return errNoSession
	}
	ss := &session{
		id: r.id, label: r.label, visitor: r.visitor, provider: r.provider, service: v, wish: r.wish, mode: mode,
		created: time.Now(),
	}
	key := wire.NewKey()
	var err error
	ss.relay, err = s.relay.AddSession(relay.SessionSpec{
		ID: ss.id, Service: ss.service.ID, Transport: ss.service.Transport(), Mode: mode,
		Provider: ss.provider.relay, Visitor: ss.visitor.relay, Key: key,
	})
	if err != nil {
		s.log().Error("making a session", zap.Error(err))
		r.visitor.conn.rejected(r.envelope, r.label, wire.CodeLimit, "the relay has no room for another session: "+err.Error())
		return &wire.ErrorPayload{Code: wire.CodeSessionNotFound, Message: "the relay has no room for this session"}
	}
	s.sessions[ss.id], ss.visitor.sessions[ss.id], ss.provider.sessions[ss.id] = ss, ss, ss
	countLocked(ss.visitor, ss.provider, 1)
	s.count.sessions.Add(1)
	s.tellLocked(ss.event(EventSessionBegun, ""))
	s.announceLocked(ss, key, r.envelope, id)
	return nil
}

// terms are what a session of the request would be like now.
func (r *request) terms() (wire.Service, string, *wire.ErrorPayload) {
	v, ok := r.provider.client.service(r.service.ID)
	if !ok || v.Transport() != r.service.Transport() {
		return v, "", &wire.ErrorPayload{
			Code:    wire.CodeServiceNotFound,
			Message: "the client " + r.provider.client.nameFor(r.visitor.client.account) + " does not offer " + r.service.ID + " any more",
		}
	}
	mode, no := agree(r.visitor, r.provider, r.wish, v).mode()
	return v, mode, no
}

// announceLocked tells both ends of a new session. The provider parks with its
// own key, so only the visitor gets the session's.
func (s *Server) announceLocked(ss *session, key wire.Key, visitorID, providerID string) {
	cfg := s.config.Load()
	transport := ss.service.Transport()
	visitorBlock, providerBlock := ss.relay.Blocks()
	ss.provider.conn.send(wire.TypeCreateSession, providerID, wire.CreateSession{
		SessionID: ss.id, PeerClientID: ss.visitor.client.nameFor(ss.provider.client.account), Service: ss.service,
		RelayAddr: cfg.relayAddr(ss.provider.conn.host, transport),
		Role:      wire.Provider, Block: providerBlock, Mode: ss.mode, PeerKey: ss.visitor.publicKey,
	})
	ss.visitor.conn.send(wire.TypeCreateSession, visitorID, wire.CreateSession{
		SessionID: ss.id, PeerClientID: ss.provider.client.nameFor(ss.visitor.client.account), Service: abroad(ss.service),
		RelayAddr: cfg.relayAddr(ss.visitor.conn.host, transport),
		Role:      wire.Visitor, Label: ss.label, Key: &key, Block: visitorBlock, Mode: ss.mode,
		PeerKey: ss.provider.publicKey,
	})
	s.log().Debug("session created", zap.String("visitor", ss.visitor.client.fullName()),
		zap.String("provider", ss.provider.client.fullName()), zap.String("service", ss.service.ID), zap.String("mode", ss.mode))
}

// reject passes a provider's refusal on.
func (s *Server) reject(c *conn, p *wire.RejectSession) *wire.ErrorPayload {
	s.mu.Lock()
	defer s.unlock()
	r, no := s.requestLocked(c, p.SessionID)
	if no != nil {
		return no
	}
	s.dropRequestLocked(r)
	code := p.Code
	if !wire.ValidName(code) {
		code = wire.CodeRejected
	}
	r.visitor.conn.rejected(r.envelope, r.answerTo(), code, cut(p.Reason, maxReason))
	return nil
}

// rejected tells a visitor that it gets no session.
func (c *conn) rejected(id, label, code, reason string) {
	c.send(wire.TypeRejectSession, id, wire.RejectSession{SessionID: label, Code: code, Reason: reason})
}

// answerTo is how the visitor knows its request.
func (r *request) answerTo() string {
	if r.label == "" {
		return r.id
	}
	return r.label
}

// requestLocked finds the request that c, its provider, answers.
func (s *Server) requestLocked(c *conn, id string) (*request, *wire.ErrorPayload) {
	if c.life == nil {
		return nil, errNotRegistered
	}
	r := s.requests[id]
	if r == nil || r.provider != c.life {
		return nil, errNoSession
	}
	return r, nil
}

func (s *Server) dropRequestLocked(r *request) {
	countLocked(r.visitor, r.provider, -1)
	delete(s.requests, r.id)
	delete(r.visitor.requests, r.id)
	delete(r.provider.requests, r.id)
}

// cancelRequestsLocked ends what waits for l, or was asked by it.
func (s *Server) cancelRequestsLocked(l *life) {
	for _, r := range l.requests {
		s.dropRequestLocked(r)
		if r.visitor != l && r.visitor.conn != nil {
			r.visitor.conn.rejected(r.envelope, r.answerTo(), wire.CodeClientOffline,
				"the client "+l.client.nameFor(r.visitor.client.account)+" went offline before it answered")
		}
	}
}
