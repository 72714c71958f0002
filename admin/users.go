// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package admin

import (
	"context"
	"time"

	"github.com/culvertd/culvert/internal/account"
	"github.com/culvertd/culvert/internal/store"
)

type listUsersIn struct {
	Searched
	Admin    string `query:"admin" enum:"true,false" doc:"Only administrators, or only others."`
	Disabled string `query:"disabled" enum:"true,false" doc:"Only disabled accounts, or only others."`
}

type changeUserIn struct {
	NumericID
	Match
	Body struct {
		Disabled *bool             `json:"disabled,omitempty" doc:"Whether the account cannot be used. What it has open ends at once."`
		Admin    *bool             `json:"admin,omitempty" doc:"Whether it is an administrator."`
		Limits   *store.UserLimits `json:"limits,omitempty"`
	}
}

type deleteUserIn struct {
	NumericID
	Match
}

// ResetLink lets someone set a new password.
type ResetLink struct {
	Code      string    `json:"code" doc:"It is shown this once. The link is the gateway's address and /reset#CODE."`
	ExpiresAt time.Time `json:"expires_at"`
}

type userOut = tagged[User]

func (a *API) users() {
	tag := every.tag + "Users"
	handle(a, tag, every.with(get, "/users", "list-users", adminReader, "Lists accounts"),
		func(ctx context.Context, q *request, in *listUsersIn) (*listOut[User], error) {
			list, next, err := q.accounts.Users(ctx, q.who, store.UserFilter{
				Search: in.Search, Admin: wanted(in.Admin), Disabled: wanted(in.Disabled),
			}, in.page())
			return shown(list, showUser, next, err)
		})
	handle(a, tag, every.with(get, "/users/{id}", "get-user", adminReader, "Shows an account"),
		func(ctx context.Context, q *request, in *NumericID) (*userOut, error) {
			return user(q.accounts.User(ctx, q.who, in.ID))
		})
	// An administrator's token shall not make itself a second administrator, so
	// what decides over people takes a log-in.
	handle(a, tag, every.with(patch, "/users/{id}", "change-user", adminPerson, "Changes an account's limits, or what it is"),
		func(ctx context.Context, q *request, in *changeUserIn) (*userOut, error) {
			version, err := in.version()
			if err != nil {
				return nil, err
			}
			return user(q.accounts.UpdateUser(ctx, q.who, in.ID, version, account.UserChanges{
				Disabled: in.Body.Disabled, Admin: in.Body.Admin, Limits: in.Body.Limits,
			}, q.from()))
		})
	handle(a, tag, every.with(remove, "/users/{id}", "delete-user", adminPerson, "Deletes an account with everything in it"),
		func(ctx context.Context, q *request, in *deleteUserIn) (*none, error) {
			version, err := in.version()
			if err != nil {
				return nil, err
			}
			return done(q.accounts.DeleteUser(ctx, q.who, in.ID, version, q.from()))
		})
	handle(a, tag, every.with(post, "/users/{id}/reset", "create-reset-link", adminPerson, "Makes a link to set a new password"),
		func(ctx context.Context, q *request, in *NumericID) (*out[ResetLink], error) {
			code, expires, err := q.accounts.ResetLink(ctx, q.who, in.ID, q.from())
			return answered(ResetLink{code, expires}, err)
		})
}

func user(u store.User, err error) (*userOut, error) {
	if err != nil {
		return nil, err
	}
	return &userOut{ETag: etag(u.Version), Body: showUser(u)}, nil
}

// wanted is what a query asks for, nil if it asks for nothing.
func wanted(text string) *bool {
	if text == "" {
		return nil
	}
	return new(text == "true")
}
