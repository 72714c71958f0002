// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package account

import (
	"context"
	"errors"
	"net/mail"
	"strings"
	"time"

	"github.com/culvertd/culvert/internal/auth"
	"github.com/culvertd/culvert/internal/store"
	"github.com/culvertd/culvert/internal/wire"
)

const maxEmail = 254

// Register makes an account of an invite. Who has no valid one learns nothing,
// not even whether a name is taken.
func (s *Service) Register(ctx context.Context, r Registration, from From) (store.User, error) {
	if err := s.mayRegister(ctx, r); err != nil {
		return store.User{}, err
	}
	u, err := newUser(r.Name, r.Email, r.Password)
	if err != nil {
		return store.User{}, err
	}
	src := auth.Source(from.Addr)
	before, err := take(s.limits.codes, src)
	if err != nil {
		return store.User{}, err
	}
	if u.PasswordHash, err = s.hash(ctx, before, r.Password); err != nil {
		return store.User{}, err
	}
	if r.AcceptTerms {
		u.TermsAt = u.CreatedAt
	}
	u, invite, err := s.store.CreateUserWithInvite(ctx, u, auth.HashSecret(tidyCode(r.Code)), time.Now().UTC())
	if err != nil {
		return store.User{}, fail("registering", err)
	}
	giveBack(s.limits.codes, src) // a code works once, so who has a good one is not guessing
	s.audit(ctx, Principal{User: u}, from, "user.register", userTarget(u), nil,
		map[string]any{"name": u.Name, "email": u.Email, "invite": invite.ID})
	s.tell(Change{Kind: UserCreated, UserID: u.ID})
	return public(u), nil
}

func (s *Service) mayRegister(ctx context.Context, r Registration) error {
	open := true
	if err := s.setting(ctx, SettingRegistration, &open); err != nil {
		return err
	}
	if !open {
		return errClosed
	}
	terms, err := s.Terms(ctx)
	if err != nil {
		return err
	}
	if terms != "" && !r.AcceptTerms {
		return errTerms
	}
	return nil
}

// newUser checks what a new account is to have. Its password is still to be
// hashed.
func newUser(name, email, password string) (store.User, error) {
	u := store.User{Name: name, Email: strings.TrimSpace(email), CreatedAt: time.Now().UTC()}
	problems := make(map[string]string)
	if !wire.ValidName(name) {
		problems["name"] = "is 1 to 63 letters, digits, hyphens and underscores, and no hyphen first"
	}
	if !validEmail(u.Email) {
		problems["email"] = "is not an e-mail address"
	}
	if len(problems) > 0 {
		return u, &Error{Code: CodeInvalid, Message: "The request is not valid.", Details: problems}
	}
	return u, checkPassword(password, u)
}

// validEmail takes a bare address, which may be of any script.
func validEmail(s string) bool {
	addr, err := mail.ParseAddress(s)
	return err == nil && addr.Name == "" && addr.Address == s && isClean(s, maxEmail)
}

// tidyCode undoes what typing and copying do to a code.
func tidyCode(code string) string { return strings.ToUpper(strings.TrimSpace(code)) }

// FirstLink returns a code that makes whoever has it the first administrator,
// and forgets the one before; "" if there is an administrator.
func (s *Service) FirstLink(ctx context.Context) (code string, expires time.Time, err error) {
	_, admins, err := s.store.CountUsers(ctx)
	if err != nil {
		return "", time.Time{}, fail("making the first link", err)
	}
	if admins > 0 {
		return "", time.Time{}, nil
	}
	return s.newLink(ctx, store.Reset{Kind: kindFirst}, FirstLinkLife)
}

// Setup makes the first administrator, who gets what was made before.
func (s *Service) Setup(ctx context.Context, code, name, email, password string, from From) (store.User, error) {
	src := auth.Source(from.Addr)
	before, err := take(s.limits.codes, src)
	if err != nil {
		return store.User{}, err
	}
	hash := auth.HashSecret(tidyCode(code))
	if _, err := s.store.Reset(ctx, hash, kindFirst, time.Now().UTC()); err != nil {
		return store.User{}, failLink(err)
	}
	giveBack(s.limits.codes, src) // who has the link is not guessing
	u, err := newUser(name, email, password)
	if err != nil {
		return store.User{}, err
	}
	if err := s.free(ctx, u); err != nil {
		return store.User{}, err // before the link is used up
	}
	if u.PasswordHash, err = s.hash(ctx, before, password); err != nil {
		return store.User{}, err
	}
	if _, err := s.store.UseReset(ctx, hash, kindFirst, time.Now().UTC()); err != nil {
		return store.User{}, failLink(err)
	}
	if _, admins, err := s.store.CountUsers(ctx); err != nil || admins > 0 {
		return store.User{}, failLink(errors.Join(store.ErrNotFound, err)) // made by a command meanwhile
	}
	return s.createAdmin(ctx, Principal{}, u, from)
}

// free returns an error if the name or the address is taken.
func (s *Service) free(ctx context.Context, u store.User) error {
	for field, value := range map[string]string{"name": u.Name, "email": u.Email} {
		_, err := s.store.UserByLogin(ctx, value)
		if err == nil {
			err = &store.ExistsError{Field: field}
		}
		if !errors.Is(err, store.ErrNotFound) {
			return fail("setting up", err)
		}
	}
	return nil
}

// CreateAdmin makes an administrator without an invite. The first one gets what
// was made before.
func (s *Service) CreateAdmin(ctx context.Context, p Principal, name, email, password string, from From) (store.User, error) {
	if err := mayAdminister(p); err != nil {
		return store.User{}, err
	}
	u, err := newUser(name, email, password)
	if err != nil {
		return store.User{}, err
	}
	if u.PasswordHash, err = s.hash(ctx, -1, password); err != nil {
		return store.User{}, err
	}
	return s.createAdmin(ctx, p, u, from)
}

func (s *Service) createAdmin(ctx context.Context, p Principal, u store.User, from From) (store.User, error) {
	_, admins, err := s.store.CountUsers(ctx)
	if err != nil {
		return store.User{}, fail("creating administrator", err)
	}
	u.Admin = true
	u, err = s.store.CreateUser(ctx, u)
	if err != nil {
		return store.User{}, fail("creating administrator", err)
	}
	if p.User.Name == "" {
		p = Principal{User: u} // it was they themselves
	}
	s.audit(ctx, p, from, "user.create", userTarget(u), nil, viewUser(u))
	s.tell(Change{Kind: UserCreated, UserID: u.ID})
	if admins == 0 {
		if err := s.store.AdoptOrphans(ctx, u.ID); err != nil {
			return store.User{}, fail("giving the first administrator what was made before", err)
		}
		s.tell(Change{Kind: OrphansAdopted, UserID: u.ID})
	}
	return public(u), nil
}
