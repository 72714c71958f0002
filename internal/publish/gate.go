// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package publish

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"time"

	"github.com/culvertd/culvert/internal/account"
)

// UserHeader tells a website with ModeLogin who has come. From outside it is
// never let through.
const UserHeader = "Culvert-User"

// Accounts knows passwords and log-ins; *account.Service does.
type Accounts interface {
	OpenWith(ctx context.Context, hash, password string, addr netip.Addr) error
	AuthenticateVisit(ctx context.Context, token, host string) (account.Principal, error)
	RedeemVisit(ctx context.Context, ticket, host, state string) (token string, expires time.Time, err error)
}

// Gate stands in front of what is published by name: it decides who may come, and
// knows what goes on. Its methods may be called from any goroutine.
type Gate struct {
	rules    atomic.Pointer[map[Key]*Rules]
	accounts atomic.Pointer[Accounts]
	requests requests
}

// Visit is where a request wants to go, and from where.
type Visit struct {
	Key    Key
	Addr   netip.Addr
	Secure bool   // whether the visitor came by HTTPS
	Shared bool   // whether other names have the same host
	Site   string // where one logs in, such as https://example.com
}

func newGate() *Gate {
	g := new(Gate)
	g.requests.init()
	return g
}

// SetAccounts says who knows passwords and log-ins. Until then websites that ask
// for any are closed.
func (g *Gate) SetAccounts(a Accounts) { g.accounts.Store(&a) }

// Enter lets a request in, as it is to go on and without what is meant for the
// gate; the caller calls End. If the request may not come it is answered, and q is
// nil.
func (g *Gate) Enter(w http.ResponseWriter, r *http.Request, v Visit) (q *Request, in *http.Request) {
	rules := g.rulesFor(v.Key)
	if rules.refuse(v.Addr) {
		Forbidden.Serve(w, r)
		return nil, nil
	}
	out := r.WithContext(r.Context())
	out.Header = r.Header.Clone() // and not r.Clone: the trailers of a body are r's
	strip(out.Header)
	var who account.Principal
	switch rules.Mode {
	case ModeOpen:
	case ModePassword:
		if !g.byPassword(w, r, rules, v) {
			return nil, nil
		}
		out.Header.Del("Authorization")
	case ModeLogin:
		if v.Shared { // the pages of others could use the log-in
			ownHost.Serve(w, r)
			return nil, nil
		}
		var ok bool
		if who, ok = g.byLogin(w, r, rules, v); !ok {
			return nil, nil
		}
		dropCookies(out.Header)
		out.Header.Set(UserHeader, who.User.Name)
	}
	return g.requests.begin(v.Key, out, v.Addr, who.User.ID, who.User.Name)
}

// strip removes what a visitor could pretend to be the gate's word, also as
// servers spell it that make variables of headers.
func strip(h http.Header) {
	for name := range h {
		if strings.EqualFold(strings.ReplaceAll(name, "_", "-"), UserHeader) {
			delete(h, name)
		}
	}
}

// byPassword reports whether the request has the password; if not it is answered.
func (g *Gate) byPassword(w http.ResponseWriter, r *http.Request, rules *Rules, v Visit) bool {
	accounts := g.accounts.Load()
	if accounts == nil {
		unready.Serve(w, r)
		return false
	}
	_, password, ok := r.BasicAuth()
	if ok {
		err := (*accounts).OpenWith(r.Context(), rules.PasswordHash, password, v.Addr)
		if err == nil {
			return true
		}
		if !isCode(err, account.CodePasswordWrong) {
			g.fail(w, r, err)
			return false
		}
	}
	w.Header().Set("WWW-Authenticate", `Basic realm="`+v.Key.Name+`", charset="UTF-8"`)
	locked.Serve(w, r)
	return false
}

// fail answers what went wrong with asking.
func (g *Gate) fail(w http.ResponseWriter, r *http.Request, err error) {
	if isCode(err, account.CodeRateLimited) {
		tooMany.Serve(w, r)
		return
	}
	unready.Serve(w, r)
}

func isCode(err error, code account.Code) bool {
	e, ok := errors.AsType[*account.Error](err)
	return ok && e.Code == code
}

// CutAddr ends the requests and WebSockets from addresses for which f is true.
func (g *Gate) CutAddr(f func(netip.Addr) bool) {
	g.requests.cut(func(q *Request) bool { return f(q.addr) })
}

// CutUser ends those of a user who may have logged out.
func (g *Gate) CutUser(id int64) {
	g.requests.cut(func(q *Request) bool { return q.user == id && id != 0 })
}
