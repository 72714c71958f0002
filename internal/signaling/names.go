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
	t, acc := c.token, c.token.account
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
		return acc.assign(), s.nameRoomLocked(acc)
	}
	cl := acc.clients[wanted]
	switch {
	case t.Client != "" && wanted != t.Client:
		return "", &wire.ErrorPayload{
			Code:    wire.CodeUnauthorized,
			Message: fmt.Sprintf("this token is for the client %s alone, not for %s", t.Client, wanted),
		}
	case t.Client == "" && (acc.bound(wanted) || cl != nil && cl.owner != t):
		return "", taken(wanted)
	case cl == nil && t.Client == "" && !isAssigned(wanted) && t.names >= maxNames:
		return "", &wire.ErrorPayload{
			Code: wire.CodeLimit,
			Message: fmt.Sprintf("this token has its limit of %d names; the operator can make another token "+
				"(`culvert client token create`) or revoke this one", maxNames),
			Details: map[string]any{"limit": "names", "value": maxNames},
		}
	case cl == nil:
		return wanted, s.nameRoomLocked(acc)
	}
	return wanted, nil
}

func taken(name string) *wire.ErrorPayload {
	return &wire.ErrorPayload{
		Code: wire.CodeNameTaken,
		Message: "the name " + name + " belongs to another token; use another clientId, " +
			"or have that token revoked",
	}
}

// bound reports whether some token of the account is for this name.
func (a *account) bound(name string) bool {
	for t := range a.tokens {
		if t.Client == name {
			return true
		}
	}
	return false
}

// assign makes a name that nobody has.
func (a *account) assign() string {
	for {
		name := newName()
		if a.clients[name] == nil && !a.bound(name) {
			return name
		}
	}
}

const reasonRevoked = "the client token was revoked"

// AddToken puts a token in force.
func (s *Server) AddToken(t Token) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.addTokenLocked(t)
}

// RevokeToken takes a token out of force: its connections are closed, and its
// clients, their sessions and keys are gone when it returns (rules S15).
func (s *Server) RevokeToken(id string) {
	s.mu.Lock()
	defer s.unlock()
	for _, t := range s.tokens {
		if t.ID == id {
			s.dropTokenLocked(t)
			s.partLocked(map[*token]bool{t: true}, reasonRevoked)
			return
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
