// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package admin

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/culvertd/culvert/internal/account"
	"github.com/culvertd/culvert/internal/inventory"
	"github.com/culvertd/culvert/internal/store"
)

// User is an account as its owner and administrators see it.
type User struct {
	ID         int64            `json:"id"`
	Name       string           `json:"name"`
	Email      string           `json:"email"`
	Admin      bool             `json:"admin"`
	CreatedAt  time.Time        `json:"created_at"`
	DisabledAt time.Time        `json:"disabled_at,omitzero" doc:"If set, the account cannot be used."`
	TermsAt    time.Time        `json:"terms_at,omitzero" doc:"When the terms of use were accepted."`
	Limits     store.UserLimits `json:"limits" doc:"Its own limits; 0 is the gateway's default, -1 is none."`
	Version    int64            `json:"version" doc:"Grows with each change. The ETag is made of it."`
}

func showUser(u store.User) User {
	return User{
		ID: u.ID, Name: u.Name, Email: u.Email, Admin: u.Admin, CreatedAt: u.CreatedAt,
		DisabledAt: u.DisabledAt, TermsAt: u.TermsAt, Limits: u.Limits, Version: u.Version,
	}
}

type registerIn struct {
	Body struct {
		Code        string `json:"code" minLength:"1" maxLength:"128" doc:"Of the invite."`
		Name        string `json:"name" minLength:"1" maxLength:"64"`
		Email       string `json:"email" minLength:"3" maxLength:"254"`
		Password    string `json:"password" minLength:"1" maxLength:"256"`
		AcceptTerms bool   `json:"accept_terms,omitempty" doc:"Has to be true if there are terms of use."`
	}
}

type setupIn struct {
	Body struct {
		Code     string `json:"code" minLength:"1" maxLength:"128" doc:"Of the link that the gateway has shown at its start."`
		Name     string `json:"name" minLength:"1" maxLength:"64"`
		Email    string `json:"email" minLength:"3" maxLength:"254"`
		Password string `json:"password" minLength:"1" maxLength:"256"`
	}
}

type logInIn struct {
	Body struct {
		Login    string `json:"login" minLength:"1" maxLength:"254" doc:"The name or the e-mail address."`
		Password string `json:"password" minLength:"1" maxLength:"256"`
		Cookie   bool   `json:"cookie,omitempty" doc:"Whether to set the token as a cookie that scripts cannot read, instead of answering with it."`
	}
}

// NewLogin is a log-in at the only moment that its token can be seen.
type NewLogin struct {
	Token     string    `json:"token,omitempty" doc:"For Authorization: Bearer. Left out if it is in a cookie."`
	ExpiresAt time.Time `json:"expires_at"`
	User      User      `json:"user"`
}

type loginOut struct {
	Cookie string `header:"Set-Cookie"`
	Body   NewLogin
}

type resetIn struct {
	Body struct {
		Code     string `json:"code" minLength:"1" maxLength:"128" doc:"Of the link that an administrator has made."`
		Password string `json:"password" minLength:"1" maxLength:"256"`
	}
}

// Terms are the terms of use.
type Terms struct {
	Text string `json:"text" doc:"Empty if there are none."`
}

// Site is what everyone may know of the gateway.
type Site struct {
	inventory.Site
	Version      string `json:"version" doc:"Of the gateway's program."`
	Setup        bool   `json:"setup" doc:"Whether there is no administrator yet: the link that the gateway has shown at its start makes one."`
	Registration bool   `json:"registration" doc:"Whether invites make accounts; if not, registration is closed."`
	Terms        bool   `json:"terms" doc:"Whether there are terms of use to accept."`
	FeedbackLink string `json:"feedback_link" doc:"Where to write to the operator; empty if nowhere."`
	LoggedIn     bool   `json:"logged_in" doc:"Whether who asks is logged in. A page can ask this without an error that browsers log."`
}

// site is asked before anybody is logged in, so a token that is not good is no
// error. While it cannot be looked up, nobody is told to be logged out.
func site(ctx context.Context, q *request, version string) (*out[Site], error) {
	p, err := q.accounts.Public(ctx)
	s := Site{
		Site: q.core.Site(), Version: version,
		Setup: p.Setup, Registration: p.Registration, Terms: p.Terms, FeedbackLink: p.Feedback,
	}
	if token := tokenOf(q); err == nil && token != "" {
		_, refused := q.accounts.Authenticate(ctx, token)
		if e, ok := errors.AsType[*account.Error](refused); ok && e.Code == account.CodeUnavailable {
			err = refused
		}
		s.LoggedIn = refused == nil
	}
	return answered(s, err)
}

func (a *API) registration() {
	const tag = "Registration"
	handle(a, tag, route{
		method: get, path: "/site", id: "get-site", access: public, summary: "Shows what everyone may know of the gateway",
	}, func(ctx context.Context, q *request, _ *none) (*out[Site], error) {
		return site(ctx, q, a.cfg.Version)
	})
	handle(a, tag, route{
		method: get, path: "/auth/terms", id: "get-terms", access: public,
		summary: "Shows what has to be accepted at registration",
	}, func(ctx context.Context, q *request, _ *none) (*out[Terms], error) {
		text, err := q.accounts.Terms(ctx)
		return answered(Terms{text}, err)
	})
	handle(a, tag, route{
		method: post, path: "/auth/register", id: "register", access: public, status: http.StatusCreated,
		summary: "Makes an account, with an invite",
	}, func(ctx context.Context, q *request, in *registerIn) (*out[User], error) {
		b := &in.Body
		u, err := q.accounts.Register(ctx, account.Registration{
			Code: b.Code, Name: b.Name, Email: b.Email, Password: b.Password, AcceptTerms: b.AcceptTerms,
		}, q.from())
		return answered(showUser(u), err)
	})
	handle(a, tag, route{
		method: post, path: "/auth/setup", id: "setup", access: public, status: http.StatusCreated,
		summary: "Makes the first administrator, with the gateway's one-time link",
	}, func(ctx context.Context, q *request, in *setupIn) (*out[User], error) {
		b := &in.Body
		u, err := q.accounts.Setup(ctx, b.Code, b.Name, b.Email, b.Password, q.from())
		return answered(showUser(u), err)
	})
	handle(a, tag, route{
		method: post, path: "/auth/login", id: "log-in", access: public, summary: "Logs in",
	}, logIn)
	handle(a, tag, route{
		method: post, path: "/auth/reset", id: "reset-password", access: public,
		summary: "Sets a new password, with an administrator's link",
	}, func(ctx context.Context, q *request, in *resetIn) (*none, error) {
		return done(q.accounts.ResetPassword(ctx, in.Body.Code, in.Body.Password, q.from()))
	})
}

func logIn(ctx context.Context, q *request, in *logInIn) (*loginOut, error) {
	if in.Body.Cookie {
		if q.foreign {
			return nil, fail(http.StatusForbidden, codeCrossOrigin, "Cookies are for the gateway's own pages.")
		}
		if _, err := newCookie(q, "", time.Time{}); err != nil {
			return nil, err
		}
	}
	l, err := q.accounts.LogIn(ctx, in.Body.Login, in.Body.Password, q.from())
	if err != nil {
		return nil, err
	}
	return showLogin(q, l, in.Body.Cookie)
}

// showLogin gives the token away in one of the two ways.
func showLogin(q *request, l account.NewLogin, cookie bool) (*loginOut, error) {
	o := &loginOut{Body: NewLogin{ExpiresAt: l.ExpiresAt, User: showUser(l.User)}}
	if !cookie {
		o.Body.Token = l.Token
		return o, nil
	}
	c, err := newCookie(q, l.Token, l.ExpiresAt)
	o.Cookie = c.String()
	return o, err
}
