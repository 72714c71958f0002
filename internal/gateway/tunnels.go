// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
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
		PublicSite: c.Publish.String(), DomainSite: c.Publish.Domains(),
		TCPPorts: c.TCPPorts, UDPPorts: c.UDPPorts, PublicHost: cmp.Or(c.Relay.AdvertiseHost, c.Site.Host), MaxPortsPerAccount: c.MaxPortsPerAccount,
		RelayPort:     port,
		AdvertiseHost: c.Relay.AdvertiseHost,
		AdvertisePort: c.Relay.AdvertisePort,
	}
}

// tunnelStore is the store in signaling's words.
type tunnelStore struct{ *store.Store }

// Tokens implements signaling.Store. Those of disabled accounts are not in force.
func (s tunnelStore) Tokens(ctx context.Context) ([]signaling.Token, error) {
	list, err := s.ClientTokens(ctx)
	if err != nil {
		return nil, err
	}
	owners := make(directory)
	out := make([]signaling.Token, 0, len(list))
	for _, t := range list {
		u, err := owners.find(ctx, s.Store, t.UserID)
		switch {
		case errors.Is(err, store.ErrNotFound) || err == nil && !u.DisabledAt.IsZero():
			continue
		case err != nil:
			return nil, err
		}
		token := toToken(t)
		token.Account = toAccount(u)
		out = append(out, token)
	}
	return out, nil
}

// toToken leaves out whose it is but for the id.
func toToken(t store.ClientToken) signaling.Token {
	return signaling.Token{
		ID: t.ID, Hash: t.Hash, Client: t.Client, LastUsed: t.LastUsedAt, Account: signaling.Account{ID: t.UserID},
	}
}

func toAccount(u store.User) signaling.Account { return signaling.Account{ID: u.ID, Name: u.Name} }

// directory has the users that were looked up, by id. The operator is the zero
// value; one may be deleted while a list of what they have is gone through.
type directory map[int64]store.User

func (d directory) find(ctx context.Context, s *store.Store, id int64) (store.User, error) {
	u, ok := d[id]
	if ok || id == signaling.Operator.ID {
		return u, nil
	}
	u, err := s.User(ctx, id)
	if err == nil {
		d[id] = u
	}
	return u, err
}

// Clients implements signaling.Store.
func (s tunnelStore) Clients(ctx context.Context) ([]signaling.Client, error) {
	list, err := s.Store.Clients(ctx)
	if err != nil {
		return nil, err
	}
	owners := make(directory)
	out := make([]signaling.Client, 0, len(list))
	for _, c := range list {
		u, err := owners.find(ctx, s.Store, c.UserID)
		switch {
		case errors.Is(err, store.ErrNotFound):
			continue
		case err != nil:
			return nil, err
		}
		offered, err := services(c)
		if err != nil {
			return nil, err
		}
		key, err := publicKey(c)
		if err != nil {
			return nil, err
		}
		out = append(out, signaling.Client{
			Account: toAccount(u), Name: c.Name, TokenID: c.TokenID, Services: offered, PublicKey: key,
			RegisteredAt: c.RegisteredAt, LastSeen: c.LastSeenAt,
		})
	}
	return out, nil
}

func services(c store.Client) (list []wire.Service, err error) {
	if err := json.Unmarshal(c.Services, &list); err != nil {
		return nil, fmt.Errorf("reading the services of %q: %w", c.Name, err)
	}
	return list, nil
}

func publicKey(c store.Client) (*wire.PublicKey, error) {
	if c.PublicKey == "" {
		return nil, nil //nolint:nilnil // none is known
	}
	key := new(wire.PublicKey)
	if err := key.UnmarshalText([]byte(c.PublicKey)); err != nil {
		return nil, fmt.Errorf("reading the public key of %q: %w", c.Name, err)
	}
	return key, nil
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
		key := ""
		if c.PublicKey != nil {
			key = c.PublicKey.String()
		}
		out.Clients = append(out.Clients, store.Client{
			UserID: c.Account.ID, Name: c.Name, TokenID: c.TokenID, Services: text, PublicKey: key,
			RegisteredAt: c.RegisteredAt, LastSeenAt: c.LastSeen,
		})
	}
	for _, v := range b.Sessions {
		out.Sessions = append(out.Sessions, store.Session{
			ID: v.ID, Visitor: v.Visitor, Provider: v.Provider, Service: v.Service,
			VisitorUser: v.VisitorAccount.ID, ProviderUser: v.ProviderAccount.ID,
			CreatedAt: v.Created, EndedAt: v.Ended, Bytes: v.Up + v.Down, Reason: v.Reason,
		})
	}
	return s.WriteTunnels(ctx, out)
}

var _ signaling.Store = tunnelStore{}
