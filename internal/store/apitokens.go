// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"fmt"
	"time"
)

//nolint:gosec // statements about tokens hold none
const (
	sqlInsertAPIToken = `
		INSERT INTO api_tokens (token_id, user_id, hash, name, scope, created_at, expires_at)
		SELECT ?, id, ?, ?, ?, ?, ? FROM users WHERE id = ?`
	selectAPITokens = `
		SELECT token_id, user_id, hash, name, scope, created_at, expires_at, last_used_at FROM api_tokens`
	sqlUserAPITokens  = selectAPITokens + ` WHERE user_id = ? AND revoked_at = 0 ORDER BY id`
	sqlAPITokenByHash = selectAPITokens + ` WHERE hash = ? AND revoked_at = 0`
	sqlRevokeAPIToken = `
		UPDATE api_tokens SET revoked_at = ? WHERE token_id = ? AND user_id = ? AND revoked_at = 0`
	sqlTouchAPIToken = `UPDATE api_tokens SET last_used_at = ? WHERE token_id = ? AND last_used_at < ?`
)

// APIToken is the leave of a program to act for a user. The token itself is kept
// nowhere.
type APIToken struct {
	ID         string
	UserID     int64
	Hash       [32]byte // SHA-256 of the token
	Name       string
	Scope      string // "read" or "manage"
	CreatedAt  time.Time
	ExpiresAt  time.Time // zero: never
	LastUsedAt time.Time // zero: never
}

// CreateAPIToken adds t, unused. It returns ErrNotFound if there is no such
// user.
func (s *Store) CreateAPIToken(ctx context.Context, t APIToken) error {
	err := s.inTx(ctx, func(tx conn) error {
		return tx.must(ctx, sqlInsertAPIToken, t.ID, t.Hash[:], t.Name, t.Scope, millis(t.CreatedAt),
			millis(t.ExpiresAt), t.UserID)
	})
	return wrap("creating API token", err)
}

// APITokens returns the tokens of a user that are not revoked, in the order of
// their creation.
func (s *Store) APITokens(ctx context.Context, userID int64) ([]APIToken, error) {
	tokens, err := list(ctx, s.r, scanAPIToken, sqlUserAPITokens, userID)
	return tokens, wrap("listing API tokens", err)
}

// APITokenByHash returns a token that is not revoked, or ErrNotFound; whether it
// has expired is for the caller to see.
func (s *Store) APITokenByHash(ctx context.Context, hash [32]byte) (APIToken, error) {
	t, err := one(ctx, s.r, scanAPIToken, sqlAPITokenByHash, hash[:])
	return t, wrap("reading API token", err)
}

// RevokeAPIToken takes a token of a user out of force, or returns ErrNotFound.
func (s *Store) RevokeAPIToken(ctx context.Context, userID int64, id string, now time.Time) error {
	err := s.inTx(ctx, func(tx conn) error { return tx.must(ctx, sqlRevokeAPIToken, millis(now), id, userID) })
	return wrap("revoking API token", err)
}

// TouchAPITokens keeps when tokens were last used, by id; a time never goes
// back.
func (s *Store) TouchAPITokens(ctx context.Context, used map[string]time.Time) error {
	err := s.inTx(ctx, func(tx conn) error { return touch(ctx, tx, sqlTouchAPIToken, used) })
	return wrap("touching API tokens", err)
}

func scanAPIToken(row scanner) (APIToken, error) {
	var (
		t                      APIToken
		hash                   []byte
		created, expires, used int64
	)
	err := row.Scan(&t.ID, &t.UserID, &hash, &t.Name, &t.Scope, &created, &expires, &used)
	if err != nil {
		return APIToken{}, err
	}
	t.CreatedAt, t.ExpiresAt, t.LastUsedAt = fromMillis(created), fromMillis(expires), fromMillis(used)
	t.Hash, err = toHash(hash)
	return t, err
}

// toHash is a SHA-256 as it is kept.
func toHash(b []byte) (h [32]byte, err error) {
	if copy(h[:], b) != len(h) || len(b) != len(h) {
		return h, fmt.Errorf("a hash has %d bytes", len(b))
	}
	return h, nil
}
