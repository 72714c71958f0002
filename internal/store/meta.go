// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

const (
	sqlSelectMeta = `SELECT value FROM meta WHERE key = ?`
	sqlUpsertMeta = `
		INSERT INTO meta (key, value) VALUES (?, ?)
		ON CONFLICT (key) DO UPDATE SET value = excluded.value`
	// One statement, so that two callers never get the same number.
	sqlNextEpoch = `
		INSERT INTO meta (key, value) VALUES ('epoch', '1')
		ON CONFLICT (key) DO UPDATE SET value = CAST(CAST(value AS INTEGER) + 1 AS TEXT)
		RETURNING CAST(value AS INTEGER)`
)

// epochKey is where the epoch is kept; it is nobody else's.
const epochKey = "epoch"

// Meta returns the value of a key, and whether there is one.
func (s *Store) Meta(ctx context.Context, key string) (string, bool, error) {
	var value string
	err := s.r.QueryRowContext(ctx, sqlSelectMeta, key).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return "", false, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("reading %q: %w", key, err)
	}
	return value, true, nil
}

// SetMeta sets the value of a key. The key "epoch" belongs to NextEpoch and is
// refused.
func (s *Store) SetMeta(ctx context.Context, key, value string) error {
	if key == epochKey {
		return fmt.Errorf("setting %q: only NextEpoch may do that", key)
	}
	if _, err := s.w.ExecContext(ctx, sqlUpsertMeta, key, value); err != nil {
		return fmt.Errorf("setting %q: %w", key, err)
	}
	return nil
}

// NextEpoch returns a number that is greater than all it has returned before,
// in this run of the gateway or an earlier one; the first is 1. It is on disk
// before it is returned. Registrations are ordered by it.
func (s *Store) NextEpoch(ctx context.Context) (uint64, error) {
	var epoch uint64
	// Not a bare query: without Commit, a failure to write would go unnoticed
	// when the rows are closed.
	err := s.inTx(ctx, func(tx *sql.Tx) error {
		return tx.QueryRowContext(ctx, sqlNextEpoch).Scan(&epoch)
	})
	if err != nil {
		return 0, fmt.Errorf("taking the next epoch: %w", err)
	}
	return epoch, nil
}
