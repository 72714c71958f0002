// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package signaling

import (
	"slices"
	"strings"

	"github.com/culvertd/culvert/internal/wire"
)

// Account is whom a token and its clients belong to.
type Account struct {
	ID   int64
	Name string // unique without regard to case
}

// Operator is the account of what was made on the command line before there
// was an administrator.
var Operator Account

// Grant is an owner's leave for another account to use one service.
type Grant struct {
	Owner           Account
	Grantee         int64 // an account's id
	Client, Service string
}

// All questions of who may do what with whose are here. An account's clients
// see and may use each other, and what others have granted. The rest does not
// exist for them, and answers must not tell it from what really does not.

// grants are the grants of all, by grantee. They do not change once made.
type grants map[int64]*leave

// leave is what one account may use of others'.
type leave struct {
	owners   map[string]int64       // by their names in lower case
	services map[clientKey][]string // by whose they are
}

// clientKey names a client among those of all accounts.
type clientKey struct {
	account int64
	name    string
}

func newGrants(list []Grant) grants {
	all := make(grants)
	for _, g := range list {
		l := all[g.Grantee]
		if l == nil {
			l = &leave{owners: make(map[string]int64), services: make(map[clientKey][]string)}
			all[g.Grantee] = l
		}
		l.owners[strings.ToLower(g.Owner.Name)] = g.Owner.ID
		key := clientKey{g.Owner.ID, g.Client}
		l.services[key] = append(l.services[key], g.Service)
	}
	return all
}

// granted returns the services of another account's client that who may use.
func (g grants) granted(who *account, c *client) []string {
	if l := g[who.ID]; l != nil {
		return l.services[clientKey{c.account.ID, c.name}]
	}
	return nil
}

// maySee reports whether the clients of who see c.
func (g grants) maySee(who *account, c *client) bool {
	return who.ID == c.account.ID || who.isGateway() || len(g.granted(who, c)) > 0
}

// mayUse reports whether the clients of who may visit a service of c's.
func (g grants) mayUse(who *account, c *client, service string) bool {
	return who.ID == c.account.ID || slices.Contains(g.granted(who, c), service)
}

// lookupLocked returns the client that who means by a name, bare or full; nil
// if there is none or who may not see it.
func (s *Server) lookupLocked(who *account, name string) *client {
	owner, bare := wire.SplitName(name)
	if who.isGateway() {
		return s.anyLocked(owner, bare)
	}
	from := who
	if owner != "" && !strings.EqualFold(owner, who.Name) {
		l := s.grants[who.ID]
		if l == nil {
			return nil
		}
		id, ok := l.owners[strings.ToLower(owner)]
		if from = s.accounts[id]; from == nil || !ok {
			return nil
		}
	}
	if c := from.clients[bare]; c != nil && s.grants.maySee(who, c) {
		return c
	}
	return nil
}

// eachVisibleLocked calls f for the clients that who may see.
func (s *Server) eachVisibleLocked(who *account, f func(*client)) {
	for _, c := range who.clients {
		f(c)
	}
	if l := s.grants[who.ID]; l != nil {
		for key := range l.services {
			owner := s.accounts[key.account]
			if owner == nil || owner == who {
				continue
			}
			if c := owner.clients[key.name]; c != nil {
				f(c)
			}
		}
	}
}

// nameFor is how who knows the client.
func (cl *client) nameFor(who *account) string {
	if who.ID == cl.account.ID {
		return cl.name
	}
	return wire.FullName(cl.account.Name, cl.name)
}

// servicesFor returns c's services as who may see them: of others' only what
// is granted, and not where it listens at home.
func (g grants) servicesFor(who *account, c *client) []wire.Service {
	if who.ID == c.account.ID {
		return c.services
	}
	granted := g.granted(who, c)
	list := make([]wire.Service, 0, len(granted))
	for _, v := range c.services {
		if slices.Contains(granted, v.ID) {
			list = append(list, abroad(v))
		}
	}
	return list
}

// abroad is a service without what describes its provider's network.
func abroad(v wire.Service) wire.Service {
	v.LocalHost, v.LocalPort = "", 0
	return v
}

// SetGrants puts grants in force in place of those before. What is allowed no
// more has ended when it returns (rules S15).
func (s *Server) SetGrants(list []Grant) {
	g := newGrants(list)
	s.mu.Lock()
	defer s.unlock()
	s.grants = g
	for _, ss := range s.sessions {
		if !ss.visitor.client.account.isGateway() && !g.mayUse(ss.visitor.client.account, ss.provider.client, ss.service.ID) {
			s.endSessionLocked(ss, wire.SessionClosed{
				Code: wire.CodeWithdrawn, Reason: withdrawn(ss.visitor, ss.provider, ss.service), Final: true,
			}, nil)
		}
	}
	for _, r := range s.requests {
		if !r.visitor.client.account.isGateway() && !g.mayUse(r.visitor.client.account, r.provider.client, r.service.ID) {
			s.dropRequestLocked(r)
			r.visitor.conn.rejected(r.envelope, r.answerTo(), wire.CodeWithdrawn, withdrawn(r.visitor, r.provider, r.service))
		}
	}
}

func withdrawn(visitor, provider *life, v wire.Service) string {
	return "the service " + provider.client.nameFor(visitor.client.account) + "/" + v.ID +
		" is not shared any more with the account " + visitor.client.account.Name
}
