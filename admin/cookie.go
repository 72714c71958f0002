// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package admin

import (
	"net"
	"net/http"
	"net/netip"
	"time"
)

// The cookie's two names. Browsers take the first one only over TLS and for the
// whole of exactly this host, so no other site and no subdomain can plant it.
const (
	secureCookie = "__Host-culvert"
	localCookie  = "culvert"
)

// cookieName returns the name that the cookie has for this request, "" where
// none may be set: over plain HTTP everybody on the way would read it.
func cookieName(q *request) string {
	switch {
	case q.client.Secure:
		return secureCookie
	case isLocal(q.http.Host):
		return localCookie
	default:
		return ""
	}
}

// isLocal reports whether host is this machine, for the browser that sent it.
func isLocal(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	if host == "localhost" {
		return true
	}
	if len(host) > 2 && host[0] == '[' {
		host = host[1 : len(host)-1]
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}

func cookieToken(q *request) string {
	name := cookieName(q)
	if name == "" {
		return ""
	}
	c, err := q.http.Cookie(name)
	if err != nil {
		return ""
	}
	return c.Value
}

// newCookie returns the cookie that holds token; an empty token takes it away.
func newCookie(q *request, token string, expires time.Time) (http.Cookie, error) {
	name := cookieName(q)
	if name == "" {
		return http.Cookie{}, fail(http.StatusBadRequest, codeInsecure,
			"A cookie may not be set over plain HTTP. Use HTTPS, or log in without the cookie.")
	}
	c := http.Cookie{ //nolint:gosec // not Secure on this machine alone, where browsers would not keep it
		Name: name, Value: token, Path: "/", Expires: expires,
		HttpOnly: true, Secure: name == secureCookie, SameSite: http.SameSiteStrictMode,
	}
	if token == "" {
		c.MaxAge = -1
	}
	return c, nil
}
