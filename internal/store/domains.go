// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"errors"
	"time"
)

const (
	selectDomains = `
		SELECT d.name, d.user_id, coalesce(u.name, ''), d.by_dns, d.created_at
		FROM domains d LEFT JOIN users u ON u.id = d.user_id`
	sqlSelectDomain = selectDomains + ` WHERE d.name = ?`
	sqlListDomains  = selectDomains + ` ORDER BY d.name`
	sqlUserDomains  = selectDomains + ` WHERE d.user_id = ? ORDER BY d.name`
	sqlUpsertDomain = `
		INSERT INTO domains (name, user_id, by_dns, created_at) VALUES (?, ?, ?, ?)
		ON CONFLICT (name) DO UPDATE SET
			user_id = excluded.user_id, by_dns = excluded.by_dns, created_at = excluded.created_at`
	sqlDeleteDomain = `DELETE FROM domains WHERE name = ? AND user_id = ?`
)

// Domain is one that is known to be an account's.
type Domain struct {
	Name      string
	UserID    int64 // 0: the operator
	UserName  string
	ByDNS     bool // false: on an administrator's word
	CreatedAt time.Time
}

// SetDomain makes d its account's, whoever had it before, and returns that one
// and the domain with its account's name. It returns ErrNotFound if there is no
// such account.
func (s *Store) SetDomain(ctx context.Context, d Domain) (before, now Domain, err error) {
	err = s.inTx(ctx, func(tx conn) error {
		if d.UserID != 0 {
			if _, err := one(ctx, tx, scanUser, sqlSelectUser, d.UserID); err != nil {
				return err
			}
		}
		var err error
		if before, err = one(ctx, tx, scanDomain, sqlSelectDomain, d.Name); err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		if _, err := tx.exec(ctx, sqlUpsertDomain, d.Name, d.UserID, d.ByDNS, millis(d.CreatedAt)); err != nil {
			return err
		}
		now, err = one(ctx, tx, scanDomain, sqlSelectDomain, d.Name)
		return err
	})
	return before, now, wrap("keeping domain", err)
}

// Domain returns a domain, or ErrNotFound.
func (s *Store) Domain(ctx context.Context, name string) (Domain, error) {
	d, err := one(ctx, s.r, scanDomain, sqlSelectDomain, name)
	return d, wrap("reading domain", err)
}

// Domains returns those of everyone.
func (s *Store) Domains(ctx context.Context) ([]Domain, error) {
	out, err := list(ctx, s.r, scanDomain, sqlListDomains)
	return out, wrap("listing domains", err)
}

// DomainsOf returns those of one account.
func (s *Store) DomainsOf(ctx context.Context, userID int64) ([]Domain, error) {
	out, err := list(ctx, s.r, scanDomain, sqlUserDomains, userID)
	return out, wrap("listing domains", err)
}

// DeleteDomain takes a domain from its account, or returns ErrNotFound.
func (s *Store) DeleteDomain(ctx context.Context, userID int64, name string) error {
	err := s.inTx(ctx, func(tx conn) error { return tx.must(ctx, sqlDeleteDomain, name, userID) })
	return wrap("deleting domain", err)
}

func scanDomain(row scanner) (Domain, error) {
	var (
		d       Domain
		created int64
	)
	err := row.Scan(&d.Name, &d.UserID, &d.UserName, &d.ByDNS, &created)
	d.CreatedAt = fromMillis(created)
	return d, err
}
