// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

//nolint:gosec // statements about tokens hold none
const (
	sqlInsertClientToken = `
		INSERT INTO client_tokens (token_id, hash, client, created_at) VALUES (?, ?, ?, ?)
		ON CONFLICT DO NOTHING`
	sqlListClientTokens = `
		SELECT token_id, hash, client, created_at, last_used_at FROM client_tokens
		WHERE revoked_at = 0 ORDER BY id`
	sqlRevokeClientToken = `
		UPDATE client_tokens SET revoked_at = ? WHERE token_id = ? AND revoked_at = 0`
	sqlDeleteTokensClients = `DELETE FROM clients WHERE token_id = ?`
	sqlTouchClientToken    = `
		UPDATE client_tokens SET last_used_at = ? WHERE token_id = ? AND last_used_at < ?`
)

// ClientToken is the leave of tunnel clients to sign in. The token itself is
// kept nowhere.
type ClientToken struct {
	ID string
	// Hash is the SHA-256 of the token.
	Hash [32]byte
	// Client, if not empty, is the only name that the token is good for.
	Client     string
	CreatedAt  time.Time
	LastUsedAt time.Time // zero: never
}

// CreateClientToken adds t, unused. It returns ErrExists if its id or hash is
// taken.
func (s *Store) CreateClientToken(ctx context.Context, t ClientToken) error {
	ok, err := changed(s.w.ExecContext(ctx, sqlInsertClientToken, t.ID, t.Hash[:], t.Client, millis(t.CreatedAt)))
	if err == nil && !ok {
		err = ErrExists
	}
	if err != nil {
		return fmt.Errorf("creating client token: %w", err)
	}
	return nil
}

// ClientTokens returns the tokens that are not revoked, in the order of their
// creation.
func (s *Store) ClientTokens(ctx context.Context) ([]ClientToken, error) {
	rows, err := s.r.QueryContext(ctx, sqlListClientTokens)
	if err != nil {
		return nil, fmt.Errorf("listing client tokens: %w", err)
	}
	defer rows.Close()
	var list []ClientToken
	for rows.Next() {
		var (
			t             ClientToken
			hash          []byte
			created, used int64
		)
		if err := rows.Scan(&t.ID, &hash, &t.Client, &created, &used); err != nil {
			return nil, fmt.Errorf("listing client tokens: %w", err)
		}
		if copy(t.Hash[:], hash) != len(t.Hash) {
			return nil, fmt.Errorf("listing client tokens: the hash of %q has %d bytes", t.ID, len(hash))
		}
		t.CreatedAt, t.LastUsedAt = fromMillis(created), fromMillis(used)
		list = append(list, t)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("listing client tokens: %w", err)
	}
	return list, nil
}

// RevokeClientToken takes a token out of force and forgets its clients, or
// returns ErrNotFound.
func (s *Store) RevokeClientToken(ctx context.Context, id string, at time.Time) error {
	err := s.inTx(ctx, func(tx *sql.Tx) error {
		ok, err := changed(tx.ExecContext(ctx, sqlRevokeClientToken, millis(at), id))
		if err != nil {
			return err
		}
		if !ok {
			return ErrNotFound
		}
		_, err = tx.ExecContext(ctx, sqlDeleteTokensClients, id)
		return err
	})
	if err != nil {
		return fmt.Errorf("revoking client token: %w", err)
	}
	return nil
}
