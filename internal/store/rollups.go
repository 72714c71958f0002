// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"fmt"
	"time"
)

// The kinds of rollups.
const (
	RollupEndpoint = "endpoint" // subject: the endpoint's id
	RollupService  = "service"  // subject: user's id/client/service
	RollupUser     = "user"     // subject: the user's id
)

const (
	sqlAddRollup = `
		INSERT INTO rollups (kind, subject, resolution, start, connections, messages_in, messages_out,
			bytes_in, bytes_out, dropped, peak)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (kind, subject, resolution, start) DO UPDATE SET
			connections = rollups.connections + excluded.connections,
			messages_in = rollups.messages_in + excluded.messages_in,
			messages_out = rollups.messages_out + excluded.messages_out,
			bytes_in = rollups.bytes_in + excluded.bytes_in,
			bytes_out = rollups.bytes_out + excluded.bytes_out,
			dropped = rollups.dropped + excluded.dropped,
			peak = CASE WHEN excluded.peak > rollups.peak THEN excluded.peak ELSE rollups.peak END`
	sqlSelectRollups = `
		SELECT kind, subject, start, connections, messages_in, messages_out, bytes_in, bytes_out, dropped, peak
		FROM rollups WHERE kind = ? AND subject = ? AND resolution = ? AND start >= ? AND start < ?
		ORDER BY start`
	sqlPruneRollups = `
		DELETE FROM rollups WHERE (kind, subject, resolution, start) IN (
			SELECT kind, subject, resolution, start FROM rollups
			WHERE resolution = ? AND start < ? ORDER BY start LIMIT ?)`
)

// Rollup is the traffic of one subject in one minute or hour.
type Rollup struct {
	Kind, Subject           string
	Start                   time.Time
	Connections             uint64
	MessagesIn, MessagesOut uint64
	BytesIn, BytesOut       uint64
	Dropped                 uint64
	Peak                    int // the most connections at once
}

// AddRollups adds each to the minute and to the hour that it began in, all or
// none of them.
func (s *Store) AddRollups(ctx context.Context, minute []Rollup) error {
	if len(minute) == 0 {
		return nil
	}
	err := s.inTx(ctx, func(tx conn) error {
		add, err := tx.prepare(ctx, sqlAddRollup)
		if err != nil {
			return err
		}
		defer add.s.Close()
		for i := range minute {
			r := &minute[i]
			for _, step := range []time.Duration{time.Minute, time.Hour} {
				err := add.exec(ctx, r.Kind, r.Subject, seconds(step), millis(r.Start.Truncate(step)),
					r.Connections, r.MessagesIn, r.MessagesOut, r.BytesIn, r.BytesOut, r.Dropped, r.Peak)
				if err != nil {
					return err
				}
			}
		}
		return nil
	})
	return wrap("adding history", err)
}

// Rollups returns what is known of a subject from a time on until before
// another, the oldest first. The resolution is a minute or an hour.
func (s *Store) Rollups(ctx context.Context, kind, subject string, resolution time.Duration, from, to time.Time) ([]Rollup, error) {
	if resolution != time.Minute && resolution != time.Hour {
		return nil, fmt.Errorf("reading history: no resolution of %v", resolution)
	}
	rollups, err := list(ctx, s.r, scanRollup, sqlSelectRollups, kind, subject, seconds(resolution), millis(from), millis(to))
	return rollups, wrap("reading history", err)
}

// PruneRollups removes the minutes and the hours that began before a time.
func (s *Store) PruneRollups(ctx context.Context, minutesBefore, hoursBefore time.Time) (int64, error) {
	minutes, err := s.prune(ctx, "history", sqlPruneRollups, seconds(time.Minute), millis(minutesBefore))
	if err != nil {
		return minutes, err
	}
	hours, err := s.prune(ctx, "history", sqlPruneRollups, seconds(time.Hour), millis(hoursBefore))
	return minutes + hours, err
}

func seconds(d time.Duration) int64 { return int64(d / time.Second) }

func scanRollup(row scanner) (Rollup, error) {
	var (
		r     Rollup
		start int64
	)
	err := row.Scan(&r.Kind, &r.Subject, &start, &r.Connections, &r.MessagesIn, &r.MessagesOut, &r.BytesIn,
		&r.BytesOut, &r.Dropped, &r.Peak)
	r.Start = fromMillis(start)
	return r, err
}
