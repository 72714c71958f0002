// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"time"
)

const (
	sqlAddStats = `
		UPDATE endpoint_stats SET
			total_connections = total_connections + ?, total_messages = total_messages + ?,
			bytes_in = bytes_in + ?, messages_out = messages_out + ?, bytes_out = bytes_out + ?,
			dropped_slow = dropped_slow + ?, dropped_closed = dropped_closed + ?,
			dropped_kicked = dropped_kicked + ?, updated_at = ?
		WHERE endpoint_id = ?`
	sqlSetLastActive = `
		UPDATE endpoints SET last_active_at = ? WHERE endpoint_id = ? AND last_active_at < ?`
)

// StatsDelta is what an endpoint's counters have grown by.
type StatsDelta struct {
	EndpointID string
	EndpointStats
	// LastActive is when the endpoint was last used; zero leaves the time as
	// it is.
	LastActive time.Time
}

// AddStats adds deltas to the counters of their endpoints, all or none of them.
// Deltas of an endpoint that has been deleted are skipped. LastActiveAt never
// goes back.
func (s *Store) AddStats(ctx context.Context, deltas []StatsDelta) error {
	if len(deltas) == 0 {
		return nil
	}
	err := s.inTx(ctx, func(tx conn) error { return addStats(ctx, tx, deltas) })
	return wrap("adding statistics", err)
}

func addStats(ctx context.Context, tx conn, deltas []StatsDelta) error {
	add, err := tx.prepare(ctx, sqlAddStats)
	if err != nil {
		return err
	}
	defer add.s.Close()
	active, err := tx.prepare(ctx, sqlSetLastActive)
	if err != nil {
		return err
	}
	defer active.s.Close()
	now := millis(time.Now())
	for i := range deltas {
		d := &deltas[i]
		err := add.exec(ctx, d.TotalConnections, d.MessagesIn, d.BytesIn, d.MessagesOut,
			d.BytesOut, d.DroppedSlow, d.DroppedClosed, d.DroppedKicked, now, d.EndpointID)
		if err != nil {
			return err
		}
		if d.LastActive.IsZero() {
			continue
		}
		at := millis(d.LastActive)
		if err := active.exec(ctx, at, d.EndpointID, at); err != nil {
			return err
		}
	}
	return nil
}
