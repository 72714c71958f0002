// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"maps"
	"strconv"
	"time"

	"github.com/culvertd/culvert/internal/hub"
	"github.com/culvertd/culvert/internal/signaling"
	"github.com/culvertd/culvert/internal/store"
)

// The kinds of history.
const (
	kindEndpoint = "endpoint"
	kindService  = "service"
	kindUser     = "user"
)

const (
	// historyKept is how long minutes and hours are kept.
	historyKept = 90 * 24 * time.Hour
	// maxUnwritten bounds the rows that wait while the database is away. Those
	// beyond it are lost: history must not cost the memory of the living.
	maxUnwritten = 50_000
)

// rollups are the minutes that the store does not have yet. The pulse's lock
// guards them.
type rollups struct {
	minute time.Time // under way
	rows   map[rollupKey]*store.Rollup
	full   []store.Rollup // of minutes that are over
	peaks  map[int64]int  // connections of this second, by account
	usage  map[string]map[int64]uint64
	lost   uint64
}

type rollupKey struct{ kind, subject string }

func newRollups(now time.Time) rollups {
	return rollups{
		minute: now.UTC().Truncate(time.Minute),
		rows:   make(map[rollupKey]*store.Rollup),
		peaks:  make(map[int64]int),
		usage:  make(map[string]map[int64]uint64),
	}
}

// tick begins another look, and another minute if it is time.
func (r *rollups) tick(now time.Time) {
	clear(r.peaks)
	if m := now.UTC().Truncate(time.Minute); m.After(r.minute) {
		r.turn()
		r.minute = m
	}
}

// turn takes the minute under way for over. What comes of it later is added to
// it by the store.
func (r *rollups) turn() {
	for _, row := range r.rows {
		if len(r.full) == maxUnwritten {
			r.lost++
			continue
		}
		r.full = append(r.full, *row)
	}
	r.rows = make(map[rollupKey]*store.Rollup)
}

func (r *rollups) row(kind, subject string) *store.Rollup {
	k := rollupKey{kind, subject}
	if r.rows[k] == nil {
		r.rows[k] = &store.Rollup{Kind: kind, Subject: subject, Start: r.minute}
	}
	return r.rows[k]
}

// endpoint adds what an endpoint has done, to it and to its account.
func (r *rollups) endpoint(id hub.ID, user int64, d hub.Stats, connections int) {
	if connections == 0 && d == (hub.Stats{}) {
		return
	}
	r.peaks[user] += connections
	row := r.row(kindEndpoint, string(id))
	row.Peak = max(row.Peak, connections)
	whole := r.row(kindUser, strconv.FormatInt(user, 10))
	whole.Peak = max(whole.Peak, r.peaks[user])
	for _, row := range []*store.Rollup{row, whole} {
		row.Connections += d.TotalConnections
		row.MessagesIn += d.MessagesIn
		row.MessagesOut += d.MessagesOut
		row.BytesIn += d.BytesIn
		row.BytesOut += d.BytesOut
		row.Dropped += d.Dropped.Total()
	}
}

// flow adds what sessions of one service have carried between two accounts:
// in is what visitors sent. A session begun is a connection of the service.
func (r *rollups) flow(f signaling.Flow) {
	service := r.row(kindService, serviceSubject(f.Provider.ID, f.Client, f.Service))
	rows := []*store.Rollup{service, r.row(kindUser, strconv.FormatInt(f.Provider.ID, 10))}
	if f.Visitor.ID != f.Provider.ID {
		rows = append(rows, r.row(kindUser, strconv.FormatInt(f.Visitor.ID, 10)))
	}
	for _, row := range rows {
		row.BytesIn += f.Up
		row.BytesOut += f.Down
	}
	service.Connections += uint64(f.Sessions)
}

// serviceSubject names a service in history.
func serviceSubject(user int64, client, service string) string {
	return strconv.FormatInt(user, 10) + "/" + client + "/" + service
}

// use notes traffic of an account for its month.
func (r *rollups) use(user int64, bytes uint64) {
	m := monthOf(r.minute)
	if r.usage[m] == nil {
		r.usage[m] = make(map[int64]uint64)
	}
	r.usage[m][user] += bytes
}

// rename has an endpoint's history go on under its new id.
func (r *rollups) rename(from, to string) {
	if row := r.rows[rollupKey{kindEndpoint, from}]; row != nil {
		delete(r.rows, rollupKey{kindEndpoint, from})
		row.Subject = to
		r.rows[rollupKey{kindEndpoint, to}] = row
	}
	for i := range r.full {
		if r.full[i].Kind == kindEndpoint && r.full[i].Subject == from {
			r.full[i].Subject = to
		}
	}
}

// due takes the minutes that are over and, with them, what was used: both once
// a minute.
func (r *rollups) due() ([]store.Rollup, map[string]map[int64]uint64) {
	if len(r.full) == 0 {
		return nil, nil
	}
	rows, usage := r.full, r.usage
	r.full, r.usage = nil, make(map[string]map[int64]uint64)
	return rows, usage
}

// restore puts back what the store did not take.
func (r *rollups) restore(rows []store.Rollup) {
	keep := min(len(rows), max(maxUnwritten-len(r.full), 0))
	r.lost += uint64(len(rows) - keep)
	r.full = append(r.full, rows[:keep]...)
}

func (r *rollups) restoreUsage(month string, bytes map[int64]uint64) {
	if r.usage[month] == nil {
		r.usage[month] = maps.Clone(bytes)
		return
	}
	for user, n := range bytes {
		r.usage[month][user] += n
	}
}
