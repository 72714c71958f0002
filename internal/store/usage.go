// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"maps"
	"slices"
)

const (
	sqlAddUsage = `
		INSERT INTO usage (month, user_id, bytes) SELECT ?, id, ? FROM users WHERE id = ?
		ON CONFLICT (month, user_id) DO UPDATE SET bytes = usage.bytes + excluded.bytes`
	sqlSelectUsage = `SELECT user_id, bytes FROM usage WHERE month = ?`
)

// AddUsage adds to the bytes that users have moved in a month, written as
// 2026-11. Who is no user is left out.
func (s *Store) AddUsage(ctx context.Context, month string, bytes map[int64]uint64) error {
	err := s.inTx(ctx, func(tx conn) error {
		for _, id := range slices.Sorted(maps.Keys(bytes)) {
			if _, err := tx.exec(ctx, sqlAddUsage, month, bytes[id], id); err != nil {
				return err
			}
		}
		return nil
	})
	return wrap("adding usage", err)
}

// Usage returns the bytes of each user in a month.
func (s *Store) Usage(ctx context.Context, month string) (map[int64]uint64, error) {
	type line struct {
		user  int64
		bytes uint64
	}
	lines, err := list(ctx, s.r, func(row scanner) (l line, err error) {
		err = row.Scan(&l.user, &l.bytes)
		return l, err
	}, sqlSelectUsage, month)
	if err != nil {
		return nil, wrap("reading usage", err)
	}
	bytes := make(map[int64]uint64, len(lines))
	for _, l := range lines {
		bytes[l.user] = l.bytes
	}
	return bytes, nil
}
