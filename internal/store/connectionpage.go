// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"math"
)

const sqlPageConnections = `
	SELECT kind, time, endpoint_id, conn, addr, code, reason, duration,
		messages_in, bytes_in, messages_out, bytes_out, dropped, id
	FROM connection_log WHERE endpoint_id = ? AND (time, id) < (?, ?)
	ORDER BY time DESC, id DESC LIMIT ?`

// ConnectionPage returns the events of an endpoint, the newest first.
func (s *Store) ConnectionPage(ctx context.Context, endpointID string, p Page) ([]ConnectionEvent, string, error) {
	at, id, err := parsePairCursor(p.After, math.MaxInt64, math.MaxInt64)
	if err != nil {
		return nil, "", wrap("reading connection log", err)
	}
	type numbered struct {
		ConnectionEvent
		id int64
	}
	scan := func(row scanner) (n numbered, err error) {
		n.ConnectionEvent, err = scanConnection(withID{row, &n.id})
		return n, err
	}
	key := func(n numbered) string { return pairCursor(millis(n.Time), n.id) }
	rows, next, err := paged(ctx, s.r, p, scan, key, sqlPageConnections, endpointID, at, id)
	if err != nil {
		return nil, "", wrap("reading connection log", err)
	}
	events := make([]ConnectionEvent, len(rows))
	for i := range rows {
		events[i] = rows[i].ConnectionEvent
	}
	return events, next, nil
}

// withID scans a row whose last column is its id.
type withID struct {
	scanner
	id *int64
}

// Scan implements scanner.
func (w withID) Scan(dest ...any) error { return w.scanner.Scan(append(dest, w.id)...) }
