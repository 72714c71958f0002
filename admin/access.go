// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package admin

import (
	"errors"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/culvertd/culvert/internal/account"
)

// access says who may use a route.
type access uint8

const (
	// The zero value is what a route has that says nothing: nobody may use it.
	_ access = iota
	// public routes are for everyone, without proof of anything.
	public
	// reader routes take any account, and every API token of one.
	reader
	// manager routes change something: an API token needs the scope manage.
	manager
	// person routes decide over the account itself, and so take no API token:
	// a stolen one could otherwise make itself permanent.
	person
	// The same for administrators.
	adminReader
	adminManager
	adminPerson
)

// allows returns why p may not use a route of this access, nil if it may.
func (x access) allows(p account.Principal) *Error {
	switch x {
	case public:
		return nil
	case adminReader, adminManager, adminPerson:
		if !p.User.Admin {
			return fail(http.StatusForbidden, codeForbidden, "Only administrators may do this.")
		}
	case reader, manager, person:
	default:
		return fail(http.StatusForbidden, codeForbidden, "Nobody may do this.")
	}
	switch {
	case p.Scope == account.ScopeFull:
		return nil
	case x == person || x == adminPerson:
		return fail(http.StatusForbidden, codeForbidden, "API tokens may not do this. Log in.")
	case p.Scope == account.ScopeManage:
		return nil
	case p.Scope == account.ScopeRead && (x == reader || x == adminReader):
		return nil
	default:
		return fail(http.StatusForbidden, codeForbidden, "This needs an API token with the scope manage.")
	}
}

// authorize lets a request through to its route if its sender may use it.
func (a *API) authorize(ctx huma.Context, next func(huma.Context)) {
	rt := routeOf(ctx.Operation())
	q := requestOf(ctx.Context())
	if rt.access != public {
		if err := a.authenticate(ctx, q); err != nil {
			a.refuse(ctx, err)
			return
		}
		if err := rt.access.allows(q.who); err != nil {
			a.refuse(ctx, err)
			return
		}
	}
	next(ctx)
}

func (a *API) authenticate(ctx huma.Context, q *request) (err error) {
	if q.token = tokenOf(q); q.token == "" {
		return fail(http.StatusUnauthorized, codeUnauthed, "Log in, or send an API token as Authorization: Bearer.")
	}
	if q.who, err = q.accounts.Authenticate(ctx.Context(), q.token); err != nil {
		return err
	}
	return q.accounts.AdmitUser(q.who.User.ID)
}

// tokenOf returns what the request proves its sender with. A header beats the
// cookie, because only its sender can have put it there.
func tokenOf(q *request) string {
	if header := q.http.Header.Get("Authorization"); header != "" {
		scheme, token, _ := strings.Cut(header, " ")
		if !strings.EqualFold(scheme, "Bearer") {
			return ""
		}
		return strings.TrimSpace(token)
	}
	if q.foreign {
		return ""
	}
	return cookieToken(q)
}

// refuse answers with err in the place of the route.
func (a *API) refuse(ctx huma.Context, err error) {
	e, ok := errors.AsType[*Error](a.translate(ctx.Context(), ctx.Operation().OperationID, err))
	if !ok {
		e = internal
	}
	answerOf(ctx).fail(e)
}
