// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package signaling

import (
	"strings"
	"time"

	"github.com/culvertd/culvert/internal/wire"
)

// Gateway is the account of the gateway's own client, by which the public comes
// to what is published. The client is the only one of it, may visit whatever its
// provider has published and nothing else, and is in nobody's list, nor in the
// store.
var Gateway = Account{ID: -1}

// OwnName is what providers see as the name of the gateway's own client.
const OwnName = "gateway"

// OwnToken is the token of the gateway's own client. It is in memory only.
func (s *Server) OwnToken() string { return s.ownToken }

func (s *Server) addOwnToken() {
	s.ownToken = NewToken()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.addTokenLocked(Token{ID: OwnName, Hash: HashToken(s.ownToken), Client: OwnName, Account: Gateway})
}

func (a *account) isGateway() bool { return a.ID == Gateway.ID }

// mayVisitLocked reports whether the clients of who may use a service as it is
// offered now.
func (s *Server) mayVisitLocked(who *account, cl *client, v wire.Service) bool {
	if who.isGateway() {
		return v.Publish != nil
	}
	return s.grants.mayUse(who, cl, v.ID)
}

// anyLocked finds a client among those of all accounts by its full name; a bare
// one is the operator's.
func (s *Server) anyLocked(owner, name string) *client {
	if owner == "" {
		if acc := s.accounts[Operator.ID]; acc != nil {
			return acc.clients[name]
		}
		return nil
	}
	for _, acc := range s.accounts {
		if strings.EqualFold(acc.Name, owner) {
			return acc.clients[name]
		}
	}
	return nil
}

// visitorAccount is whose a session is besides its provider's. What the public
// does is the provider's.
func (ss *session) visitorAccount() Account {
	if acc := ss.visitor.client.account; !acc.isGateway() {
		return acc.Account
	}
	return ss.provider.client.account.Account
}

func notPublished(cl *client, who *account, v wire.Service) *wire.ErrorPayload {
	return &wire.ErrorPayload{
		Code:    wire.CodeNotPublished,
		Message: "the client " + cl.nameFor(who) + " does not publish its service " + v.ID + " (publish in its configuration)",
	}
}

// Away returns for how long a client has been offline, by the name under which
// the gateway's own client visits it; 0 if it is online. It is not known if it
// never was there, or is not any more.
func (s *Server) Away(name string) (away time.Duration, known bool) {
	owner, bare := wire.SplitName(name)
	s.mu.Lock()
	defer s.mu.Unlock()
	cl := s.anyLocked(owner, bare)
	switch {
	case cl == nil:
		return 0, false
	case cl.online():
		return 0, true
	}
	return max(time.Since(cl.lastSeen), 1), true
}
