// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package account

import (
	"context"
	"errors"
	"time"

	"github.com/culvertd/culvert/internal/auth"
	"github.com/culvertd/culvert/internal/store"
)

// The kinds of links.
const (
	kindPassword = "password"
	kindFirst    = "first-admin"
)

// ChangePassword sets a new password, ends all log-ins, and opens one in place
// of that of the request.
func (s *Service) ChangePassword(ctx context.Context, p Principal, old, password string, from From) (NewLogin, error) {
	u, err := s.confirm(ctx, p, old)
	if err != nil {
		return NewLogin{}, err
	}
	if err := checkPassword(password, u); err != nil {
		return NewLogin{}, err
	}
	hash, err := s.hash(ctx, -1, password)
	if err != nil {
		return NewLogin{}, err
	}
	if u, err = s.setPassword(ctx, u.ID, hash); err != nil {
		return NewLogin{}, err
	}
	s.audit(ctx, p, from, "password.change", userTarget(u), nil, nil)
	return s.openLogin(ctx, u, from, nil)
}

// DeleteSelf deletes the principal's account with everything in it.
func (s *Service) DeleteSelf(ctx context.Context, p Principal, password string, from From) error {
	u, err := s.confirm(ctx, p, password)
	if err != nil {
		return err
	}
	return s.deleteUser(ctx, p, u, from)
}

// confirm asks for the password once more: a log-in may be stolen, or a screen
// left alone. It returns the user as the store has them.
func (s *Service) confirm(ctx context.Context, p Principal, password string) (store.User, error) {
	if p.JTI == "" {
		return store.User{}, errForbidden
	}
	if wait := s.limits.passwords.Try(p.User.ID); wait > 0 {
		return store.User{}, limited(wait)
	}
	u, err := s.store.User(ctx, p.User.ID)
	if err != nil {
		s.limits.passwords.Undo(p.User.ID)
		return store.User{}, fail("checking password", err)
	}
	ok, err := s.check(ctx, -1, u.PasswordHash, password)
	if err != nil {
		s.limits.passwords.Undo(p.User.ID)
		return store.User{}, err
	}
	if !ok {
		return store.User{}, errPasswordWrong
	}
	s.limits.passwords.Forgive(p.User.ID)
	return u, nil
}

// setPassword raises the epoch in the same write, which makes all log-ins void.
func (s *Service) setPassword(ctx context.Context, user int64, hash string) (store.User, error) {
	u, err := s.store.UpdateUser(ctx, user, 0, func(u *store.User) {
		u.PasswordHash = hash
		u.Epoch++
	})
	if err != nil {
		return store.User{}, fail("setting password", err)
	}
	s.endAll(ctx, u.ID)
	return u, nil
}

// ResetLink returns a code with which someone who has forgotten their password
// can set a new one. Any older one of this user is void.
func (s *Service) ResetLink(ctx context.Context, p Principal, id int64, from From) (code string, expires time.Time, err error) {
	if err := mayAdminister(p); err != nil {
		return "", time.Time{}, err
	}
	u, err := s.store.User(ctx, id)
	if err != nil {
		return "", time.Time{}, fail("making reset link", err)
	}
	code, expires, err = s.newLink(ctx, store.Reset{UserID: id, CreatedBy: p.User.ID, Kind: kindPassword}, ResetLife)
	if err != nil {
		return "", time.Time{}, err
	}
	s.audit(ctx, p, from, "reset.create", userTarget(u), nil, map[string]any{"expires_at": expires})
	return code, expires, nil
}

func (s *Service) newLink(ctx context.Context, r store.Reset, life time.Duration) (code string, expires time.Time, err error) {
	code = auth.NewCode()
	r.Hash = auth.HashSecret(code)
	r.CreatedAt = time.Now().UTC()
	r.ExpiresAt = r.CreatedAt.Add(life)
	if err := s.store.CreateReset(ctx, r); err != nil {
		return "", time.Time{}, fail("making link", err)
	}
	return code, r.ExpiresAt, nil
}

// ResetPassword sets a new password by the code of ResetLink.
func (s *Service) ResetPassword(ctx context.Context, code, password string, from From) error {
	src := auth.Source(from.Addr)
	before, err := take(s.limits.codes, src)
	if err != nil {
		return err
	}
	hash := auth.HashSecret(tidyCode(code))
	r, err := s.store.Reset(ctx, hash, kindPassword, time.Now().UTC())
	if err != nil {
		return failLink(err)
	}
	giveBack(s.limits.codes, src) // who has the link is not guessing
	u, err := s.store.User(ctx, r.UserID)
	if err != nil {
		return failLink(err)
	}
	if err := checkPassword(password, u); err != nil {
		return err
	}
	text, err := s.hash(ctx, before, password)
	if err != nil {
		return err
	}
	// Only now, so that a password that is refused does not use the link up.
	if _, err := s.store.UseReset(ctx, hash, kindPassword, time.Now().UTC()); err != nil {
		return failLink(err)
	}
	if u, err = s.setPassword(ctx, u.ID, text); err != nil {
		return err
	}
	s.audit(ctx, Principal{User: u}, from, "password.reset", userTarget(u), nil, nil)
	return nil
}

func failLink(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return errLink
	}
	return fail("using link", err)
}
