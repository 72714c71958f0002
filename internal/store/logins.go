// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"maps"
	"slices"
	"time"
)

const (
	// A user who is deleted at this moment gets no log-in.
	sqlInsertLogin = `
		INSERT INTO logins (jti, user_id, created_at, expires_at, last_seen_at, addr, agent, epoch)
		SELECT ?, id, ?, ?, ?, ?, ?, ? FROM users WHERE id = ?
		ON CONFLICT DO NOTHING`
	selectLogins = `
		SELECT jti, user_id, created_at, expires_at, last_seen_at, addr, agent, epoch FROM logins`
	sqlSelectLogin  = selectLogins + ` WHERE jti = ?`
	sqlUserLogins   = selectLogins + ` WHERE user_id = ? ORDER BY created_at DESC`
	sqlRevokeLogin  = `DELETE FROM logins WHERE jti = ? AND user_id = ?`
	sqlRevokeLogins = `DELETE FROM logins WHERE user_id = ? AND jti <> ?`
	sqlTouchLogin   = `UPDATE logins SET last_seen_at = ? WHERE jti = ? AND last_seen_at < ?`
	sqlPruneLogins  = `
		DELETE FROM logins WHERE jti IN (
			SELECT jti FROM logins WHERE expires_at < ? ORDER BY expires_at LIMIT ?)`
)

// Login is a log-in that has not been revoked.
type Login struct {
	JTI                              string
	UserID                           int64
	CreatedAt, ExpiresAt, LastSeenAt time.Time
	Addr, Agent                      string
	Epoch                            int64
}

// CreateLogin adds l. It returns ErrNotFound if there is no such user.
func (s *Store) CreateLogin(ctx context.Context, l Login) error {
	err := s.inTx(ctx, func(tx conn) error {
		return tx.must(ctx, sqlInsertLogin, l.JTI, millis(l.CreatedAt), millis(l.ExpiresAt), millis(l.LastSeenAt),
			l.Addr, l.Agent, l.Epoch, l.UserID)
	})
	return wrap("creating login", err)
}

// Login returns a log-in that has not been revoked, or ErrNotFound; whether it
// has expired is for the caller to see.
func (s *Store) Login(ctx context.Context, jti string) (Login, error) {
	l, err := one(ctx, s.r, scanLogin, sqlSelectLogin, jti)
	return l, wrap("reading login", err)
}

// Logins returns the log-ins of a user, the newest first.
func (s *Store) Logins(ctx context.Context, userID int64) ([]Login, error) {
	logins, err := list(ctx, s.r, scanLogin, sqlUserLogins, userID)
	return logins, wrap("listing logins", err)
}

// RevokeLogin ends a log-in of a user, or returns ErrNotFound.
func (s *Store) RevokeLogin(ctx context.Context, userID int64, jti string) error {
	err := s.inTx(ctx, func(tx conn) error { return tx.must(ctx, sqlRevokeLogin, jti, userID) })
	return wrap("revoking login", err)
}

// RevokeLogins ends all log-ins of a user but one; except may be empty.
func (s *Store) RevokeLogins(ctx context.Context, userID int64, except string) error {
	err := s.inTx(ctx, func(tx conn) error {
		_, err := tx.exec(ctx, sqlRevokeLogins, userID, except)
		return err
	})
	return wrap("revoking logins", err)
}

// TouchLogins keeps when log-ins were last seen, by jti; a time never goes back.
func (s *Store) TouchLogins(ctx context.Context, seen map[string]time.Time) error {
	err := s.inTx(ctx, func(tx conn) error { return touch(ctx, tx, sqlTouchLogin, seen) })
	return wrap("touching logins", err)
}

// touch goes in one order, so that two that meet do not wait for each other.
func touch(ctx context.Context, tx conn, query string, seen map[string]time.Time) error {
	for _, id := range slices.Sorted(maps.Keys(seen)) {
		at := millis(seen[id])
		if _, err := tx.exec(ctx, query, at, id, at); err != nil {
			return err
		}
	}
	return nil
}

// PruneLogins removes the log-ins that expired before a time.
func (s *Store) PruneLogins(ctx context.Context, before time.Time) (int64, error) {
	return s.prune(ctx, "logins", sqlPruneLogins, millis(before))
}

func scanLogin(row scanner) (Login, error) {
	var (
		l                      Login
		created, expires, seen int64
	)
	err := row.Scan(&l.JTI, &l.UserID, &created, &expires, &seen, &l.Addr, &l.Agent, &l.Epoch)
	l.CreatedAt, l.ExpiresAt, l.LastSeenAt = fromMillis(created), fromMillis(expires), fromMillis(seen)
	return l, err
}
