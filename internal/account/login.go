// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package account

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/culvertd/culvert/internal/auth"
	"github.com/culvertd/culvert/internal/store"
)

// LogIn checks a name or e-mail address and a password. One that does not exist
// costs the same as a wrong password, and gets the same answer.
func (s *Service) LogIn(ctx context.Context, nameOrEmail, password string, from From) (NewLogin, error) {
	src := auth.Source(from.Addr)
	before, err := take(s.limits.logins, src)
	if err != nil {
		s.failed(ctx, src, from)
		return NewLogin{}, err
	}
	if !isClean(nameOrEmail, maxEmail) {
		nameOrEmail = "" // nobody's
	}
	u, err := s.store.UserByLogin(ctx, nameOrEmail)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		giveBack(s.limits.logins, src)
		return NewLogin{}, fail("logging in", err)
	}
	logins, err := s.store.Logins(ctx, u.ID) // of nobody too: it must take the same time
	if err != nil {
		giveBack(s.limits.logins, src)
		return NewLogin{}, fail("logging in", err)
	}
	score := before
	if s.known.has(u.ID, src, logins) {
		score = -1
	}
	if err := s.tryPassword(ctx, score, nameOrEmail, u.PasswordHash, password); err != nil {
		s.failed(ctx, src, from)
		return NewLogin{}, err
	}
	giveBack(s.limits.logins, src)
	if !u.DisabledAt.IsZero() {
		return NewLogin{}, errDisabled // told only to who knows the password
	}
	s.known.add(u.ID, src)
	return s.openLogin(ctx, u, from, logins)
}

// tryPassword holds guesses at one account up, but not those from where its
// owner has been before (score below 0).
func (s *Service) tryPassword(ctx context.Context, score int, nameOrEmail, hash, password string) error {
	account := auth.HashSecret(strings.ToLower(nameOrEmail))
	stranger := score >= 0
	if stranger {
		if wait := s.limits.accounts.Try(account); wait > 0 {
			return limited(wait)
		}
	}
	ok, err := s.check(ctx, score, hash, password)
	switch {
	case err != nil && stranger:
		s.limits.accounts.Undo(account)
	case ok && stranger:
		s.limits.accounts.Forgive(account)
	}
	if err == nil && !ok {
		err = errLoginFailed
	}
	return err
}

// openLogin makes a log-in for who has shown to be u. logins are those there
// are; the ones unused for longest give way when there are too many.
func (s *Service) openLogin(ctx context.Context, u store.User, from From, logins []store.Login) (NewLogin, error) {
	now := time.Now().UTC()
	l := store.Login{
		JTI: auth.NewCode(), UserID: u.ID, CreatedAt: now, ExpiresAt: now.Add(LoginLife).Truncate(time.Second),
		LastSeenAt: now, Addr: addrText(from), Agent: clean(from.Agent, maxAgent), Epoch: u.Epoch,
	}
	text, err := s.signer.Sign(auth.Claims{User: u.ID, ID: l.JTI, Epoch: u.Epoch, IssuedAt: now, ExpiresAt: l.ExpiresAt})
	if err != nil {
		return NewLogin{}, fail("logging in", err)
	}
	if err := s.store.CreateLogin(ctx, l); err != nil {
		return NewLogin{}, fail("logging in", err)
	}
	s.audit(ctx, Principal{User: u}, from, "login.create", userTarget(u), nil, map[string]any{"expires_at": l.ExpiresAt})
	if len(logins) >= maxLogins {
		slices.SortFunc(logins, func(a, b store.Login) int { return a.LastSeenAt.Compare(b.LastSeenAt) })
		for _, old := range logins[:len(logins)-maxLogins+1] {
			s.note("ending the oldest log-in", s.endLogin(ctx, u.ID, old.JTI))
		}
	}
	return NewLogin{Token: text, ExpiresAt: l.ExpiresAt, User: public(u)}, nil
}

func (s *Service) endLogin(ctx context.Context, user int64, jti string) error {
	if err := s.store.RevokeLogin(ctx, user, jti); err != nil {
		return err
	}
	s.tell(Change{Kind: LoginsRevoked, UserID: user, JTI: jti})
	return nil
}
