// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"time"
)

const (
	sqlInsertAnswer = `
		INSERT INTO idempotency (user_id, key, request, status, body, created_at) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (user_id, key) DO UPDATE SET request = excluded.request, status = excluded.status,
			body = excluded.body, created_at = excluded.created_at
		WHERE idempotency.created_at < ?`
	sqlSelectAnswer = `
		SELECT user_id, key, request, status, body, created_at FROM idempotency WHERE user_id = ? AND key = ?`
	sqlPruneAnswers = `
		DELETE FROM idempotency WHERE (user_id, key) IN (
			SELECT user_id, key FROM idempotency WHERE created_at < ? ORDER BY created_at LIMIT ?)`
)

// AnswerLife is how long an answer stands for repeated requests.
const AnswerLife = 24 * time.Hour

// Idempotent is an answer that is given again to the same request.
type Idempotent struct {
	UserID    int64  // 0: nobody who is logged in
	Key       string // chosen by the user
	Request   string // what the key stands for
	Status    int
	Body      []byte // kept as it is: who has secrets in it seals it
	CreatedAt time.Time
}

// SaveIdempotent adds an answer, or returns ErrExists if the user's key has one
// that still stands.
func (s *Store) SaveIdempotent(ctx context.Context, i Idempotent) error {
	err := s.inTx(ctx, func(tx conn) error {
		if i.Body == nil {
			i.Body = []byte{} // not NULL
		}
		n, err := tx.exec(ctx, sqlInsertAnswer, i.UserID, i.Key, i.Request, i.Status, i.Body, millis(i.CreatedAt),
			millis(i.CreatedAt.Add(-AnswerLife)))
		if err == nil && n == 0 {
			err = ErrExists
		}
		return err
	})
	return wrap("keeping answer", err)
}

// Idempotent returns the answer of a user's key, or ErrNotFound.
func (s *Store) Idempotent(ctx context.Context, userID int64, key string) (Idempotent, error) {
	i, err := one(ctx, s.r, func(row scanner) (i Idempotent, err error) {
		var created int64
		err = row.Scan(&i.UserID, &i.Key, &i.Request, &i.Status, &i.Body, &created)
		i.CreatedAt = fromMillis(created)
		return i, err
	}, sqlSelectAnswer, userID, key)
	return i, wrap("reading answer", err)
}

// PruneIdempotent removes the answers from before a time.
func (s *Store) PruneIdempotent(ctx context.Context, before time.Time) (int64, error) {
	return s.prune(ctx, "answers", sqlPruneAnswers, millis(before))
}
