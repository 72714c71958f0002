// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"encoding/json"
	"math"
	"time"
)

const (
	sqlInsertAudit = `
		INSERT INTO audit_log (time, actor_id, actor, addr, agent, action, target, before_json, after_json)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`
	selectAudit = `
		SELECT id, time, actor_id, actor, addr, agent, action, target, before_json, after_json FROM audit_log`
	// Each begins with what its index finds; the rest only filters.
	auditFilter = ` AND CAST(? AS BIGINT) IN (0, actor_id) AND CAST(? AS TEXT) IN ('', action)
		AND CAST(? AS TEXT) IN ('', target)
		AND time >= ? AND (time, id) < (?, ?) ORDER BY time DESC, id DESC LIMIT ?`
	sqlPageAudit       = selectAudit + ` WHERE time < ?` + auditFilter
	sqlPageAuditTarget = selectAudit + ` WHERE target = ?` + auditFilter
	sqlPageAuditActor  = selectAudit + ` WHERE actor_id = ?` + auditFilter
	sqlPageAuditAction = selectAudit + ` WHERE action = ?` + auditFilter
	sqlPruneAudit      = `
		DELETE FROM audit_log WHERE id IN (SELECT id FROM audit_log WHERE time < ? ORDER BY time LIMIT ?)`
)

// AuditEntry says who has changed what.
type AuditEntry struct {
	ID            int64
	Time          time.Time
	ActorID       int64 // 0: nobody who is logged in
	Actor         string
	Addr, Agent   string
	Action        string
	Target        string
	Before, After json.RawMessage // nil: nothing
}

// AuditFilter chooses entries; what is zero is not looked at.
type AuditFilter struct {
	Actor          int64
	Action, Target string
	From, To       time.Time // To is not in it
}

// AppendAudit adds an entry.
func (s *Store) AppendAudit(ctx context.Context, e AuditEntry) error {
	err := s.inTx(ctx, func(tx conn) error {
		_, err := tx.exec(ctx, sqlInsertAudit, millis(e.Time), e.ActorID, e.Actor, e.Addr, e.Agent, e.Action,
			e.Target, string(e.Before), string(e.After))
		return err
	})
	return wrap("appending to audit log", err)
}

// Audit returns entries, the newest first.
func (s *Store) Audit(ctx context.Context, f AuditFilter, p Page) ([]AuditEntry, string, error) {
	before := int64(math.MaxInt64)
	if !f.To.IsZero() {
		before = millis(f.To)
	}
	at, id, err := parsePairCursor(p.After, before, math.MinInt64)
	if err != nil {
		return nil, "", wrap("reading audit log", err)
	}
	query, first := sqlPageAudit, any(int64(math.MaxInt64))
	switch {
	case f.Target != "":
		query, first = sqlPageAuditTarget, f.Target
	case f.Actor != 0:
		query, first = sqlPageAuditActor, f.Actor
	case f.Action != "":
		query, first = sqlPageAuditAction, f.Action
	}
	entries, next, err := paged(ctx, s.r, p, scanAudit,
		func(e AuditEntry) string { return pairCursor(millis(e.Time), e.ID) },
		query, first, f.Actor, f.Action, f.Target, millis(f.From), at, id)
	return entries, next, wrap("reading audit log", err)
}

// PruneAudit removes the entries from before a time.
func (s *Store) PruneAudit(ctx context.Context, before time.Time) (int64, error) {
	return s.prune(ctx, "audit log", sqlPruneAudit, millis(before))
}

func scanAudit(row scanner) (AuditEntry, error) {
	var (
		e             AuditEntry
		at            int64
		before, after string
	)
	err := row.Scan(&e.ID, &at, &e.ActorID, &e.Actor, &e.Addr, &e.Agent, &e.Action, &e.Target, &before, &after)
	e.Time, e.Before, e.After = fromMillis(at), rawJSON(before), rawJSON(after)
	return e, err
}

// rawJSON is nil for nothing.
func rawJSON(s string) json.RawMessage {
	if s == "" {
		return nil
	}
	return json.RawMessage(s)
}
