// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/culvertd/culvert/internal/account"
	"github.com/culvertd/culvert/internal/hub"
	"github.com/culvertd/culvert/internal/inventory"
	"github.com/culvertd/culvert/internal/signaling"
	"github.com/culvertd/culvert/internal/store"
)

// maxLive bounds the endpoints of Live.
const maxLive = 100

// show returns what the API shows of an endpoint. What it adds to the store's
// figures is a second old.
func (a *API) show(e store.Endpoint) inventory.Endpoint {
	b, st := a.b, e.Stats
	out := inventory.Endpoint{
		ID: e.ID, Name: e.Name, URL: b.site.Load().Endpoint(e.ID), OwnerID: e.UserID, Owner: b.ledger.name(e.UserID),
		CreatedAt: e.CreatedAt, LastActiveAt: e.LastActiveAt, Version: e.Version, Private: e.Private,
		Settings: inventory.EndpointSettings(fromStore(e.Settings)),
		Stats: inventory.EndpointStats{
			TotalConnections: st.TotalConnections, MessagesIn: st.MessagesIn, BytesIn: st.BytesIn,
			MessagesOut: st.MessagesOut, BytesOut: st.BytesOut,
			Dropped: st.DroppedSlow + st.DroppedClosed + st.DroppedKicked,
		},
	}
	if out.Settings.Origins == nil {
		out.Settings.Origins = []string{} // not null
	}
	live, _ := b.hub.Stats(hub.ID(e.ID))
	if live.LastActive.After(out.LastActiveAt) {
		out.LastActiveAt = live.LastActive.UTC()
	}
	out.Stats.Connections = live.Connections
	out.Stats.Rates = b.pulse.rates(hub.ID(e.ID))
	out.RemoveAt = b.removal(e, live, time.Now())
	return out
}

// rates returns those of one endpoint.
func (p *pulse) rates(id hub.ID) inventory.Rates {
	p.mu.Lock()
	defer p.mu.Unlock()
	if b := p.endpoints[id]; b != nil {
		return b.rates
	}
	return inventory.Rates{}
}

// Live returns the numbers of this second. It asks nobody but the memory.
func (a *API) Live(scope int64) inventory.Live {
	out := a.b.pulse.live(scope)
	out.Clients, out.Sessions = a.b.pulse.presence.of(a.b.tunnels, scope)
	return out
}

// presence is who is online, counted at most once a second however many watch.
type presence struct {
	mu       sync.Mutex // guards the fields below; before signaling's
	at       time.Time
	clients  map[int64]int // by account, and all
	sessions map[int64]int
}

func (p *presence) of(s *signaling.Server, scope int64) (clients, sessions int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now := time.Now(); now.Sub(p.at) >= pulseEvery {
		p.at, p.clients, p.sessions = now, make(map[int64]int), make(map[int64]int)
		for _, c := range s.Clients() {
			if c.Online {
				p.clients[c.Account.ID]++
				p.clients[inventory.All]++
			}
		}
		for _, v := range s.Sessions() {
			p.sessions[inventory.All]++
			p.sessions[v.ProviderAccount.ID]++
			if v.VisitorAccount.ID != v.ProviderAccount.ID {
				p.sessions[v.VisitorAccount.ID]++
			}
		}
	}
	return p.clients[scope], p.sessions[scope]
}

func (p *pulse) live(scope int64) inventory.Live {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := inventory.Live{Endpoints: []inventory.LiveEndpoint{}}
	add := func(id hub.ID, b *beat) {
		out.Connections += b.last.Connections
		out.Rates = plus(out.Rates, b.rates)
		out.Endpoints = append(out.Endpoints, inventory.LiveEndpoint{
			ID: string(id), Connections: b.last.Connections, MessagesIn: b.last.MessagesIn,
			MessagesOut: b.last.MessagesOut, Dropped: b.last.Dropped.Total(), Rates: b.rates,
		})
	}
	if scope == inventory.All {
		for id, b := range p.endpoints {
			add(id, b)
		}
		out.TunnelBytes = float64(p.allFlows)
	} else {
		for _, id := range p.ledger.of(scope) {
			if b := p.endpoints[id]; b != nil {
				add(id, b)
			}
		}
		if r := p.flows[scope]; r != nil {
			out.TunnelBytes = float64(*r)
		}
	}
	slices.SortFunc(out.Endpoints, func(a, b inventory.LiveEndpoint) int {
		return cmp.Or(cmp.Compare(b.Connections, a.Connections), strings.Compare(a.ID, b.ID))
	})
	out.Endpoints = out.Endpoints[:min(len(out.Endpoints), maxLive)]
	return out
}

func plus(a, b inventory.Rates) inventory.Rates {
	return inventory.Rates{
		MessagesIn: a.MessagesIn + b.MessagesIn, MessagesOut: a.MessagesOut + b.MessagesOut,
		BytesIn: a.BytesIn + b.BytesIn, BytesOut: a.BytesOut + b.BytesOut, Dropped: a.Dropped + b.Dropped,
	}
}

// Load returns how busy the gateway is.
func (a *API) Load(context.Context) (inventory.Load, error) {
	p := a.b.pulse
	p.mu.Lock()
	out := p.load.process()
	out.Endpoints, out.Connections = len(p.endpoints), p.total.last.Connections
	out.Rates, out.TunnelBytes = p.total.rates, float64(p.allFlows)
	p.mu.Unlock()
	st := a.b.tunnels.Stats()
	out.Clients, out.Sessions = st.Online, st.Sessions
	return out, nil
}

// History returns what is kept of one subject, oldest first.
func (a *API) History(ctx context.Context, scope int64, q inventory.HistoryQuery) ([]inventory.Point, error) {
	var subject string
	switch q.Kind {
	case kindEndpoint:
		e, err := a.find(ctx, scope, q.Subject)
		if err != nil {
			return nil, err
		}
		subject = e.ID
	case kindService, kindUser:
		if !within(scope, q.Of) || !storable(q.Subject) {
			return nil, missing(q.Kind)
		}
		subject = strconv.FormatInt(q.Of, 10)
		if q.Kind == kindService {
			subject += "/" + q.Subject
		}
	default:
		return nil, &account.Error{
			Code: account.CodeInvalid, Message: "The request is not valid.",
			Details: map[string]string{"kind": "is none of endpoint, service and user"},
		}
	}
	rows, err := a.b.store.Rollups(ctx, q.Kind, subject, q.Resolution, q.From, q.To)
	if err != nil {
		return nil, err
	}
	out := make([]inventory.Point, len(rows))
	for i, r := range rows {
		out[i] = inventory.Point{
			Start: r.Start, Connections: r.Connections, Peak: r.Peak, MessagesIn: r.MessagesIn,
			MessagesOut: r.MessagesOut, BytesIn: r.BytesIn, BytesOut: r.BytesOut, Dropped: r.Dropped,
		}
	}
	return out, nil
}

// Usage returns what an account has used of what it may.
func (a *API) Usage(ctx context.Context, user int64) (inventory.Usage, error) {
	out, known := a.b.ledger.usage(user)
	if !known {
		return inventory.Usage{}, missing("account")
	}
	var err error
	if out.Endpoints, err = a.b.store.CountEndpoints(ctx, user); err != nil {
		return inventory.Usage{}, err
	}
	for _, c := range a.b.tunnels.Clients() {
		if c.Account.ID == user {
			out.Clients++
		}
	}
	return out, nil
}

// usage is what the ledger knows for Usage.
func (l *ledger) usage(user int64) (inventory.Usage, bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	h := l.holders[user]
	if h == nil {
		return inventory.Usage{}, false
	}
	return inventory.Usage{
		Month: l.month, Bytes: h.used, MonthlyBytes: l.quotaLocked(h), Warned: h.warned, Exceeded: h.spent,
		MaxEndpoints:   effective(h.limits.Endpoints, l.defaults.Endpoints, defaultEndpoints),
		MaxClients:     l.clientsLocked(h),
		Connections:    h.group.Connections(),
		MaxConnections: l.connectionsLocked(h),
	}, true
}
