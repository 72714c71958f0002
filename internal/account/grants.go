// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package account

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/culvertd/culvert/internal/store"
	"github.com/culvertd/culvert/internal/wire"
)

// Grants returns the grants that the principal has given and received.
func (s *Service) Grants(ctx context.Context, p Principal) ([]store.Grant, error) {
	list, err := s.store.Grants(ctx, p.User.ID)
	return list, fail("listing grants", err)
}

// Give lets another account use a service of one of the principal's clients.
// Neither client nor service needs to be there yet.
func (s *Service) Give(ctx context.Context, p Principal, grantee, client, service string, from From) (store.Grant, error) {
	if !p.MayWrite() || p.User.ID == 0 {
		return store.Grant{}, errForbidden
	}
	for field, name := range map[string]string{"client": client, "service": service} {
		if !wire.ValidName(name) {
			return store.Grant{}, invalid(field, "is 1 to 63 letters, digits, hyphens and underscores, and no hyphen first")
		}
	}
	u, err := s.grantee(ctx, p, grantee)
	if err != nil {
		return store.Grant{}, err
	}
	list, err := s.store.Grants(ctx, p.User.ID)
	if err != nil {
		return store.Grant{}, fail("giving grant", err)
	}
	if own := slices.DeleteFunc(list, func(g store.Grant) bool { return g.OwnerID != p.User.ID }); len(own) >= maxGrants {
		return store.Grant{}, limitReached("grants", maxGrants)
	}
	g, err := s.store.CreateGrant(ctx, store.Grant{
		OwnerID: p.User.ID, GranteeID: u.ID, Client: client, Service: service, CreatedAt: time.Now().UTC(),
		OwnerName: p.User.Name, GranteeName: u.Name,
	})
	if err != nil {
		return store.Grant{}, fail("giving grant", err)
	}
	s.tell(Change{Kind: GrantGiven, UserID: p.User.ID})
	s.audit(ctx, p, from, "grant.create", idTarget("grant", g.ID), nil, viewGrant(g))
	return g, nil
}

// grantee goes by the name alone: by e-mail address anyone could find out who
// has an account here.
func (s *Service) grantee(ctx context.Context, p Principal, name string) (store.User, error) {
	if !wire.ValidName(name) {
		return store.User{}, invalid("grantee", "is no name of a user")
	}
	u, err := s.store.UserByLogin(ctx, name)
	if errors.Is(err, store.ErrNotFound) {
		return u, invalid("grantee", "is no user here")
	}
	if err == nil && u.ID == p.User.ID {
		return u, invalid("grantee", "is you; your own clients need no grant")
	}
	return u, fail("giving grant", err)
}

// Withdraw takes a grant of the principal back, which ends what goes on by it.
func (s *Service) Withdraw(ctx context.Context, p Principal, id int64, from From) error {
	if !p.MayWrite() {
		return errForbidden
	}
	list, err := s.store.Grants(ctx, p.User.ID)
	if err != nil {
		return fail("withdrawing grant", err)
	}
	i := slices.IndexFunc(list, func(g store.Grant) bool { return g.ID == id && g.OwnerID == p.User.ID })
	if i < 0 {
		return errNotFound
	}
	if err := s.store.DeleteGrant(ctx, p.User.ID, id); err != nil {
		return fail("withdrawing grant", err)
	}
	s.tell(Change{Kind: GrantWithdrawn, UserID: p.User.ID})
	s.audit(ctx, p, from, "grant.delete", idTarget("grant", id), viewGrant(list[i]), nil)
	return nil
}

func viewGrant(g store.Grant) map[string]any {
	return map[string]any{"owner": g.OwnerName, "grantee": g.GranteeName, "client": g.Client, "service": g.Service}
}
