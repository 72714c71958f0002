// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package signaling

import (
	"fmt"
	"time"

	"github.com/culvertd/culvert/internal/wire"
)

// nameLocked returns the name under which c registers, if its token may.
func (s *Server) nameLocked(c *conn, wanted string) (string, *wire.ErrorPayload) {
	t := c.token
	if c.life != nil {
		if has := c.life.client.name; wanted != "" && wanted != has {
			return "", invalid("this connection is %s already; send unregister first", has)
		}
		wanted = c.life.client.name
	}
	if wanted == "" {
		wanted = t.Client
	}
	if wanted == "" {
		return s.assignLocked(), nil
	}
	if t.Client != "" {
		if wanted != t.Client {
			return "", &wire.ErrorPayload{
				Code:    wire.CodeUnauthorized,
				Message: fmt.Sprintf("this token is for the client %s alone, not for %s", t.Client, wanted),
			}
		}
		return wanted, nil
	}
	if s.boundLocked(wanted) {
		return "", taken(wanted)
	}
	cl := s.clients[wanted]
	if cl != nil && cl.owner != t {
		return "", taken(wanted)
	}
	if cl == nil && !isAssigned(wanted) && t.names >= maxNames {
		return "", &wire.ErrorPayload{
			Code: wire.CodeLimit,
			Message: fmt.Sprintf("this token has its limit of %d names; the operator can make another token "+
				"(`culvert client token create`) or revoke this one", maxNames),
			Details: map[string]any{"limit": "names", "value": maxNames},
		}
	}
	return wanted, nil
}

func taken(name string) *wire.ErrorPayload {
	return &wire.ErrorPayload{
		Code: wire.CodeNameTaken,
		Message: "the name " + name + " belongs to another token; use another clientId, " +
			"or have the operator revoke that token",
	}
}

// boundLocked reports whether some token is for this name.
func (s *Server) boundLocked(name string) bool {
	for _, t := range s.tokens {
		if t.Client == name {
			return true
		}
	}
	return false
}

// assignLocked makes a name that nobody has.
func (s *Server) assignLocked() string {
	for {
		name := newName()
		if s.clients[name] == nil && !s.boundLocked(name) {
			return name
		}
	}
}

const reasonRevoked = "the client token was revoked"

// AddToken puts a token in force.
func (s *Server) AddToken(t Token) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens[t.Hash] = &token{Token: t, written: t.LastUsed}
}

// RevokeToken takes a token out of force: its connections are closed, and its
// clients, their sessions and keys are gone when it returns (rules S15).
func (s *Server) RevokeToken(id string) {
	s.mu.Lock()
	defer s.unlock()
	var t *token
	for hash, x := range s.tokens {
		if x.ID == id {
			t = x
			delete(s.tokens, hash)
		}
	}
	if t == nil {
		return
	}
	for c := range s.conns {
		if c.token == t {
			s.endLocked(c, wire.CloseUnauthorized, reasonRevoked)
		}
	}
	const reason = "its token was revoked"
	for _, ss := range s.sessions {
		for _, l := range []*life{ss.provider, ss.visitor} {
			if l.token == t { // retired ones too
				s.endLifeLocked(l, l.client.name+" is gone: "+reason)
			}
		}
	}
	for name, cl := range s.clients {
		if l := cl.life; l != nil && l.token == t {
			s.endLifeLocked(l, name+" is gone: "+reason)
		}
		if cl.owner == t {
			delete(s.clients, name)
			s.keeper.forget(name)
		}
	}
}

// LastUsed returns when each token was last used, by its id.
func (s *Server) LastUsed() map[string]time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := make(map[string]time.Time, len(s.tokens))
	for _, t := range s.tokens {
		m[t.ID] = t.LastUsed
	}
	return m
}
