// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package signaling

import (
	"sync"

	"github.com/culvertd/culvert/internal/relay"
)

// Flow is what the sessions of one account with one service of another have
// carried in some time.
type Flow struct {
	Visitor, Provider Account
	Client, Service   string // of the provider's
	Sessions          int    // that have begun
	Up, Down          uint64 // bytes from the visitors, to the visitors
}

// flowKey tells flows apart; names of accounts are only told.
type flowKey struct {
	visitor, provider int64
	client, service   string
}

// flowed is what Flows has told of a session.
type flowed struct {
	begun    bool
	up, down uint64
}

// maxPast bounds what waits for Flows; beyond it, only who carried is known.
const maxPast = 1 << 16

// past is what ended sessions have carried since Flows was called last.
type past struct {
	mu    sync.Mutex // guards the field below; innermost
	flows map[flowKey]Flow
}

func (p *past) add(f Flow) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.flows == nil {
		p.flows = make(map[flowKey]Flow)
	}
	if len(p.flows) >= maxPast {
		f.Client, f.Service = "", ""
	}
	merge(p.flows, f)
}

func (p *past) take() map[flowKey]Flow {
	p.mu.Lock()
	defer p.mu.Unlock()
	flows := p.flows
	p.flows = nil
	return flows
}

func merge(to map[flowKey]Flow, f Flow) {
	key := flowKey{f.Visitor.ID, f.Provider.ID, f.Client, f.Service}
	sum := to[key]
	f.Sessions, f.Up, f.Down = f.Sessions+sum.Sessions, f.Up+sum.Up, f.Down+sum.Down
	to[key] = f
}

// Flows returns what has been carried since it was called last, each byte
// once, so it is for one caller.
func (s *Server) Flows() []Flow {
	s.mu.Lock()
	flows := make(map[flowKey]Flow)
	for _, ss := range s.sessions {
		if !ss.recorded {
			merge(flows, ss.flow(ss.visitorAccount(), ss.provider.client.account.Account, ss.relay.Stats()))
		}
	}
	s.mu.Unlock()
	for _, f := range s.past.take() {
		merge(flows, f)
	}
	list := make([]Flow, 0, len(flows))
	for _, f := range flows {
		if f.Sessions > 0 || f.Up > 0 || f.Down > 0 {
			list = append(list, f)
		}
	}
	return list
}

// flow returns what has not been told of a session, and takes it as told.
func (ss *session) flow(visitor, provider Account, st relay.SessionStats) Flow {
	f := Flow{
		Visitor: visitor, Provider: provider, Client: ss.provider.client.name, Service: ss.service.ID,
		Up: st.Up - ss.flowed.up, Down: st.Down - ss.flowed.down,
	}
	if !ss.flowed.begun {
		f.Sessions = 1
	}
	ss.flowed = flowed{true, st.Up, st.Down}
	return f
}

// carried returns the bytes to and from one end of a session; both ways count
// twice for a client that visits itself.
func (ss *session) carried(l *life, st relay.SessionStats) (in, out uint64) {
	if ss.visitor == ss.provider {
		return st.Up + st.Down, st.Up + st.Down
	}
	if ss.visitor == l {
		return st.Down, st.Up
	}
	return st.Up, st.Down
}
