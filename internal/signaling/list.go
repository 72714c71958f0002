// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package signaling

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"go.uber.org/zap"

	"github.com/culvertd/culvert/internal/wire"
)

// listRoom is how much of a message the clients of a list may take.
const listRoom = wire.MaxMessage - 1024

// listFor answers get_client_list.
func (s *Server) listFor(c *conn, id string) *wire.ErrorPayload {
	infos, no := s.visible(c)
	if no != nil {
		return no
	}
	// Encoded outside the lock: a list can be long.
	list, omitted, err := fit(infos)
	if err != nil {
		s.log().Error("encoding the list of clients", zap.Error(err))
		return nil
	}
	c.send(wire.TypeClientList, id, struct {
		Clients []json.RawMessage `json:"clients"`
		Omitted int               `json:"omitted,omitempty"`
	}{list, omitted})
	return nil
}

// visible returns what c's client may see, online ones first.
func (s *Server) visible(c *conn) ([]wire.ClientInfo, *wire.ErrorPayload) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.life == nil {
		return nil, errNotRegistered
	}
	who := c.token.account
	infos := make([]wire.ClientInfo, 0, len(who.clients))
	s.eachVisibleLocked(who, func(cl *client) { infos = append(infos, s.showLocked(who, cl)) })
	slices.SortFunc(infos, onlineFirst)
	return infos, nil
}

// showLocked returns what who may know of a client.
func (s *Server) showLocked(who *account, cl *client) wire.ClientInfo {
	info := wire.ClientInfo{
		ID: cl.nameFor(who), Status: wire.Offline, Services: s.grants.servicesFor(who, cl),
		RegisteredAt: millis(cl.registeredAt), LastHeartbeat: millis(cl.seen()), PublicKey: cl.publicKey,
	}
	if cl.online() {
		info.Status = wire.Online
	}
	if info.Services == nil {
		info.Services = []wire.Service{} // not null
	}
	return info
}

func onlineFirst(a, b wire.ClientInfo) int {
	// "online" sorts behind "offline", hence the swap.
	return cmp.Or(strings.Compare(b.Status, a.Status), strings.Compare(a.ID, b.ID))
}

// VisibleClient is one that an account's clients see.
type VisibleClient struct {
	wire.ClientInfo // as get_client_list shows it
	Owner           Account
}

// Visible returns what the clients of an account see: their own account's by
// bare name, others' by full name with the services that are granted.
func (s *Server) Visible(id int64) []VisibleClient {
	s.mu.Lock()
	defer s.mu.Unlock()
	who := s.accounts[id]
	if who == nil {
		who = &account{Account: Account{ID: id}} // without clients it may have grants
	}
	var list []VisibleClient
	s.eachVisibleLocked(who, func(cl *client) {
		list = append(list, VisibleClient{s.showLocked(who, cl), cl.account.Account})
	})
	slices.SortFunc(list, func(a, b VisibleClient) int { return onlineFirst(a.ClientInfo, b.ClientInfo) })
	return list
}

func (cl *client) online() bool { return cl.life != nil && cl.life.conn != nil }

// fit encodes as many as a message holds, and counts the rest.
func fit(infos []wire.ClientInfo) (list []json.RawMessage, omitted int, err error) {
	list = make([]json.RawMessage, 0, len(infos))
	room := listRoom
	for i := range infos {
		b, err := json.Marshal(&infos[i])
		if err != nil {
			return nil, 0, err
		}
		if room -= len(b) + 1; room < 0 {
			return list, len(infos) - len(list), nil
		}
		list = append(list, b)
	}
	return list, 0, nil
}

// Clients returns all clients by account and name.
func (s *Server) Clients() []ClientInfo {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []ClientInfo
	for _, acc := range s.accounts {
		if acc.isGateway() {
			continue
		}
		for _, cl := range acc.clients {
			info := cl.info()
			info.URLs = urls(s.config.Load().published(cl))
			list = append(list, info)
		}
	}
	slices.SortFunc(list, func(a, b ClientInfo) int {
		return cmp.Or(cmp.Compare(a.Account.ID, b.Account.ID), strings.Compare(a.Name, b.Name))
	})
	return list
}

// info describes the client to those who may know everything.
func (cl *client) info() ClientInfo {
	info := ClientInfo{Online: cl.online(), In: cl.in, Out: cl.out, Client: Client{
		Account: cl.account.Account, Name: cl.name, TokenID: cl.owner.ID, Services: cl.services,
		PublicKey: cl.publicKey, RegisteredAt: cl.registeredAt, LastSeen: cl.seen(),
	}}
	l := cl.life
	if l == nil {
		return info
	}
	if l.conn != nil {
		info.Addr = l.conn.addr
	}
	info.Parked, info.Sessions = l.relay.Parked(), len(l.sessions)
	for _, ss := range l.sessions {
		in, out := ss.carried(l, ss.relay.Stats())
		info.In, info.Out = info.In+in, info.Out+out
	}
	return info
}

// Sessions returns all sessions, the oldest first.
func (s *Server) Sessions() []SessionInfo {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]SessionInfo, 0, len(s.sessions))
	for _, ss := range s.sessions {
		info := SessionInfo{
			ID: ss.id, Visitor: ss.visitor.client.name, Provider: ss.provider.client.name, Service: ss.service,
			VisitorAccount: ss.visitorAccount(), ProviderAccount: ss.provider.client.account.Account,
			Status: Connecting, Mode: ss.mode, CreatedAt: ss.created, SessionStats: ss.relay.Stats(),
		}
		if info.Opened > 0 || ss.ready == [2]bool{true, true} {
			info.Status = Connected
		}
		list = append(list, info)
	}
	slices.SortFunc(list, func(a, b SessionInfo) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), strings.Compare(a.ID, b.ID))
	})
	return list
}

// counters are the sums of Stats.
type counters struct {
	sessions, unauthorized, takeovers, alarms atomic.Uint64

	mu      sync.Mutex // guards the field below; innermost
	refused map[string]uint64
}

// refuse counts a refusal by its code, which is one of ours.
func (k *counters) refuse(code string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.refused == nil {
		k.refused = make(map[string]uint64)
	}
	k.refused[code]++
}

// Stats returns the figures.
func (s *Server) Stats() Stats {
	s.mu.Lock()
	st := Stats{Sessions: len(s.sessions), Requests: len(s.requests)}
	for c := range s.conns {
		if !c.token.account.isGateway() {
			st.Connections++
		}
	}
	for _, l := range s.lives {
		if l.conn != nil && !l.client.account.isGateway() {
			st.Online++
		}
	}
	for _, acc := range s.accounts {
		if !acc.isGateway() {
			st.Known += len(acc.clients)
		}
	}
	s.mu.Unlock()
	st.TotalSessions, st.Unauthorized = s.count.sessions.Load(), s.count.unauthorized.Load()
	st.Takeovers, st.Alarms = s.count.takeovers.Load(), s.count.alarms.Load()
	s.count.mu.Lock()
	st.Refused = maps.Clone(s.count.refused)
	s.count.mu.Unlock()
	s.keeper.mu.Lock()
	st.LogLost = s.keeper.lost
	s.keeper.mu.Unlock()
	return st
}
