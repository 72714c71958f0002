// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package signaling

import (
	"context"

	"github.com/culvertd/culvert/internal/wire"
)

// account is what the clients of one Account have in common. It is there while
// it has tokens.
type account struct {
	Account
	tokens  map[*token]struct{}
	clients map[string]*client
	open    int // sessions and requests that its clients have part in
}

// accountLocked returns what is known of an account.
func (s *Server) accountLocked(a Account) *account {
	acc := s.accounts[a.ID]
	if acc == nil {
		acc = &account{tokens: make(map[*token]struct{}), clients: make(map[string]*client)}
		s.accounts[a.ID] = acc
	}
	if acc.Account != a {
		s.names.mu.Lock() // as in Adopt
		acc.Account = a
		s.names.mu.Unlock()
	}
	return acc
}

// addTokenLocked puts a token in force. One that is already stays as it is.
func (s *Server) addTokenLocked(t Token) *token {
	if live := s.tokens[t.Hash]; live != nil {
		return live
	}
	live := &token{Token: t, account: s.accountLocked(t.Account), written: t.LastUsed}
	live.account.tokens[live] = struct{}{}
	s.tokens[t.Hash] = live
	return live
}

// dropTokenLocked takes a token out of force. Who has it is another matter:
// see partLocked.
func (s *Server) dropTokenLocked(t *token) {
	delete(s.tokens, t.Hash)
	delete(t.account.tokens, t)
	if len(t.account.tokens) == 0 {
		delete(s.accounts, t.account.ID)
	}
}

// partLocked parts from everybody who has one of the tokens, which are out of
// force, and from the names that they own.
func (s *Server) partLocked(gone map[*token]bool, reason string) {
	for _, ss := range s.sessions {
		for _, l := range []*life{ss.provider, ss.visitor} {
			if gone[l.token] { // retired ones too
				s.partFromLocked(l, l.client.name+" is gone: "+reason)
			}
		}
	}
	for c := range s.conns {
		if gone[c.token] {
			s.endLocked(c, wire.CloseUnauthorized, reason)
		}
	}
	for t := range gone {
		for name, cl := range t.account.clients {
			if l := cl.life; l != nil && gone[l.token] {
				s.endLifeLocked(l, name+" is gone: "+reason, true)
			}
			if gone[cl.owner] {
				delete(t.account.clients, name)
				s.releaseLocked(cl)
				s.keeper.forget(cl.key())
			}
		}
	}
}

// partFromLocked ends the sessions of a client that somebody has decided
// against, and tells the client too: its streams must not wait for others.
func (s *Server) partFromLocked(l *life, reason string) {
	for _, ss := range l.sessions {
		s.endSessionLocked(ss, wire.SessionClosed{Code: wire.CodeClientOffline, Reason: reason, Final: true}, nil)
	}
}

// DropAccount takes an account's tokens out of force, because it was disabled
// or deleted. Its connections, clients, sessions and keys are gone when it
// returns (rules S15). reason goes on where "the account " ends.
func (s *Server) DropAccount(id int64, reason string) {
	s.mu.Lock()
	defer s.unlock()
	acc := s.accounts[id]
	if acc == nil {
		return
	}
	gone := make(map[*token]bool, len(acc.tokens))
	for t := range acc.tokens {
		gone[t] = true
		s.dropTokenLocked(t)
	}
	s.partLocked(gone, "the account "+reason)
}

// RestoreAccount puts what the store has of an account in force again. The
// caller sees to it that nothing of the account's changes meanwhile.
func (s *Server) RestoreAccount(ctx context.Context, id int64) error {
	return s.load(ctx, func(a Account) bool { return a.ID == id })
}

// Adopt makes what was the operator's a's, sessions under way included. A name
// that a has already stays with the client that has it.
func (s *Server) Adopt(a Account) {
	s.mu.Lock()
	defer s.unlock()
	from := s.accounts[Operator.ID]
	if from == nil || a.ID == Operator.ID {
		return
	}
	to := s.accountLocked(a)
	var moved []*client
	for name, cl := range from.clients {
		if to.clients[name] == nil {
			s.names.mu.Lock() // which who looks up a name has alone
			cl.account = to
			s.names.mu.Unlock()
			to.clients[name] = cl
			moved = append(moved, cl)
			continue
		}
		if cl.life != nil {
			if c := cl.life.conn; c != nil {
				s.endLocked(c, wire.CloseReplaced, "the account "+a.Name+" has another client of this name")
			}
			s.endLifeLocked(cl.life, name+" has left", true)
		}
		if !isAssigned(name) {
			cl.owner.names--
		}
		s.releaseLocked(cl)
		s.keeper.forget(cl.key())
	}
	for t := range from.tokens {
		t.Account, t.account = a, to
		to.tokens[t] = struct{}{}
	}
	delete(s.accounts, Operator.ID)
	s.keeper.adopt(a)
	// What they publish has the account's name in it.
	for _, cl := range moved {
		s.reclaimLocked(cl)
		s.keepLocked(cl)
		if len(cl.published) > 0 && cl.online() {
			cl.life.conn.send(wire.TypeRegisterResponse, "", s.welcomeLocked(cl.life))
		}
	}
	s.recountLocked(to)
}

// countLocked counts a session or request for the accounts of its ends.
func countLocked(visitor, provider *life, n int) {
	v, p := visitor.client.account, provider.client.account
	v.open += n
	if p != v {
		p.open += n
	}
}

func (s *Server) recountLocked(acc *account) {
	acc.open = 0
	for _, ss := range s.sessions {
		if ss.visitor.client.account == acc || ss.provider.client.account == acc {
			acc.open++
		}
	}
	for _, r := range s.requests {
		if r.visitor.client.account == acc || r.provider.client.account == acc {
			acc.open++
		}
	}
}

// limits returns how much an account may have; -1 is no limit.
func (c *Config) limits(id int64) AccountLimits {
	l := AccountLimits{Clients: -1, Sessions: -1}
	if id == Operator.ID || id == Gateway.ID {
		return l
	}
	if c.Limits != nil {
		l = c.Limits(id)
	} else {
		l = AccountLimits{}
	}
	if l.Clients == 0 {
		l.Clients = c.MaxClientsPerAccount
	}
	if l.Sessions == 0 {
		l.Sessions = c.MaxSessionsPerAccount
	}
	return l
}

// nameRoomLocked checks whether an account may have one more name.
func (s *Server) nameRoomLocked(acc *account) *wire.ErrorPayload {
	limit := s.config.Load().limits(acc.ID).Clients
	if limit < 0 || len(acc.clients) < limit {
		return nil
	}
	return accountLimit("max_clients_per_account", limit,
		"clients of this account", "revoke the token of a client that is not used any more, or have an administrator raise it")
}

// accountRoomLocked checks whether the accounts of both ends may have one more
// session, and traffic.
func (s *Server) accountRoomLocked(visitor, provider *account) *wire.ErrorPayload {
	cfg := s.config.Load()
	for i, acc := range []*account{visitor, provider} {
		if i > 0 && acc == visitor {
			break
		}
		whose := "this account"
		if acc != visitor {
			whose = "the account " + acc.Name
		}
		if limit := cfg.limits(acc.ID).Sessions; limit >= 0 && acc.open >= limit {
			return accountLimit("max_sessions_per_account", limit, "sessions of "+whose, "an administrator can raise it")
		}
		if cfg.Quota == nil || acc.ID == Operator.ID || acc.isGateway() {
			continue
		}
		if err := cfg.Quota(acc.ID); err != nil {
			return &wire.ErrorPayload{Code: wire.CodeQuota, Message: whose + ": " + err.Error()}
		}
	}
	return nil
}
