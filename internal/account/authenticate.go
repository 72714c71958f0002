// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package account

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/culvertd/culvert/internal/auth"
	"github.com/culvertd/culvert/internal/store"
)

// APITokenPrefix tells a token of the API from a log-in.
const APITokenPrefix = "cva_"

// Authenticate returns who a log-in or a token of the API belongs to. Whatever
// is wrong with it, the answer is the same.
func (s *Service) Authenticate(ctx context.Context, token string) (Principal, error) {
	return s.authenticate(auth.HashSecret(token), func(now time.Time) (cached, error) {
		if strings.HasPrefix(token, APITokenPrefix) {
			return s.findToken(ctx, auth.HashSecret(token), now)
		}
		return s.findLogin(ctx, s.signer, token, now)
	})
}

// authenticate asks find, unless what it has said before is fresh.
func (s *Service) authenticate(key [32]byte, find func(now time.Time) (cached, error)) (Principal, error) {
	now := time.Now()
	known, ok, mark := s.cache.get(key)
	ok = ok && (known.expires.IsZero() || now.Before(known.expires))
	if ok && now.Sub(known.at) < cacheFresh {
		s.seen.add(known.Principal, now)
		return known.Principal, nil
	}
	found, err := find(now)
	switch {
	case err == nil:
		s.cache.put(key, found, mark)
		s.seen.add(found.Principal, now)
		return found.Principal, nil
	case ok && errors.Is(err, store.ErrUnavailable) && now.Sub(known.at) < cacheStale:
		return known.Principal, nil
	case errors.Is(err, errUnauthenticated), errors.Is(err, store.ErrNotFound):
		s.cache.remove(key)
		return Principal{}, errUnauthenticated
	default:
		return Principal{}, fail("authenticating", err)
	}
}

// findLogin reads a token that signer has made for a log-in.
func (s *Service) findLogin(ctx context.Context, signer *auth.Signer, token string, now time.Time) (cached, error) {
	c, err := signer.Verify(token)
	if err != nil {
		return cached{}, errUnauthenticated
	}
	l, err := s.store.Login(ctx, c.ID)
	if err != nil {
		return cached{}, err
	}
	u, err := s.enabled(ctx, c.User)
	if err != nil {
		return cached{}, err
	}
	if l.UserID != u.ID || l.Epoch != u.Epoch || c.Epoch != u.Epoch || !now.Before(l.ExpiresAt) {
		return cached{}, errUnauthenticated
	}
	return cached{Principal: Principal{User: u, JTI: l.JTI, Scope: ScopeFull}, expires: c.ExpiresAt, at: now}, nil
}

func (s *Service) findToken(ctx context.Context, hash [32]byte, now time.Time) (cached, error) {
	t, err := s.store.APITokenByHash(ctx, hash)
	if err != nil {
		return cached{}, err
	}
	if !t.ExpiresAt.IsZero() && !now.Before(t.ExpiresAt) {
		return cached{}, errUnauthenticated
	}
	u, err := s.enabled(ctx, t.UserID)
	if err != nil {
		return cached{}, err
	}
	scope := Scope(t.Scope)
	if scope != ScopeRead && scope != ScopeManage {
		return cached{}, fmt.Errorf("API token %s has the scope %q", t.ID, t.Scope)
	}
	return cached{Principal: Principal{User: u, TokenID: t.ID, Scope: scope}, expires: t.ExpiresAt, at: now}, nil
}

// enabled returns a user who may be here.
func (s *Service) enabled(ctx context.Context, id int64) (store.User, error) {
	u, err := s.store.User(ctx, id)
	if err != nil {
		return store.User{}, err
	}
	if !u.DisabledAt.IsZero() {
		return store.User{}, errUnauthenticated
	}
	return public(u), nil
}
