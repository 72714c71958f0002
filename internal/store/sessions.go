// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"time"
)

const (
	sqlInsertSession = `
		INSERT INTO sessions_log (session_id, visitor, provider, service, created_at, ended_at, bytes, reason,
			visitor_user, provider_user)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	selectSessions = `
		SELECT id, session_id, visitor, provider, service, created_at, ended_at, bytes, reason,
			visitor_user, provider_user
		FROM sessions_log`
	sqlPageSessions = selectSessions + ` WHERE id < ? ORDER BY id DESC LIMIT ?`
	// Both halves come in the order of their ids, so that nothing is sorted.
	sqlPageUserSessions = selectSessions + ` WHERE provider_user = ? AND id < ?
		UNION ALL` + selectSessions + ` WHERE visitor_user = ? AND id < ? AND provider_user <> ?
		ORDER BY id DESC LIMIT ?`
	sqlPruneSessions = `
		DELETE FROM sessions_log WHERE id IN (
			SELECT id FROM sessions_log WHERE ended_at < ? ORDER BY ended_at LIMIT ?)`
)

// Session is a session that has ended.
type Session struct {
	ID, Visitor, Provider, Service string
	VisitorUser, ProviderUser      int64 // 0: the operator
	CreatedAt, EndedAt             time.Time
	Bytes                          uint64
	Reason                         string
}

// SessionsOf returns the sessions that a user's clients had, or those of
// everyone for -1, the newest first.
func (s *Store) SessionsOf(ctx context.Context, userID int64, p Page) ([]Session, string, error) {
	after, err := parseIDCursor(p.After)
	if err != nil {
		return nil, "", wrap("listing sessions", err)
	}
	query, args := sqlPageUserSessions, []any{userID, after, userID, after, userID}
	if userID < 0 {
		query, args = sqlPageSessions, []any{after}
	}
	rows, next, err := paged(ctx, s.r, p, scanSession, func(r sessionRow) string { return idCursor(r.id) }, query, args...)
	if err != nil {
		return nil, "", wrap("listing sessions", err)
	}
	sessions := make([]Session, len(rows))
	for i := range rows {
		sessions[i] = rows[i].Session
	}
	return sessions, next, nil
}

// PruneSessions removes the sessions that ended before a time, and returns how
// many it removed; with an error, some may be gone and others not.
func (s *Store) PruneSessions(ctx context.Context, before time.Time) (int64, error) {
	return s.prune(ctx, "session log", sqlPruneSessions, millis(before))
}

type sessionRow struct {
	id int64
	Session
}

func scanSession(row scanner) (sessionRow, error) {
	var (
		r              sessionRow
		created, ended int64
	)
	err := row.Scan(&r.id, &r.ID, &r.Visitor, &r.Provider, &r.Service, &created, &ended, &r.Bytes, &r.Reason,
		&r.VisitorUser, &r.ProviderUser)
	r.CreatedAt, r.EndedAt = fromMillis(created), fromMillis(ended)
	return r, err
}
