// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// The kinds of rollups.
const (
	RollupEndpoint = "endpoint" // subject: the endpoint's id
	RollupService  = "service"  // subject: user's id/client/service
	RollupUser     = "user"     // subject: the user's id
)

const (
	insertRollups = `
		INSERT INTO rollups (kind, subject, resolution, start, connections, messages_in, messages_out,
			bytes_in, bytes_out, dropped, peak)
		VALUES `
	rollupValues = `(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	mergeRollups = `
		ON CONFLICT (kind, subject, resolution, start) DO UPDATE SET
			connections = rollups.connections + excluded.connections,
			messages_in = rollups.messages_in + excluded.messages_in,
			messages_out = rollups.messages_out + excluded.messages_out,
			bytes_in = rollups.bytes_in + excluded.bytes_in,
			bytes_out = rollups.bytes_out + excluded.bytes_out,
			dropped = rollups.dropped + excluded.dropped,
			peak = CASE WHEN excluded.peak > rollups.peak THEN excluded.peak ELSE rollups.peak END`
	sqlAddRollup     = insertRollups + rollupValues + mergeRollups
	sqlSelectRollups = `
		SELECT kind, subject, start, connections, messages_in, messages_out, bytes_in, bytes_out, dropped, peak
		FROM rollups WHERE kind = ? AND subject = ? AND resolution = ? AND start >= ? AND start < ?
		ORDER BY start`
	sqlPruneRollups = `
		DELETE FROM rollups WHERE (kind, subject, resolution, start) IN (
			SELECT kind, subject, resolution, start FROM rollups
			WHERE resolution = ? AND start < ? ORDER BY start LIMIT ?)`
)

// rollupRows is how many rows one statement adds, since PostgreSQL is a round
// trip away; what is left over goes one by one.
const rollupRows = 50

var addRollups = insertRollups + strings.Repeat(rollupValues+", ", rollupRows-1) + rollupValues + mergeRollups

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
	rows := foldRollups(minute)
	err := s.inTx(ctx, func(tx conn) error {
		for chunk := range slices.Chunk(rows, rollupRows) {
			if len(chunk) == rollupRows {
				if _, err := tx.exec(ctx, addRollups, slices.Concat(chunk...)...); err != nil {
					return err
				}
				continue
			}
			for _, row := range chunk {
				if _, err := tx.exec(ctx, sqlAddRollup, row...); err != nil {
					return err
				}
			}
		}
		return nil
	})
	return wrap("adding history", err)
}

// foldRollups gives the values of each minute and hour once, as one statement
// must, and in an order, so that two that meet do not wait for each other.
func foldRollups(minute []Rollup) [][]any {
	type key struct {
		kind, subject string
		step          time.Duration
		start         int64
	}
	sums := make(map[key]*Rollup, 2*len(minute))
	for i := range minute {
		r := &minute[i]
		for _, step := range []time.Duration{time.Minute, time.Hour} {
			k := key{r.Kind, r.Subject, step, millis(r.Start.Truncate(step))}
			if sums[k] == nil {
				sums[k] = &Rollup{}
			}
			sums[k].add(r)
		}
	}
	keys := slices.SortedFunc(maps.Keys(sums), func(a, b key) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.subject, b.subject), cmp.Compare(a.step, b.step),
			cmp.Compare(a.start, b.start))
	})
	rows := make([][]any, len(keys))
	for i, k := range keys {
		r := sums[k]
		rows[i] = []any{
			k.kind, k.subject, seconds(k.step), k.start, r.Connections, r.MessagesIn, r.MessagesOut,
			r.BytesIn, r.BytesOut, r.Dropped, r.Peak,
		}
	}
	return rows
}

func (r *Rollup) add(o *Rollup) {
	r.Connections += o.Connections
	r.MessagesIn += o.MessagesIn
	r.MessagesOut += o.MessagesOut
	r.BytesIn += o.BytesIn
	r.BytesOut += o.BytesOut
	r.Dropped += o.Dropped
	r.Peak = max(r.Peak, o.Peak)
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
