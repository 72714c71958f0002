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
	who := c.token.Account
	infos := make([]wire.ClientInfo, 0, len(s.clients))
	for _, cl := range s.clients {
		if !maySee(who, cl.owner.Account) {
			continue
		}
		info := wire.ClientInfo{
			ID: cl.name, Status: wire.Offline, Services: forEyes(who, cl.owner.Account, cl.services),
			RegisteredAt: millis(cl.registeredAt), LastHeartbeat: millis(cl.seen()),
		}
		if cl.online() {
			info.Status = wire.Online
		}
		if info.Services == nil {
			info.Services = []wire.Service{} // not null
		}
		infos = append(infos, info)
	}
	slices.SortFunc(infos, func(a, b wire.ClientInfo) int {
		// "online" sorts behind "offline", hence the swap.
		return cmp.Or(strings.Compare(b.Status, a.Status), strings.Compare(a.ID, b.ID))
	})
	return infos, nil
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

// Clients returns all clients by name.
func (s *Server) Clients() []ClientInfo {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]ClientInfo, 0, len(s.clients))
	for _, cl := range s.clients {
		info := ClientInfo{Online: cl.online(), Client: Client{
			Name: cl.name, TokenID: cl.owner.ID, Services: cl.services, RegisteredAt: cl.registeredAt, LastSeen: cl.seen(),
		}}
		if cl.life != nil {
			info.Parked = cl.life.relay.Parked()
		}
		list = append(list, info)
	}
	slices.SortFunc(list, func(a, b ClientInfo) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// Sessions returns all sessions, the oldest first.
func (s *Server) Sessions() []SessionInfo {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]SessionInfo, 0, len(s.sessions))
	for _, ss := range s.sessions {
		info := SessionInfo{
			ID: ss.id, Visitor: ss.visitor.client.name, Provider: ss.provider.client.name, Service: ss.service,
			Status: Connecting, CreatedAt: ss.created, SessionStats: ss.relay.Stats(),
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
	st := Stats{Connections: len(s.conns), Known: len(s.clients), Sessions: len(s.sessions), Requests: len(s.requests)}
	for _, l := range s.lives {
		if l.conn != nil {
			st.Online++
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
