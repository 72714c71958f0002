// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"context"
	"errors"
	"path/filepath"
	"time"

	"github.com/culvertd/culvert/internal/account"
	"github.com/culvertd/culvert/internal/control"
	"github.com/culvertd/culvert/internal/store"
)

// Commands act as the operator, who may do everything.

// CreateAdmin implements control.Accounts.
func (b *book) CreateAdmin(ctx context.Context, a control.NewAdmin) (control.User, error) {
	u, err := b.accounts.CreateAdmin(ctx, account.System(), a.Name, a.Email, a.Password, account.From{})
	if err != nil {
		return control.User{}, toControl(err)
	}
	return showUser(u), nil
}

// SetupLink implements control.Accounts.
func (b *book) SetupLink(ctx context.Context) (control.Link, error) {
	l, err := b.firstLink(ctx)
	if err == nil && l == (control.Link{}) {
		err = &control.Error{
			Code:    control.CodeInvalid,
			Message: "there is an administrator already, who can make others; `culvert user reset-password` helps one who is locked out",
		}
	}
	return l, err
}

// Users implements control.Accounts.
func (b *book) Users(ctx context.Context, search string, p control.Page) (control.UserPage, error) {
	list, next, err := b.accounts.Users(ctx, account.System(), store.UserFilter{Search: search}, store.Page(p))
	if err != nil {
		return control.UserPage{}, toControl(err)
	}
	out := control.UserPage{Users: make([]control.User, len(list)), Next: next}
	for i, u := range list {
		out.Users[i] = showUser(u)
	}
	return out, nil
}

// DisableUser implements control.Accounts.
func (b *book) DisableUser(ctx context.Context, name string) error {
	return b.withUser(ctx, name, func(u store.User) error {
		_, err := b.accounts.SetDisabled(ctx, account.System(), u.ID, true, account.From{})
		return err
	})
}

// EnableUser implements control.Accounts.
func (b *book) EnableUser(ctx context.Context, name string) error {
	return b.withUser(ctx, name, func(u store.User) error {
		_, err := b.accounts.SetDisabled(ctx, account.System(), u.ID, false, account.From{})
		return err
	})
}

// DeleteUser implements control.Accounts.
func (b *book) DeleteUser(ctx context.Context, name string) error {
	return b.withUser(ctx, name, func(u store.User) error {
		return b.accounts.DeleteUser(ctx, account.System(), u.ID, 0, account.From{})
	})
}

// ResetPassword implements control.Accounts.
func (b *book) ResetPassword(ctx context.Context, name string) (l control.Link, err error) {
	err = b.withUser(ctx, name, func(u store.User) error {
		code, expires, err := b.accounts.ResetLink(ctx, account.System(), u.ID, account.From{})
		if err == nil {
			l = control.Link{URL: b.site.Load().Reset(code), ExpiresAt: expires}
		}
		return err
	})
	return l, err
}

func (b *book) withUser(ctx context.Context, name string, do func(store.User) error) error {
	u, err := b.user(ctx, name)
	if err != nil {
		return err
	}
	return toControl(do(u))
}

func (b *book) user(ctx context.Context, name string) (store.User, error) {
	u, err := b.accounts.UserByName(ctx, account.System(), name)
	if e, ok := errors.AsType[*account.Error](err); ok && e.Code == account.CodeNotFound {
		return u, control.NoUser(name)
	}
	return u, toControl(err)
}

// owner is who something made by a command belongs to: the user of this name,
// or the first administrator; without one the operator, who is the zero value.
func (b *book) owner(ctx context.Context, name string) (store.User, error) {
	if name != "" {
		return b.user(ctx, name)
	}
	var (
		first store.User
		yes   = true
	)
	for p := (store.Page{Limit: 200}); ; {
		admins, next, err := b.store.Users(ctx, store.UserFilter{Admin: &yes}, p)
		if err != nil {
			return store.User{}, err
		}
		for _, u := range admins {
			if first.ID == 0 || u.ID < first.ID {
				first = u
			}
		}
		if p.After = next; next == "" {
			return first, nil
		}
	}
}

// name is find for those who only show it: one may be deleted meanwhile.
func (d directory) name(ctx context.Context, s *store.Store, id int64) (string, error) {
	u, err := d.find(ctx, s, id)
	if errors.Is(err, store.ErrNotFound) {
		return "", nil
	}
	return u.Name, err
}

// CreateInvites implements control.Accounts.
func (b *book) CreateInvites(ctx context.Context, r control.InviteRequest) ([]control.NewInvite, error) {
	list, err := b.accounts.CreateInvites(ctx, account.System(), r.Count, r.Note, r.ExpiresAt, account.From{})
	if err != nil {
		return nil, toControl(err)
	}
	out := make([]control.NewInvite, len(list))
	for i, v := range list {
		out[i] = control.NewInvite{Invite: showInvite(v.Invite), Code: v.Code, URL: b.site.Load().Register(v.Code)}
	}
	return out, nil
}

// Invites implements control.Accounts.
func (b *book) Invites(ctx context.Context, state string, p control.Page) (control.InvitePage, error) {
	list, next, err := b.accounts.Invites(ctx, account.System(), state, store.Page(p))
	if err != nil {
		return control.InvitePage{}, toControl(err)
	}
	out := control.InvitePage{Invites: make([]control.Invite, len(list)), Next: next}
	for i, v := range list {
		out.Invites[i] = showInvite(v)
	}
	return out, nil
}

// RevokeInvite implements control.Accounts.
func (b *book) RevokeInvite(ctx context.Context, id int64) error {
	return toControl(b.accounts.RevokeInvite(ctx, account.System(), id, account.From{}))
}

// Backup implements control.Keeper.
func (b *book) Backup(ctx context.Context, file string) error {
	if !filepath.IsAbs(file) {
		p := problems{}
		p.add("file", "is %q; use an absolute path", file)
		return p.err()
	}
	// What has been counted up to now belongs to it.
	if err := b.flush(ctx); err != nil {
		return err
	}
	return b.store.Backup(ctx, file)
}

// toControl gives errors that say what to do another the shape of commands.
func toControl(err error) error {
	e, ok := errors.AsType[*account.Error](err)
	if !ok {
		return err
	}
	switch e.Code {
	case account.CodeInvalid:
		return problems(e.Details).err()
	case account.CodeNotFound:
		return &control.Error{Code: control.CodeNotFound, Message: e.Message}
	case account.CodeUnavailable:
		return &control.Error{Code: control.CodeUnavailable, Message: e.Error()} // with its cause
	case account.CodeInternal:
		return err
	default:
		return &control.Error{Code: control.CodeInvalid, Message: e.Message, Details: e.Details}
	}
}

func showUser(u store.User) control.User {
	return control.User{ID: u.ID, Name: u.Name, Email: u.Email, Admin: u.Admin, CreatedAt: u.CreatedAt, DisabledAt: u.DisabledAt}
}

func showInvite(v store.Invite) control.Invite {
	out := control.Invite{
		ID: v.ID, State: "unused", Note: v.Note, CreatedAt: v.CreatedAt, ExpiresAt: v.ExpiresAt,
		UsedAt: v.UsedAt, UsedBy: v.UsedByName, RevokedAt: v.RevokedAt,
	}
	switch {
	case !v.UsedAt.IsZero():
		out.State = "used"
	case !v.RevokedAt.IsZero():
		out.State = "revoked"
	case !v.ExpiresAt.IsZero() && !time.Now().Before(v.ExpiresAt):
		out.State = "expired"
	}
	return out
}
