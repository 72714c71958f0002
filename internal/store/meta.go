// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
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
		ON CONFLICT (key) DO UPDATE SET value = CAST(CAST(meta.value AS BIGINT) + 1 AS TEXT)
		RETURNING CAST(value AS BIGINT)`
)

// epochKey is where the epoch is kept; it is nobody else's.
const epochKey = "epoch"

// Meta returns the value of a key, and whether there is one.
func (s *Store) Meta(ctx context.Context, key string) (string, bool, error) {
	value, err := one(ctx, s.r, func(row scanner) (value string, err error) {
		err = row.Scan(&value)
		return value, err
	}, sqlSelectMeta, key)
	if errors.Is(err, ErrNotFound) {
		return "", false, nil
	}
	return value, err == nil, wrap(fmt.Sprintf("reading %q", key), err)
}

// SetMeta sets the value of a key. The key "epoch" belongs to NextEpoch and is
// refused.
func (s *Store) SetMeta(ctx context.Context, key, value string) error {
	if key == epochKey {
		return fmt.Errorf("setting %q: only NextEpoch may do that", key)
	}
	err := s.inTx(ctx, func(tx conn) error {
		_, err := tx.exec(ctx, sqlUpsertMeta, key, value)
		return err
	})
	return wrap(fmt.Sprintf("setting %q", key), err)
}

// NextEpoch returns a number that is greater than all it has returned before,
// in this run of the gateway or an earlier one; the first is 1. It is on disk
// before it is returned. Registrations are ordered by it.
func (s *Store) NextEpoch(ctx context.Context) (uint64, error) {
	var epoch int64
	// Not a bare query: without Commit, a failure to write would go unnoticed
	// when the rows are closed.
	err := s.inTx(ctx, func(tx conn) (err error) {
		epoch, err = one(ctx, tx, scanInt, sqlNextEpoch)
		return err
	})
	return uint64(epoch), wrap("taking the next epoch", err)
}
