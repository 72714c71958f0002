// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package publish

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/culvertd/culvert/internal/account"
)

// A website has a host of its own, where the gateway's cookie is not sent. Who is
// not known there is sent to the gateway's own site with the hash of a random
// number, which only this browser has, in a cookie. Who is logged in there and
// says yes comes back with a ticket for this hash, and gets a cookie of the
// website's own. So neither a ticket that somebody else has got nor one that was
// read somewhere lets anybody in.

// EnterPath is where tickets are taken, on a website with ModeLogin.
const EnterPath = "/.well-known/culvert/enter"

const (
	visitCookie = "culvert-visit"
	stateCookie = "culvert-state"
	// hostPrefix has browsers take a cookie only by HTTPS and for exactly this
	// host (RFC 6265bis §4.1.3.2).
	hostPrefix = "__Host-"
	stateLife  = 10 * time.Minute
	maxTarget  = 2000
)

// byLogin returns who has come; if nobody who may, the request is answered.
func (g *Gate) byLogin(w http.ResponseWriter, r *http.Request, rules *Rules, v Visit) (account.Principal, bool) {
	accounts := g.accounts.Load()
	prefix, ok := cookiePrefix(r, v)
	switch {
	case accounts == nil:
		unready.Serve(w, r)
		return account.Principal{}, false
	case !ok:
		insecure.Serve(w, r)
		return account.Principal{}, false
	case r.URL.Path == EnterPath:
		g.takeTicket(w, r, *accounts, v, prefix)
		return account.Principal{}, false
	}
	c, err := r.Cookie(prefix + visitCookie)
	if err != nil {
		askForLogin(w, r, v, prefix)
		return account.Principal{}, false
	}
	who, err := (*accounts).AuthenticateVisit(r.Context(), c.Value, v.Key.Name)
	switch {
	case isCode(err, account.CodeUnauthenticated):
		askForLogin(w, r, v, prefix)
	case err != nil:
		g.fail(w, r, err)
	case !account.MayVisit(who, v.Key.Owner, rules.Visitors):
		notYou.Serve(w, r)
	case isForeign(r):
		foreign.Serve(w, r)
	default:
		return who, true
	}
	return account.Principal{}, false
}

// pages tells requests of a website's own pages from those of others.
var pages = http.NewCrossOriginProtection()

// isForeign reports whether the page of another origin wants to change something,
// or to talk by a WebSocket, for which browsers ask nobody. Other websites of this
// gateway may count as the same site, so SameSite alone does not keep them out.
func isForeign(r *http.Request) bool {
	if r.Header.Get("Upgrade") != "" {
		r = r.WithContext(r.Context())
		r.Method = http.MethodPost // one that is not safe
	}
	return pages.Check(r) != nil
}

// askForLogin sends a browser to the gateway's own site. What cannot follow there
// is told so.
func askForLogin(w http.ResponseWriter, r *http.Request, v Visit, prefix string) {
	mode := r.Header.Get("Sec-Fetch-Mode")
	if r.Method != http.MethodGet || !strings.Contains(r.Header.Get("Accept"), "text/html") || mode != "" && mode != "navigate" {
		loginNeeded.Serve(w, r)
		return
	}
	var state string
	if c, err := r.Cookie(prefix + stateCookie); err == nil && len(c.Value) == len(rand.Text()) {
		state = c.Value // of another tab
	} else {
		state = rand.Text()
	}
	http.SetCookie(w, newCookie(prefix, stateCookie, state, time.Now().Add(stateLife)))
	to := r.URL.RequestURI()
	if len(to) > maxTarget {
		to = "/"
	}
	// Behind the #, so that it is in no log.
	q := url.Values{"host": {r.Host}, "state": {stateOf(state)}, "to": {to}}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Location", v.Site+"/visit#"+q.Encode())
	w.WriteHeader(http.StatusSeeOther)
}

// takeTicket makes a cookie of a ticket.
func (g *Gate) takeTicket(w http.ResponseWriter, r *http.Request, accounts Accounts, v Visit, prefix string) {
	q := r.URL.Query()
	c, err := r.Cookie(prefix + stateCookie)
	if err != nil || r.Method != http.MethodGet {
		expired.Serve(w, r)
		return
	}
	token, expires, err := accounts.RedeemVisit(r.Context(), q.Get("ticket"), v.Key.Name, stateOf(c.Value))
	if err != nil {
		expired.Serve(w, r)
		return
	}
	http.SetCookie(w, newCookie(prefix, visitCookie, token, expires))
	http.SetCookie(w, newCookie(prefix, stateCookie, "", time.Time{}))
	to := q.Get("to")
	if !IsPath(to) {
		to = "/"
	}
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Location", to)
	w.WriteHeader(http.StatusSeeOther)
}

// IsPath reports whether a browser stays on the same host if it is sent to s.
func IsPath(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Scheme == "" && u.Host == "" && strings.HasPrefix(s, "/") && !strings.HasPrefix(s, "//") &&
		!strings.ContainsAny(s, "\\\t\r\n")
}

// stateOf is what others get to know of the number in a browser's cookie.
func stateOf(number string) string {
	sum := sha256.Sum256([]byte(number))
	return hex.EncodeToString(sum[:])
}

// cookiePrefix returns what the names of cookies begin with; false where none may
// be set, since everybody on the way would read it.
func cookiePrefix(r *http.Request, v Visit) (string, bool) {
	if v.Secure {
		return hostPrefix, true
	}
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = r.Host
	}
	addr, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return "", host == "localhost" || strings.HasSuffix(host, ".localhost") || err == nil && addr.IsLoopback()
}

// newCookie returns one of this host alone; an empty value takes it away.
func newCookie(prefix, name, value string, expires time.Time) *http.Cookie {
	c := &http.Cookie{ //nolint:gosec // not Secure on this machine alone, where browsers would not keep it
		Name: prefix + name, Value: value, Path: "/", Expires: expires,
		HttpOnly: true, Secure: prefix != "", SameSite: http.SameSiteLaxMode,
	}
	if value == "" {
		c.MaxAge = -1
	}
	return c
}

// dropCookies takes the gate's own out of a request: the website could use them.
func dropCookies(h http.Header) {
	lines := h["Cookie"]
	var keep []string
	for _, line := range lines {
		var parts []string
		for part := range strings.SplitSeq(line, ";") {
			name, _, _ := strings.Cut(strings.TrimSpace(part), "=")
			name = strings.TrimPrefix(name, hostPrefix)
			if name != visitCookie && name != stateCookie {
				parts = append(parts, strings.TrimSpace(part))
			}
		}
		if len(parts) > 0 {
			keep = append(keep, strings.Join(parts, "; "))
		}
	}
	if h.Del("Cookie"); len(keep) > 0 {
		h["Cookie"] = keep
	}
}
