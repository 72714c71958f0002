// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package account

import (
	"context"
	"fmt"
	"time"

	"github.com/culvertd/culvert/internal/store"
)

// mayAdminister says whether p may change what is not theirs.
func mayAdminister(p Principal) error {
	if !p.User.Admin || !p.MayWrite() {
		return errForbidden
	}
	return nil
}

// Users returns the users that the filter lets through.
func (s *Service) Users(ctx context.Context, p Principal, f store.UserFilter, page store.Page) ([]store.User, string, error) {
	if !p.User.Admin {
		return nil, "", errForbidden
	}
	if !isClean(f.Search, maxEmail) {
		return nil, "", nil // there is no such name
	}
	list, next, err := s.store.Users(ctx, f, page)
	for i := range list {
		list[i] = public(list[i])
	}
	return list, next, fail("listing users", err)
}

// User returns one user: oneself, or for administrators anyone.
func (s *Service) User(ctx context.Context, p Principal, id int64) (store.User, error) {
	if id != p.User.ID && !p.User.Admin {
		return store.User{}, errNotFound
	}
	u, err := s.store.User(ctx, id)
	return public(u), fail("looking user up", err)
}

// UserByName returns the user with this name or e-mail address.
func (s *Service) UserByName(ctx context.Context, p Principal, nameOrEmail string) (store.User, error) {
	if !p.User.Admin {
		return store.User{}, errForbidden
	}
	if !isClean(nameOrEmail, maxEmail) {
		return store.User{}, errNotFound
	}
	u, err := s.store.UserByLogin(ctx, nameOrEmail)
	return public(u), fail("looking user up", err)
}

// SetDisabled shuts a user out, or lets them in again.
func (s *Service) SetDisabled(ctx context.Context, p Principal, id int64, disabled bool, from From) (store.User, error) {
	return s.UpdateUser(ctx, p, id, 0, UserChanges{Disabled: &disabled}, from)
}

// SetAdmin makes a user an administrator, or an ordinary one again.
func (s *Service) SetAdmin(ctx context.Context, p Principal, id int64, admin bool, from From) (store.User, error) {
	return s.UpdateUser(ctx, p, id, 0, UserChanges{Admin: &admin}, from)
}

// SetLimits gives a user limits of their own.
func (s *Service) SetLimits(ctx context.Context, p Principal, id int64, l store.UserLimits, from From) (store.User, error) {
	return s.UpdateUser(ctx, p, id, 0, UserChanges{Limits: &l}, from)
}

// UpdateUser makes all of c at once, if the user still has the version; 0 is
// any.
func (s *Service) UpdateUser(ctx context.Context, p Principal, id, version int64, c UserChanges, from From) (store.User, error) {
	if err := mayAdminister(p); err != nil {
		return store.User{}, err
	}
	if c.Limits != nil && !validLimits(*c.Limits) {
		return store.User{}, invalid("limits", "are 0 for the default, -1 for none, or the limit itself")
	}
	var was store.User
	now, err := s.store.UpdateUser(ctx, id, version, func(u *store.User) {
		was = *u
		c.apply(u)
	})
	if err != nil {
		return store.User{}, fail("changing user", err)
	}
	s.tellUser(ctx, was, now)
	s.audit(ctx, p, from, "user.update", userTarget(now), viewUser(was), viewUser(now))
	return public(now), nil
}

func (c UserChanges) apply(u *store.User) {
	if c.Disabled != nil && *c.Disabled != !u.DisabledAt.IsZero() {
		u.DisabledAt = time.Time{}
		if *c.Disabled {
			u.DisabledAt = time.Now().UTC()
			u.Epoch++ // old log-ins stay void when the user is let in again
		}
	}
	if c.Admin != nil {
		u.Admin = *c.Admin
	}
	if c.Limits != nil {
		u.Limits = *c.Limits
	}
}

func (s *Service) tellUser(ctx context.Context, was, now store.User) {
	switch disabled := !now.DisabledAt.IsZero(); {
	case disabled && was.DisabledAt.IsZero():
		s.tell(Change{Kind: UserDisabled, UserID: now.ID})
		s.endAll(ctx, now.ID)
	case !disabled && !was.DisabledAt.IsZero():
		s.tell(Change{Kind: UserEnabled, UserID: now.ID})
	}
	if was.Admin != now.Admin {
		s.tell(Change{Kind: AdminChanged, UserID: now.ID})
	}
	if was.Limits != now.Limits {
		s.tell(Change{Kind: LimitsChanged, UserID: now.ID})
	}
}

func validLimits(l store.UserLimits) bool {
	return min(int64(l.Endpoints), int64(l.Clients), int64(l.Connections), l.MonthlyBytes) >= -1
}

// DeleteUser deletes an account with everything in it, if it still has the
// version; 0 is any.
func (s *Service) DeleteUser(ctx context.Context, p Principal, id, version int64, from From) error {
	if err := mayAdminister(p); err != nil {
		return err
	}
	u, err := s.store.User(ctx, id)
	if err != nil {
		return fail("deleting user", err)
	}
	if version != 0 && version != u.Version {
		return fail("deleting user", store.ErrConflict)
	}
	return s.deleteUser(ctx, p, u, from)
}

func (s *Service) deleteUser(ctx context.Context, p Principal, u store.User, from From) error {
	if err := s.store.DeleteUser(ctx, u.ID); err != nil {
		return fail(fmt.Sprintf("deleting user %d", u.ID), err)
	}
	s.tell(Change{Kind: UserDeleted, UserID: u.ID})
	s.audit(ctx, p, from, "user.delete", userTarget(u), viewUser(u), nil)
	return nil
}
