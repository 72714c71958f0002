// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"time"
)

const (
	sqlUpsertReset = `
		INSERT INTO resets (hash, user_id, created_by, created_at, expires_at, kind) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (kind, coalesce(user_id, 0)) DO UPDATE SET hash = excluded.hash,
			created_by = excluded.created_by, created_at = excluded.created_at, expires_at = excluded.expires_at`
	sqlSelectReset = `
		SELECT hash, coalesce(user_id, 0), coalesce(created_by, 0), created_at, expires_at, kind FROM resets
		WHERE hash = ? AND kind = ? AND expires_at > ?`
	// The one that decides: of any number at once, one meets the row.
	sqlUseReset = `
		DELETE FROM resets WHERE hash = ? AND kind = ? AND expires_at > ?
		RETURNING hash, coalesce(user_id, 0), coalesce(created_by, 0), created_at, expires_at, kind`
)

// Reset is a one-time link. Its code is kept nowhere.
type Reset struct {
	Hash              [32]byte // SHA-256 of the code
	UserID, CreatedBy int64
	CreatedAt         time.Time
	ExpiresAt         time.Time
	Kind              string // "password" or "first-admin"
}

// CreateReset adds r in place of the one of the same user and kind.
func (s *Store) CreateReset(ctx context.Context, r Reset) error {
	err := s.inTx(ctx, func(tx conn) error {
		_, err := tx.exec(ctx, sqlUpsertReset, r.Hash[:], orNull(r.UserID), orNull(r.CreatedBy),
			millis(r.CreatedAt), millis(r.ExpiresAt), r.Kind)
		return err
	})
	return wrap("creating reset", err)
}

// Reset returns a reset that has not expired, or ErrNotFound.
func (s *Store) Reset(ctx context.Context, hash [32]byte, kind string, now time.Time) (Reset, error) {
	r, err := one(ctx, s.r, scanReset, sqlSelectReset, hash[:], kind, millis(now))
	return r, wrap("reading reset", err)
}

// UseReset is Reset and takes it out of force; of any number at once, one gets
// it.
func (s *Store) UseReset(ctx context.Context, hash [32]byte, kind string, now time.Time) (r Reset, err error) {
	err = s.inTx(ctx, func(tx conn) (err error) {
		r, err = one(ctx, tx, scanReset, sqlUseReset, hash[:], kind, millis(now))
		return err
	})
	return r, wrap("using reset", err)
}

func scanReset(row scanner) (Reset, error) {
	var (
		r                Reset
		hash             []byte
		created, expires int64
	)
	if err := row.Scan(&hash, &r.UserID, &r.CreatedBy, &created, &expires, &r.Kind); err != nil {
		return Reset{}, err
	}
	r.CreatedAt, r.ExpiresAt = fromMillis(created), fromMillis(expires)
	var err error
	r.Hash, err = toHash(hash)
	return r, err
}
