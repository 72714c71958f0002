// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"time"
)

//nolint:gosec // statements about tokens hold none
const (
	sqlInsertClientToken = `
		INSERT INTO client_tokens (token_id, user_id, hash, client, name, created_at) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT DO NOTHING`
	selectClientTokens = `
		SELECT token_id, coalesce(user_id, 0), hash, client, name, created_at, last_used_at FROM client_tokens`
	sqlListClientTokens = selectClientTokens + ` WHERE revoked_at = 0 ORDER BY id`
	sqlUserClientTokens = selectClientTokens + `
		WHERE coalesce(user_id, 0) = ? AND revoked_at = 0 ORDER BY id`
	sqlRevokeClientToken = `
		UPDATE client_tokens SET revoked_at = ? WHERE token_id = ? AND revoked_at = 0`
	sqlDeleteTokensClients = `DELETE FROM clients WHERE token_id = ?`
	sqlTouchClientToken    = `
		UPDATE client_tokens SET last_used_at = ? WHERE token_id = ? AND last_used_at < ?`
)

// ClientToken is the leave of tunnel clients to sign in. The token itself is
// kept nowhere.
type ClientToken struct {
	ID     string
	UserID int64  // 0: the operator's
	Name   string // for people
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
	err := s.inTx(ctx, func(tx conn) error {
		n, err := tx.exec(ctx, sqlInsertClientToken, t.ID, orNull(t.UserID), t.Hash[:], t.Client, t.Name, millis(t.CreatedAt))
		if err == nil && n == 0 {
			err = ErrExists
		}
		return err
	})
	return wrap("creating client token", err)
}

// ClientTokens returns the tokens that are not revoked, in the order of their
// creation.
func (s *Store) ClientTokens(ctx context.Context) ([]ClientToken, error) {
	tokens, err := list(ctx, s.r, scanClientToken, sqlListClientTokens)
	return tokens, wrap("listing client tokens", err)
}

// ClientTokensOf is ClientTokens for one user; 0 is the operator.
func (s *Store) ClientTokensOf(ctx context.Context, userID int64) ([]ClientToken, error) {
	tokens, err := list(ctx, s.r, scanClientToken, sqlUserClientTokens, userID)
	return tokens, wrap("listing client tokens", err)
}

// RevokeClientToken takes a token out of force and forgets its clients, or
// returns ErrNotFound.
func (s *Store) RevokeClientToken(ctx context.Context, id string, at time.Time) error {
	err := s.inTx(ctx, func(tx conn) error {
		if err := tx.must(ctx, sqlRevokeClientToken, millis(at), id); err != nil {
			return err
		}
		_, err := tx.exec(ctx, sqlDeleteTokensClients, id)
		return err
	})
	return wrap("revoking client token", err)
}

func scanClientToken(row scanner) (ClientToken, error) {
	var (
		t             ClientToken
		hash          []byte
		created, used int64
	)
	if err := row.Scan(&t.ID, &t.UserID, &hash, &t.Client, &t.Name, &created, &used); err != nil {
		return ClientToken{}, err
	}
	t.CreatedAt, t.LastUsedAt = fromMillis(created), fromMillis(used)
	var err error
	t.Hash, err = toHash(hash)
	return t, err
}
