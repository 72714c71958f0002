// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package signaling

import (
	"fmt"
	"slices"
	"strings"

	"github.com/culvertd/culvert/internal/wire"
)

const noDomains = "this gateway has no site for domains of others; its operator can make one (publish … https:// in the Caddyfile)"

// SetDomains says which domains are whose, by the id of the account. Services
// whose domain is not their account's any more lose it, others get theirs; who is
// registered is told.
func (s *Server) SetDomains(owners map[string]int64) {
	s.mu.Lock()
	defer s.unlock()
	s.domains = owners
	var affected []*client
	for _, acc := range s.accounts {
		for _, cl := range acc.clients {
			if slices.ContainsFunc(cl.asked, wantsDomain) {
				affected = append(affected, cl)
			}
		}
	}
	before := make(map[*client][]outcome, len(affected))
	for _, cl := range affected {
		before[cl] = cl.published
	}
	// Twice: what one loses another may get.
	for range 2 {
		for _, cl := range affected {
			s.reclaimLocked(cl)
		}
	}
	for _, cl := range affected {
		if slices.Equal(before[cl], cl.published) {
			continue
		}
		s.keepLocked(cl)
		if cl.online() {
			cl.life.conn.send(wire.TypeRegisterResponse, "", s.welcomeLocked(cl.life))
		}
	}
}

func wantsDomain(v wire.Service) bool {
	return v.Publish != nil && strings.Contains(v.Publish.Host, ".")
}

// mayDomainLocked returns why a client cannot have a domain; nil if it can.
func (s *Server) mayDomainLocked(name string, cl *client) *wire.ErrorPayload {
	if s.domains == nil { // from the store: it was in order then
		return nil
	}
	if owner, known := s.domains[name]; known && owner == cl.account.ID {
		return nil
	}
	remedy := "ask an administrator of the gateway"
	if cfg := s.config.Load(); cfg.DomainProof != nil && !cl.account.free() {
		record, value := cfg.DomainProof(cl.account.ID, name)
		remedy = fmt.Sprintf("make the TXT record %s with the value %s, then prove it in the web interface of the gateway, under Publishing", record, value)
	}
	return &wire.ErrorPayload{
		Code:    wire.CodeNotProven,
		Message: fmt.Sprintf("the domain %s is not known to be this account's; %s", name, remedy),
	}
}

// Publication is what came of a service's publish.
type Publication struct {
	Name             string // a label, a domain, or a port such as tcp:20022
	Account          Account
	Client, Service  string
	Protocol         string
	Online           bool
	URL, Code, Error string
}

// Publications returns those of all clients, in no order.
func (s *Server) Publications() []Publication {
	s.mu.Lock()
	defer s.mu.Unlock()
	cfg := s.config.Load()
	var list []Publication
	for _, acc := range s.accounts {
		for _, cl := range acc.clients {
			for _, p := range cl.published {
				v, _ := cl.service(p.ServiceID)
				at := cfg.locate(cl, p)
				list = append(list, Publication{
					Name: p.name, Account: acc.Account, Client: cl.name, Service: p.ServiceID, Protocol: v.Protocol,
					Online: cl.online(), URL: at.URL, Code: at.Code, Error: at.Error,
				})
			}
		}
	}
	return list
}
