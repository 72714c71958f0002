// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package account

import (
	"context"
	"errors"

	"github.com/culvertd/culvert/internal/store"
)

// LogOut ends the log-in that the request came with.
func (s *Service) LogOut(ctx context.Context, p Principal, from From) error {
	if p.JTI == "" {
		return errForbidden
	}
	err := s.endLogin(ctx, p.User.ID, p.JTI)
	if errors.Is(err, store.ErrNotFound) {
		return nil // from two tabs at once
	}
	if err != nil {
		return fail("logging out", err)
	}
	s.audit(ctx, p, from, "login.end", userTarget(p.User), nil, nil)
	return nil
}

// LogOutEverywhere ends all log-ins of the principal, or all but this one.
func (s *Service) LogOutEverywhere(ctx context.Context, p Principal, keepThis bool, from From) error {
	if p.JTI == "" {
		return errForbidden
	}
	except := ""
	if keepThis {
		except = p.JTI
	}
	if err := s.store.RevokeLogins(ctx, p.User.ID, except); err != nil {
		return fail("logging out", err)
	}
	s.tell(Change{Kind: LoginsRevoked, UserID: p.User.ID})
	s.audit(ctx, p, from, "login.end_all", userTarget(p.User), nil, map[string]any{"kept_this": keepThis})
	return nil
}

// Logins returns the log-ins of the principal that are in force.
func (s *Service) Logins(ctx context.Context, p Principal) ([]store.Login, error) {
	if p.Scope != ScopeFull {
		return nil, errForbidden
	}
	list, err := s.store.Logins(ctx, p.User.ID)
	return list, fail("listing log-ins", err)
}

// RevokeLogin ends one log-in of the principal.
func (s *Service) RevokeLogin(ctx context.Context, p Principal, jti string, from From) error {
	if p.Scope != ScopeFull {
		return errForbidden
	}
	if !isClean(jti, maxLabel) {
		return errNotFound
	}
	if err := s.endLogin(ctx, p.User.ID, jti); err != nil {
		return fail("ending log-in", err)
	}
	s.audit(ctx, p, from, "login.end", userTarget(p.User), nil, nil)
	return nil
}

// endAll makes all log-ins of a user void. Their epoch has been raised before,
// so that none is in force any more even if this fails.
func (s *Service) endAll(ctx context.Context, user int64) {
	s.note("ending log-ins", s.store.RevokeLogins(context.WithoutCancel(ctx), user, ""))
	s.tell(Change{Kind: LoginsRevoked, UserID: user})
}
