// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"encoding/json"
	"time"
)

const (
	// A token may have been revoked after its client was last seen.
	sqlUpsertClient = `
		INSERT INTO clients (user_id, name, token_id, services, identity, registered_at, last_seen_at)
		SELECT coalesce(user_id, 0), ?, token_id, ?, ?, ?, ? FROM client_tokens
		WHERE token_id = ? AND revoked_at = 0
		ON CONFLICT (user_id, name) DO UPDATE SET token_id = excluded.token_id, services = excluded.services,
			identity = excluded.identity, registered_at = excluded.registered_at, last_seen_at = excluded.last_seen_at`
	sqlListClients = `
		SELECT user_id, name, token_id, services, identity, registered_at, last_seen_at FROM clients
		ORDER BY user_id, name`
	sqlForgetClientKey = `UPDATE clients SET identity = '' WHERE user_id = ? AND name = ?`
)

// Client is a tunnel client's name and what was last known of it. Names are
// unique per user.
type Client struct {
	UserID       int64 // the token's; 0: the operator
	Name         string
	TokenID      string
	Services     json.RawMessage // a JSON array
	PublicKey    string          // as text; empty: none is known
	RegisteredAt time.Time
	LastSeenAt   time.Time
}

// TunnelBatch is what WriteTunnels keeps.
type TunnelBatch struct {
	Clients  []Client
	Used     map[string]time.Time // last use of tokens, by id
	Sessions []Session
}

// WriteTunnels keeps all of b or nothing. A client is its token's user's; those
// whose token has been revoked are left out; the last use of a token never goes back.
func (s *Store) WriteTunnels(ctx context.Context, b TunnelBatch) error {
	err := s.inTx(ctx, func(tx conn) error {
		for _, c := range b.Clients {
			_, err := tx.exec(ctx, sqlUpsertClient, c.Name, string(c.Services), c.PublicKey, millis(c.RegisteredAt),
				millis(c.LastSeenAt), c.TokenID)
			if err != nil {
				return err
			}
		}
		if err := touch(ctx, tx, sqlTouchClientToken, b.Used); err != nil {
			return err
		}
		for _, v := range b.Sessions {
			_, err := tx.exec(ctx, sqlInsertSession, v.ID, v.Visitor, v.Provider, v.Service,
				millis(v.CreatedAt), millis(v.EndedAt), int64(v.Bytes), v.Reason, v.VisitorUser, v.ProviderUser)
			if err != nil {
				return err
			}
		}
		return nil
	})
	return wrap("writing clients and sessions", err)
}

// Clients returns all clients, by user and name.
func (s *Store) Clients(ctx context.Context) ([]Client, error) {
	clients, err := list(ctx, s.r, scanClient, sqlListClients)
	return clients, wrap("listing clients", err)
}

// ForgetClientKey has the next key that a client comes with be its own, or
// returns ErrNotFound.
func (s *Store) ForgetClientKey(ctx context.Context, userID int64, name string) error {
	err := s.inTx(ctx, func(tx conn) error { return tx.must(ctx, sqlForgetClientKey, userID, name) })
	return wrap("forgetting client key", err)
}

func scanClient(row scanner) (Client, error) {
	var (
		c                Client
		services         string
		registered, seen int64
	)
	err := row.Scan(&c.UserID, &c.Name, &c.TokenID, &services, &c.PublicKey, &registered, &seen)
	c.Services = json.RawMessage(services)
	c.RegisteredAt, c.LastSeenAt = fromMillis(registered), fromMillis(seen)
	return c, err
}
