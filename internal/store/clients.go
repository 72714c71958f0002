// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"
)

const (
	// A token may have been revoked after its client was last seen.
	sqlUpsertClient = `
		INSERT INTO clients (name, token_id, services, registered_at, last_seen_at)
		SELECT ?, token_id, ?, ?, ? FROM client_tokens WHERE token_id = ? AND revoked_at = 0
		ON CONFLICT (name) DO UPDATE SET token_id = excluded.token_id, services = excluded.services,
			registered_at = excluded.registered_at, last_seen_at = excluded.last_seen_at`
	sqlListClients = `
		SELECT name, token_id, services, registered_at, last_seen_at FROM clients ORDER BY name`
	sqlInsertSession = `
		INSERT INTO sessions_log (session_id, visitor, provider, service, created_at, ended_at, bytes, reason)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)`
	sqlPruneSessions = `
		DELETE FROM sessions_log WHERE id IN (
			SELECT id FROM sessions_log WHERE ended_at < ? ORDER BY ended_at LIMIT ?)`
)

// Client is a tunnel client's name and what was last known of it.
type Client struct {
	Name         string
	TokenID      string
	Services     json.RawMessage // a JSON array
	RegisteredAt time.Time
	LastSeenAt   time.Time
}

// Session is a session that has ended.
type Session struct {
	ID, Visitor, Provider, Service string
	CreatedAt, EndedAt             time.Time
	Bytes                          uint64
	Reason                         string
}

// TunnelBatch is what WriteTunnels keeps.
type TunnelBatch struct {
	Clients  []Client
	Used     map[string]time.Time // last use of tokens, by id
	Sessions []Session
}

// WriteTunnels keeps all of b or nothing. Clients whose token has been revoked
// are left out; the last use of a token never goes back.
func (s *Store) WriteTunnels(ctx context.Context, b TunnelBatch) error {
	err := s.inTx(ctx, func(tx *sql.Tx) error {
		for _, c := range b.Clients {
			_, err := tx.ExecContext(ctx, sqlUpsertClient, c.Name, string(c.Services), millis(c.RegisteredAt),
				millis(c.LastSeenAt), c.TokenID)
			if err != nil {
				return err
			}
		}
		for id, at := range b.Used {
			if _, err := tx.ExecContext(ctx, sqlTouchClientToken, millis(at), id, millis(at)); err != nil {
				return err
			}
		}
		for _, v := range b.Sessions {
			_, err := tx.ExecContext(ctx, sqlInsertSession, v.ID, v.Visitor, v.Provider, v.Service,
				millis(v.CreatedAt), millis(v.EndedAt), int64(v.Bytes), v.Reason)
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("writing clients and sessions: %w", err)
	}
	return nil
}

// Clients returns all clients by name.
func (s *Store) Clients(ctx context.Context) ([]Client, error) {
	rows, err := s.r.QueryContext(ctx, sqlListClients)
	if err != nil {
		return nil, fmt.Errorf("listing clients: %w", err)
	}
	defer rows.Close()
	var list []Client
	for rows.Next() {
		var (
			c                Client
			services         string
			registered, seen int64
		)
		if err := rows.Scan(&c.Name, &c.TokenID, &services, &registered, &seen); err != nil {
			return nil, fmt.Errorf("listing clients: %w", err)
		}
		c.Services = json.RawMessage(services)
		c.RegisteredAt, c.LastSeenAt = fromMillis(registered), fromMillis(seen)
		list = append(list, c)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("listing clients: %w", err)
	}
	return list, nil
}

// PruneSessions removes the sessions that ended before a time, and returns how
// many it removed; with an error, some may be gone and others not.
func (s *Store) PruneSessions(ctx context.Context, before time.Time) (int64, error) {
	return s.prune(ctx, "session log", sqlPruneSessions, before)
}

// prune runs a statement that removes at most pruneStep lines until it finds
// no more.
func (s *Store) prune(ctx context.Context, what, query string, before time.Time) (int64, error) {
	var total int64
	for {
		res, err := s.w.ExecContext(ctx, query, millis(before), pruneStep)
		if err != nil {
			return total, fmt.Errorf("pruning %s: %w", what, err)
		}
		n, err := res.RowsAffected()
		if err != nil {
			return total, fmt.Errorf("pruning %s: %w", what, err)
		}
		total += n
		if n < pruneStep {
			return total, nil
		}
	}
}
