// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package admin

import (
	"context"
	"net/http"
	"time"

	"github.com/culvertd/culvert/internal/inventory"
	"github.com/culvertd/culvert/internal/store"
)

// Me is who asks, and what that may do.
type Me struct {
	User  User            `json:"user"`
	Scope string          `json:"scope" enum:"full,manage,read" doc:"full for a log-in; else the API token's."`
	Usage inventory.Usage `json:"usage"`
}

// Login is a log-in that has not ended.
type Login struct {
	ID         string    `json:"id"`
	CreatedAt  time.Time `json:"created_at"`
	ExpiresAt  time.Time `json:"expires_at"`
	LastSeenAt time.Time `json:"last_seen_at,omitzero"`
	Address    string    `json:"address"`
	Agent      string    `json:"agent" doc:"What the browser or program calls itself."`
	Current    bool      `json:"current" doc:"Whether it is the one that asks."`
}

type logOutAllIn struct {
	Body struct {
		KeepThis bool `json:"keep_this,omitempty" doc:"Whether the log-in that asks goes on."`
	}
}

type loggedOut struct {
	Cookie string `header:"Set-Cookie"`
}

type loginID struct {
	ID string `path:"id" maxLength:"64"`
}

type passwordIn struct {
	Body struct {
		Old string `json:"old" minLength:"1" maxLength:"256"`
		New string `json:"new" minLength:"1" maxLength:"256"`
	}
}

type deleteSelfIn struct {
	Body struct {
		Password string `json:"password" minLength:"1" maxLength:"256"`
	}
}

func (a *API) ownAccount() {
	const tag = "Own account"
	handle(a, tag, route{method: get, path: "/auth/me", id: "get-me", access: reader, summary: "Shows who asks"},
		func(ctx context.Context, q *request, _ *none) (*out[Me], error) {
			usage, err := q.core.Usage(ctx, q.who.User.ID)
			return answered(Me{User: showUser(q.who.User), Scope: string(q.who.Scope), Usage: usage}, err)
		})
	handle(a, tag, route{method: post, path: "/auth/logout", id: "log-out", access: person, summary: "Ends this log-in"},
		func(ctx context.Context, q *request, _ *none) (*loggedOut, error) {
			return forgetCookie(q, q.accounts.LogOut(ctx, q.who, q.from()))
		})
	handle(a, tag, route{method: post, path: "/auth/logout-everywhere", id: "log-out-everywhere", access: person, summary: "Ends all log-ins"},
		func(ctx context.Context, q *request, in *logOutAllIn) (*loggedOut, error) {
			err := q.accounts.LogOutEverywhere(ctx, q.who, in.Body.KeepThis, q.from())
			if in.Body.KeepThis && err == nil {
				return new(loggedOut), nil
			}
			return forgetCookie(q, err)
		})
	handle(a, tag, route{method: get, path: "/auth/sessions", id: "list-logins", access: person, summary: "Lists log-ins"},
		func(ctx context.Context, q *request, _ *none) (*listOut[Login], error) {
			list, err := q.accounts.Logins(ctx, q.who)
			return shown(list, func(l store.Login) Login { return showSession(l, q.who.JTI) }, "", err)
		})
	handle(a, tag, route{method: remove, path: "/auth/sessions/{id}", id: "end-login", access: person, summary: "Ends a log-in"},
		func(ctx context.Context, q *request, in *loginID) (*none, error) {
			return done(q.accounts.RevokeLogin(ctx, q.who, in.ID, q.from()))
		})
	handle(a, tag, route{
		method: post, path: "/auth/password", id: "change-password", access: person,
		summary: "Changes the password, ends all log-ins and begins a new one",
	}, func(ctx context.Context, q *request, in *passwordIn) (*loginOut, error) {
		l, err := q.accounts.ChangePassword(ctx, q.who, in.Body.Old, in.Body.New, q.from())
		if err != nil {
			return nil, err
		}
		return showLogin(q, l, cookieToken(q) == q.token)
	})
	handle(a, tag, route{
		method: post, path: "/auth/delete", id: "delete-me", access: person,
		summary: "Deletes the account with everything in it",
	}, func(ctx context.Context, q *request, in *deleteSelfIn) (*loggedOut, error) {
		return forgetCookie(q, q.accounts.DeleteSelf(ctx, q.who, in.Body.Password, q.from()))
	})
}

// forgetCookie takes the cookie away if the request came with it.
func forgetCookie(q *request, err error) (*loggedOut, error) {
	o := new(loggedOut)
	if err == nil && cookieToken(q) != "" {
		var c http.Cookie
		c, err = newCookie(q, "", time.Time{})
		o.Cookie = c.String()
	}
	return o, err
}

func showSession(l store.Login, current string) Login {
	return Login{
		ID: l.JTI, CreatedAt: l.CreatedAt, ExpiresAt: l.ExpiresAt, LastSeenAt: l.LastSeenAt,
		Address: l.Addr, Agent: l.Agent, Current: l.JTI == current,
	}
}
