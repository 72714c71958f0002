// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/culvertd/culvert/internal/relay"
	"github.com/culvertd/culvert/internal/signaling"
	"github.com/culvertd/culvert/internal/store"
	"github.com/culvertd/culvert/internal/wire"
)

// signalingConfig is what a config means for signaling; port is the one that
// the relay listens on.
func (c Config) signalingConfig(port int) signaling.Config {
	t := c.Tunnel
	idle := t.SessionTimeout
	if idle == Never {
		idle = 0
	}
	return signaling.Config{
		HeartbeatInterval:    t.HeartbeatInterval,
		HeartbeatTimeout:     t.HeartbeatTimeout,
		MaxSessions:          t.MaxSessions,
		MaxSessionsPerClient: t.MaxSessionsPerClient,
		Relay: relay.Limits{
			IdleTimeout:           idle,
			MaxBytesPerSession:    t.MaxBytesPerSession,
			MaxChannelsPerSession: t.MaxChannelsPerSession,
			SessionRate:           t.SessionRate,
			ClientRate:            t.ClientRate,
		},
		RelayPort:     port,
		AdvertiseHost: c.Relay.AdvertiseHost,
		AdvertisePort: c.Relay.AdvertisePort,
	}
}

// tunnelStore is the store in signaling's words.
type tunnelStore struct{ *store.Store }

// Tokens implements signaling.Store.
func (s tunnelStore) Tokens(ctx context.Context) ([]signaling.Token, error) {
	list, err := s.ClientTokens(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]signaling.Token, len(list))
	for i, t := range list {
		out[i] = toToken(t)
	}
	return out, nil
}

func toToken(t store.ClientToken) signaling.Token {
	return signaling.Token{ID: t.ID, Hash: t.Hash, Client: t.Client, Account: signaling.Operator, LastUsed: t.LastUsedAt}
}

// Clients implements signaling.Store.
func (s tunnelStore) Clients(ctx context.Context) ([]signaling.Client, error) {
	list, err := s.Store.Clients(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]signaling.Client, len(list))
	for i, c := range list {
		out[i] = signaling.Client{Name: c.Name, TokenID: c.TokenID, RegisteredAt: c.RegisteredAt, LastSeen: c.LastSeenAt}
		if out[i].Services, err = services(c); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func services(c store.Client) (list []wire.Service, err error) {
	if err := json.Unmarshal(c.Services, &list); err != nil {
		return nil, fmt.Errorf("reading the services of %q: %w", c.Name, err)
	}
	return list, nil
}

// Write implements signaling.Store.
func (s tunnelStore) Write(ctx context.Context, b signaling.Batch) error {
	out := store.TunnelBatch{Used: b.Used}
	for _, c := range b.Clients {
		if c.Services == nil {
			c.Services = []wire.Service{} // not null
		}
		text, err := json.Marshal(c.Services)
		if err != nil {
			return fmt.Errorf("encoding the services of %q: %w", c.Name, err)
		}
		out.Clients = append(out.Clients, store.Client{
			Name: c.Name, TokenID: c.TokenID, Services: text, RegisteredAt: c.RegisteredAt, LastSeenAt: c.LastSeen,
		})
	}
	for _, v := range b.Sessions {
		out.Sessions = append(out.Sessions, store.Session{
			ID: v.ID, Visitor: v.Visitor, Provider: v.Provider, Service: v.Service,
			CreatedAt: v.Created, EndedAt: v.Ended, Bytes: v.Up + v.Down, Reason: v.Reason,
		})
	}
	return s.WriteTunnels(ctx, out)
}

var _ signaling.Store = tunnelStore{}
