// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"errors"
	"time"
)

const (
	sqlInsertGrant = `
		INSERT INTO grants (owner_id, grantee_id, client, service, created_at) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT DO NOTHING RETURNING id`
	selectGrants = `
		SELECT g.id, g.owner_id, g.grantee_id, g.client, g.service, g.created_at, o.name, t.name
		FROM grants g JOIN users o ON o.id = g.owner_id JOIN users t ON t.id = g.grantee_id`
	sqlSelectGrant   = selectGrants + ` WHERE g.id = ?`
	sqlGivenGrants   = selectGrants + ` WHERE g.owner_id = ? ORDER BY g.id`
	sqlGottenGrants  = selectGrants + ` WHERE g.grantee_id = ? AND g.owner_id <> ? ORDER BY g.id`
	sqlListAllGrants = selectGrants + ` ORDER BY g.id`
	sqlDeleteGrant   = `DELETE FROM grants WHERE id = ? AND owner_id = ?`
)

// Grant lets a user use a service of another user's client.
type Grant struct {
	ID                     int64
	OwnerID, GranteeID     int64
	Client, Service        string
	CreatedAt              time.Time
	OwnerName, GranteeName string
}

// CreateGrant adds g and returns it with its id and names. It returns ErrExists
// if there is such a grant, and ErrNotFound if one of the two is no user.
func (s *Store) CreateGrant(ctx context.Context, g Grant) (Grant, error) {
	var out Grant
	err := s.inTx(ctx, func(tx conn) error {
		for _, id := range []int64{g.OwnerID, g.GranteeID} {
			if _, err := one(ctx, tx, scanUser, sqlSelectUser, id); err != nil {
				return err
			}
		}
		id, err := one(ctx, tx, scanInt, sqlInsertGrant, g.OwnerID, g.GranteeID, g.Client, g.Service, millis(g.CreatedAt))
		if errors.Is(err, ErrNotFound) {
			return ErrExists
		}
		if err != nil {
			return err
		}
		out, err = one(ctx, tx, scanGrant, sqlSelectGrant, id)
		return err
	})
	return out, wrap("creating grant", err)
}

// Grants returns the grants that a user has given, and then those that they have
// been given.
func (s *Store) Grants(ctx context.Context, userID int64) ([]Grant, error) {
	given, err := list(ctx, s.r, scanGrant, sqlGivenGrants, userID)
	if err != nil {
		return nil, wrap("listing grants", err)
	}
	gotten, err := list(ctx, s.r, scanGrant, sqlGottenGrants, userID, userID)
	return append(given, gotten...), wrap("listing grants", err)
}

// AllGrants returns the grants of everyone.
func (s *Store) AllGrants(ctx context.Context) ([]Grant, error) {
	grants, err := list(ctx, s.r, scanGrant, sqlListAllGrants)
	return grants, wrap("listing grants", err)
}

// DeleteGrant takes back a grant that ownerID has given, or returns ErrNotFound.
func (s *Store) DeleteGrant(ctx context.Context, ownerID, id int64) error {
	err := s.inTx(ctx, func(tx conn) error { return tx.must(ctx, sqlDeleteGrant, id, ownerID) })
	return wrap("deleting grant", err)
}

func scanGrant(row scanner) (Grant, error) {
	var (
		g       Grant
		created int64
	)
	err := row.Scan(&g.ID, &g.OwnerID, &g.GranteeID, &g.Client, &g.Service, &created, &g.OwnerName, &g.GranteeName)
	g.CreatedAt = fromMillis(created)
	return g, err
}
