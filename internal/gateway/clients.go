// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"context"
	"slices"
	"time"

	"github.com/culvertd/culvert/internal/account"
	"github.com/culvertd/culvert/internal/control"
	"github.com/culvertd/culvert/internal/relay"
	"github.com/culvertd/culvert/internal/signaling"
	"github.com/culvertd/culvert/internal/store"
	"github.com/culvertd/culvert/internal/wire"
)

// CreateClientToken implements control.Clients.
func (b *book) CreateClientToken(ctx context.Context, owner, client string) (control.NewClientToken, error) {
	if client != "" && !wire.ValidName(client) {
		p := problems{}
		p.add("client", "is %q; use 1 to %d letters, digits, hyphens and underscores, and no hyphen first", client, wire.MaxName)
		return control.NewClientToken{}, p.err()
	}
	u, err := b.owner(ctx, owner)
	if err != nil {
		return control.NewClientToken{}, err
	}
	t, text, err := b.accounts.CreateClientToken(ctx, account.System(), u.ID, client, "", account.From{})
	if err != nil {
		return control.NewClientToken{}, toControl(err)
	}
	out := control.NewClientToken{ClientToken: showToken(t), Token: text}
	out.Owner = u.Name
	return out, nil
}

// ClientTokens implements control.Clients.
func (b *book) ClientTokens(ctx context.Context) ([]control.ClientToken, error) {
	list, err := b.store.ClientTokens(ctx)
	if err != nil {
		return nil, err
	}
	var live map[string]time.Time
	if b.tunnels != nil {
		live = b.tunnels.LastUsed() // newer than the store's
	}
	owners := make(directory)
	out := make([]control.ClientToken, len(list))
	for i, t := range list {
		if at := live[t.ID]; at.After(t.LastUsedAt) {
			t.LastUsedAt = at
		}
		out[i] = showToken(t)
		if out[i].Owner, err = owners.name(ctx, b.store, t.UserID); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// RevokeClientToken implements control.Clients.
func (b *book) RevokeClientToken(ctx context.Context, id string) error {
	list, err := b.store.ClientTokens(ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(list, func(t store.ClientToken) bool { return t.ID == id })
	if i < 0 {
		return control.NoToken(id)
	}
	return toControl(b.accounts.RevokeClientToken(ctx, account.System(), list[i].UserID, id, account.From{}))
}

// Clients implements control.Clients.
func (b *book) Clients(ctx context.Context) ([]control.TunnelClient, error) {
	if b.tunnels != nil {
		return showLive(b.tunnels), nil
	}
	list, err := tunnelStore{b.store}.Clients(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]control.TunnelClient, len(list))
	for i, c := range list {
		out[i] = showClient(signaling.ClientInfo{Client: c})
	}
	return out, nil
}

func showLive(s *signaling.Server) []control.TunnelClient {
	sessions := make(map[string][]control.TunnelSession)
	for _, v := range s.Sessions() {
		provider, visitor := wire.FullName(v.ProviderAccount.Name, v.Provider), wire.FullName(v.VisitorAccount.Name, v.Visitor)
		sessions[provider] = append(sessions[provider], showSession(v, wire.Provider, visitor))
		sessions[visitor] = append(sessions[visitor], showSession(v, wire.Visitor, provider))
	}
	list := s.Clients()
	out := make([]control.TunnelClient, len(list))
	for i, c := range list {
		out[i] = showClient(c)
		out[i].Sessions = append(out[i].Sessions, sessions[out[i].Name]...)
	}
	return out
}

func showClient(c signaling.ClientInfo) control.TunnelClient {
	out := control.TunnelClient{
		Name:         wire.FullName(c.Account.Name, c.Name),
		Status:       wire.Offline,
		TokenID:      c.TokenID,
		Services:     make([]control.TunnelService, len(c.Services)),
		RegisteredAt: c.RegisteredAt,
		LastSeenAt:   c.LastSeen,
		Sessions:     []control.TunnelSession{},
		Parked:       c.Parked,
		Fingerprint:  fingerprint(c.PublicKey),
	}
	if c.Online {
		out.Status = wire.Online
	}
	for i, v := range c.Services {
		out.Services[i] = control.TunnelService{
			ID: v.ID, Protocol: v.Protocol, LocalHost: v.LocalHost, LocalPort: v.LocalPort, Description: v.Description,
			Encryption: v.Encryption,
		}
	}
	return out
}

func showSession(v signaling.SessionInfo, role, peer string) control.TunnelSession {
	return control.TunnelSession{
		ID: v.ID, Role: role, Peer: peer, Service: v.Service.ID, Status: v.Status, CreatedAt: v.CreatedAt,
		Channels: v.Channels, BytesUp: v.Up, BytesDown: v.Down, BytesTransferred: v.Up + v.Down,
	}
}

func showToken(t store.ClientToken) control.ClientToken {
	return control.ClientToken{ID: t.ID, Client: t.Client, CreatedAt: t.CreatedAt, LastUsedAt: t.LastUsedAt}
}

// TunnelMetrics are the figures of tunnels for a monitoring system.
type TunnelMetrics struct {
	signaling.Stats
	Relay relay.Stats
	// PublicDropped are datagrams dropped at public UDP ports, by the reason.
	PublicDropped map[string]uint64
}

// TunnelMetrics returns the figures; false while there is no running gateway.
func (c *Core) TunnelMetrics() (TunnelMetrics, bool) {
	r := c.run.Load()
	if r == nil {
		return TunnelMetrics{}, false
	}
	return TunnelMetrics{
		Stats: r.book.tunnels.Stats(), Relay: r.book.tunnels.Relay().Stats(), PublicDropped: r.book.publisher.Drops(),
	}, true
}

// Tunnels returns the signaling server, or nil before the first Push and after
// Close.
func (c *Core) Tunnels() *signaling.Server {
	if r := c.run.Load(); r != nil {
		return r.book.tunnels
	}
	return nil
}

// RelayPort returns the port that the relay of the newest generation listens
// on; 0 if it has none.
func (c *Core) RelayPort() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.run.Load()
	if r == nil {
		return 0
	}
	return r.sockets.port(c.last.Relay.Listen)
}
