// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"errors"
	"math"
	"time"
)

const (
	sqlPageEndpoints = selectEndpoints + `
		WHERE (e.created_at, e.id) > (?, ?) AND (e.name_key LIKE ? ESCAPE '\' OR e.endpoint_id = ?)
		ORDER BY e.created_at, e.id LIMIT ?`
	sqlPageUserEndpoints = selectEndpoints + `
		WHERE coalesce(e.user_id, 0) = ?
			AND (e.created_at, e.id) > (?, ?) AND (e.name_key LIKE ? ESCAPE '\' OR e.endpoint_id = ?)
		ORDER BY e.created_at, e.id LIMIT ?`
	sqlCountUserEndpoints = `SELECT count(*) FROM endpoints WHERE coalesce(user_id, 0) = ?`
	sqlIdleEndpoints      = selectEndpoints + `
		WHERE e.created_at < ? AND e.last_active_at < ? ORDER BY e.created_at, e.id`
	sqlRotateEndpoint = `
		UPDATE endpoints SET endpoint_id = ?, version = version + 1 WHERE endpoint_id = ?`
	sqlRotateLog     = `UPDATE connection_log SET endpoint_id = ? WHERE endpoint_id = ?`
	sqlRotateHistory = `UPDATE rollups SET subject = ? WHERE kind = 'endpoint' AND subject = ?`
)

// EndpointsOf returns the endpoints of a user in the order of their creation; 0
// is the operator, -1 is everyone. Search, if not empty, is part of the name or
// the whole id.
func (s *Store) EndpointsOf(ctx context.Context, userID int64, search string, p Page) ([]Endpoint, string, error) {
	at, row, err := parsePairCursor(p.After, math.MinInt64, math.MinInt64)
	if err != nil {
		return nil, "", wrap("listing endpoints", err)
	}
	query, args := sqlPageEndpoints, []any{at, row, containing(search), search}
	if userID >= 0 {
		query, args = sqlPageUserEndpoints, append([]any{userID}, args...)
	}
	rows, next, err := paged(ctx, s.r, p, scanEndpointRow, func(e endpointRow) string { return e.cursor() }, query, args...)
	if err != nil {
		return nil, "", wrap("listing endpoints", err)
	}
	endpoints := make([]Endpoint, len(rows))
	for i := range rows {
		endpoints[i] = rows[i].Endpoint
	}
	return endpoints, next, nil
}

// CountEndpoints returns how many endpoints a user has; 0 is the operator.
func (s *Store) CountEndpoints(ctx context.Context, userID int64) (int, error) {
	n, err := one(ctx, s.r, scanInt, sqlCountUserEndpoints, userID)
	return int(n), wrap("counting endpoints", err)
}

// IdleEndpoints returns the endpoints that were made before a time and not used
// since.
func (s *Store) IdleEndpoints(ctx context.Context, before time.Time) ([]Endpoint, error) {
	endpoints, err := list(ctx, s.r, scanEndpoint, sqlIdleEndpoints, millis(before), millis(before))
	return endpoints, wrap("listing idle endpoints", err)
}

// RotateEndpoint gives an endpoint another id. Its statistics, history and
// connection log move along. It returns ErrNotFound, or ErrExists if the new id
// is taken.
func (s *Store) RotateEndpoint(ctx context.Context, oldID, newID string) error {
	err := s.inTx(ctx, func(tx conn) error {
		_, err := one(ctx, tx, scanEndpoint, sqlSelectEndpoint, newID)
		if err == nil {
			return ErrExists
		}
		if !errors.Is(err, ErrNotFound) {
			return err
		}
		if err := tx.must(ctx, sqlRotateEndpoint, newID, oldID); err != nil {
			return err
		}
		for _, query := range []string{sqlRotateLog, sqlRotateHistory} {
			if _, err := tx.exec(ctx, query, newID, oldID); err != nil {
				return err
			}
		}
		return nil
	})
	return wrap("rotating endpoint", err)
}
