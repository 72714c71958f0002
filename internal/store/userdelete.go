// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"errors"
	"strconv"
)

const (
	sqlFirstAdmin = `
		SELECT id FROM users WHERE admin = TRUE AND disabled_at = 0 ORDER BY id LIMIT 1`

	sqlAdoptEndpoints = `
		UPDATE endpoints SET user_id = ?, version = version + 1 WHERE coalesce(user_id, 0) = 0`
	sqlAdoptTokens = `UPDATE client_tokens SET user_id = ? WHERE coalesce(user_id, 0) = 0`
	// What is known of a client of the same name is only its last sign-in.
	sqlForgetAdopted = `
		DELETE FROM clients WHERE user_id = 0 AND name IN (SELECT name FROM clients WHERE user_id = ?)`
	sqlAdoptClients   = `UPDATE clients SET user_id = ? WHERE user_id = 0`
	sqlAdoptVisitors  = `UPDATE sessions_log SET visitor_user = ? WHERE visitor_user = 0`
	sqlAdoptProviders = `UPDATE sessions_log SET provider_user = ? WHERE provider_user = 0`
	sqlAdoptAccess    = `UPDATE public_access SET user_id = ? WHERE user_id = 0`
	sqlAdoptDomains   = `UPDATE domains SET user_id = ? WHERE user_id = 0`

	sqlDeleteUser    = `DELETE FROM users WHERE id = ?`
	sqlDeleteUserLog = `
		DELETE FROM connection_log
		WHERE endpoint_id IN (SELECT endpoint_id FROM endpoints WHERE user_id = ?)`
	sqlDeleteUserHistory = `
		DELETE FROM rollups WHERE kind = 'endpoint'
			AND subject IN (SELECT endpoint_id FROM endpoints WHERE user_id = ?)`
	sqlDeleteHistory = `DELETE FROM rollups WHERE kind = ? AND subject = ?`
	// '0' is the character after '/'.
	sqlDeleteServices    = `DELETE FROM rollups WHERE kind = 'service' AND subject >= ? AND subject < ?`
	sqlDeleteVisits      = `DELETE FROM sessions_log WHERE visitor_user = ?`
	sqlDeleteProvided    = `DELETE FROM sessions_log WHERE provider_user = ?`
	sqlDeleteUserAnswers = `DELETE FROM idempotency WHERE user_id = ?`
	sqlDeleteUserAccess  = `DELETE FROM public_access WHERE user_id = ?`
	sqlDeleteUserDomains = `DELETE FROM domains WHERE user_id = ?`
)

// pgLockUsers makes changes of users wait for each other: whether an
// administrator is left depends on all of them.
const pgLockUsers = `SELECT pg_advisory_xact_lock(4820317)`

// inUserTx is inTx with no other inUserTx at the same time. SQLite has one
// writer anyway.
func (s *Store) inUserTx(ctx context.Context, f func(tx conn) error) error {
	return s.inTx(ctx, func(tx conn) error {
		if tx.numbered {
			if _, err := tx.exec(ctx, pgLockUsers); err != nil {
				return err
			}
		}
		return f(tx)
	})
}

// AdoptOrphans gives the endpoints, client tokens and clients of nobody, made on
// the command line, to the first administrator; for any other user it does
// nothing.
func (s *Store) AdoptOrphans(ctx context.Context, userID int64) error {
	err := s.inUserTx(ctx, func(tx conn) error {
		first, err := one(ctx, tx, scanInt, sqlFirstAdmin)
		if errors.Is(err, ErrNotFound) || err == nil && first != userID {
			return nil
		}
		if err != nil {
			return err
		}
		for _, query := range []string{
			sqlAdoptEndpoints, sqlAdoptTokens, sqlForgetAdopted, sqlAdoptClients, sqlAdoptVisitors, sqlAdoptProviders,
			sqlAdoptAccess, sqlAdoptDomains,
		} {
			if _, err := tx.exec(ctx, query, userID); err != nil {
				return err
			}
		}
		return nil
	})
	return wrap("adopting endpoints and clients", err)
}

// DeleteUser removes a user with all that is theirs; the audit log stays. It
// returns ErrNotFound, and ErrLastAdmin for the last administrator.
func (s *Store) DeleteUser(ctx context.Context, id int64) error {
	err := s.inUserTx(ctx, func(tx conn) error {
		u, err := one(ctx, tx, scanUser, sqlSelectUser, id)
		if err != nil {
			return err
		}
		if err := deleteTraces(ctx, tx, id); err != nil {
			return err
		}
		// Endpoints, tokens, clients, log-ins, resets and grants go by reference.
		if err := tx.must(ctx, sqlDeleteUser, id); err != nil {
			return err
		}
		if u.active() {
			return adminLeft(ctx, tx)
		}
		return nil
	})
	return wrap("deleting user", err)
}

// deleteTraces removes what has no reference to the user.
func deleteTraces(ctx context.Context, tx conn, id int64) error {
	subject := strconv.FormatInt(id, 10)
	for _, st := range []struct {
		query string
		args  []any
	}{
		{sqlDeleteUserLog, []any{id}},
		{sqlDeleteUserHistory, []any{id}},
		{sqlDeleteHistory, []any{RollupUser, subject}},
		{sqlDeleteServices, []any{subject + "/", subject + "0"}},
		{sqlDeleteVisits, []any{id}},
		{sqlDeleteProvided, []any{id}},
		{sqlDeleteUserAnswers, []any{id}},
		{sqlDeleteUserAccess, []any{id}},
		{sqlDeleteUserDomains, []any{id}},
	} {
		if _, err := tx.exec(ctx, st.query, st.args...); err != nil {
			return err
		}
	}
	return nil
}
