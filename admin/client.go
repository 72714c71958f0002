// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package admin

import (
	"context"
	"net/http"
	"net/netip"

	"github.com/culvertd/culvert/internal/account"
)

// Client is who sends a request, as the HTTP server has determined it. Headers
// that anyone can write are of no account here.
type Client struct {
	// Addr is the client's address; with trusted proxies, the one they name.
	Addr netip.Addr
	// Secure is whether the client's own connection is encrypted.
	Secure bool
}

// request is what all steps of one request share.
type request struct {
	http     *http.Request
	client   Client
	core     Core
	accounts Accounts
	body     []byte
	// foreign is set for pages of another origin, be they allowed: they have to
	// bring a token of their own, the cookie is not for them.
	foreign bool

	// From here on only set where a route is not public.
	token string
	who   account.Principal
}

type requestKey struct{}

func (q *request) in(ctx context.Context) context.Context {
	return context.WithValue(ctx, requestKey{}, q)
}

// requestOf returns the request that ctx belongs to; there always is one below
// Serve.
func requestOf(ctx context.Context) *request {
	return ctx.Value(requestKey{}).(*request)
}

// from says who asks, for the audit log.
func (q *request) from() account.From {
	return account.From{
		Addr: q.client.Addr, Agent: clip(q.http.UserAgent(), 200),
		UserID: q.who.User.ID, Name: q.who.User.Name,
	}
}

// note writes a change that the core has made into the audit log.
func (q *request) note(ctx context.Context, action, target string, before, after any) {
	q.accounts.Note(ctx, q.from(), action, target, before, after)
}

// clip shortens what a stranger has written.
func clip(s string, n int) string {
	if len(s) > n {
		return s[:n]
	}
	return s
}
