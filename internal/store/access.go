// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"time"
)

const (
	selectAccess = `
		SELECT user_id, name, mode, password_hash, visitors, allowed, denied, updated_at FROM public_access`
	sqlListAccess   = selectAccess + ` ORDER BY user_id, name`
	sqlUserAccess   = selectAccess + ` WHERE user_id = ? ORDER BY name`
	sqlDeleteAccess = `DELETE FROM public_access WHERE user_id = ? AND name = ?`
	sqlUpsertAccess = `
		INSERT INTO public_access (user_id, name, mode, password_hash, visitors, allowed, denied, updated_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (user_id, name) DO UPDATE SET
			mode = excluded.mode, password_hash = excluded.password_hash, visitors = excluded.visitors,
			allowed = excluded.allowed, denied = excluded.denied, updated_at = excluded.updated_at`
)

// PublicAccess is who may come to what an account publishes under a name.
type PublicAccess struct {
	UserID       int64
	Name         string // a label, a domain, or a port such as tcp:20022
	Mode         string // one of the modes
	PasswordHash string
	Visitors     []int64 // accounts; by name somebody else could have it later
	Allow, Deny  []netip.Prefix
	UpdatedAt    time.Time
}

// The modes of PublicAccess.
const (
	AccessOpen     = "open"
	AccessPassword = "password"
	AccessLogin    = "login"
)

// SetAccess keeps a, in place of what there was for the name.
func (s *Store) SetAccess(ctx context.Context, a PublicAccess) error {
	lists := make([]any, 3)
	for i, v := range []any{orEmpty(a.Visitors), orEmpty(a.Allow), orEmpty(a.Deny)} {
		text, err := json.Marshal(v)
		if err != nil {
			return fmt.Errorf("keeping access: %w", err)
		}
		lists[i] = string(text)
	}
	err := s.inTx(ctx, func(tx conn) error {
		_, err := tx.exec(ctx, sqlUpsertAccess, a.UserID, a.Name, a.Mode, a.PasswordHash, lists[0], lists[1], lists[2], millis(a.UpdatedAt))
		return err
	})
	return wrap("keeping access", err)
}

// orEmpty is a list that JSON does not write as null.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// DeleteAccess forgets what there is for a name, or returns ErrNotFound.
func (s *Store) DeleteAccess(ctx context.Context, userID int64, name string) error {
	err := s.inTx(ctx, func(tx conn) error { return tx.must(ctx, sqlDeleteAccess, userID, name) })
	return wrap("forgetting access", err)
}

// AllAccess returns that of everyone.
func (s *Store) AllAccess(ctx context.Context) ([]PublicAccess, error) {
	out, err := list(ctx, s.r, scanAccess, sqlListAccess)
	return out, wrap("listing access", err)
}

// AccessOf returns that of one account's names.
func (s *Store) AccessOf(ctx context.Context, userID int64) ([]PublicAccess, error) {
	out, err := list(ctx, s.r, scanAccess, sqlUserAccess, userID)
	return out, wrap("listing access", err)
}

func scanAccess(row scanner) (PublicAccess, error) {
	var (
		a                       PublicAccess
		visitors, allowed, deny string
		updated                 int64
	)
	if err := row.Scan(&a.UserID, &a.Name, &a.Mode, &a.PasswordHash, &visitors, &allowed, &deny, &updated); err != nil {
		return a, err
	}
	a.UpdatedAt = fromMillis(updated)
	if err := json.Unmarshal([]byte(visitors), &a.Visitors); err != nil {
		return a, fmt.Errorf("visitors of %s: %w", a.Name, err)
	}
	if err := json.Unmarshal([]byte(allowed), &a.Allow); err != nil {
		return a, fmt.Errorf("allowed addresses of %s: %w", a.Name, err)
	}
	if err := json.Unmarshal([]byte(deny), &a.Deny); err != nil {
		return a, fmt.Errorf("denied addresses of %s: %w", a.Name, err)
	}
	return a, nil
}
