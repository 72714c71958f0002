// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package admin

import (
	"net/http"
	"testing"
	"time"
)

func TestCookies(t *testing.T) {
	r := newRig(t)
	r.user("alice", false)
	const body = `{"login":"alice","password":"` + password + `","cookie":true}`
	for _, tc := range []struct {
		host   string
		secure bool
		name   string // of the cookie; "": refused
	}{
		{"culvert.example", true, secureCookie},
		{"localhost:8080", true, secureCookie},
		{"localhost:8080", false, localCookie},
		{"localhost", false, localCookie},
		{"127.0.0.1:8080", false, localCookie},
		{"[::1]:8080", false, localCookie},
		{"[::1]", false, localCookie},
		{"culvert.example", false, ""},
		{"localhost.evil.example", false, ""},
		{"192.168.1.2:8080", false, ""},
		{"", false, ""},
	} {
		o := []option{with("Host", tc.host), over(Client{Secure: tc.secure, Addr: r.addr()})}
		got := r.do(post, "/auth/login", body, o...)
		if tc.name == "" {
			got.want(t, 400, codeInsecure)
			continue
		}
		got.want(t, 200, "")
		list := got.Cookies()
		if len(list) != 1 {
			t.Fatalf("%s: cookies %v", tc.host, list)
		}
		c := list[0]
		if c.Name != tc.name || !c.HttpOnly || c.Secure != tc.secure || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Domain != "" {
			t.Errorf("%s: %+v", tc.host, c)
		}
		if left := time.Until(c.Expires); left < 6*24*time.Hour || left > 8*24*time.Hour {
			t.Errorf("it lasts %v", left)
		}
		var l NewLogin
		if got.into(t, &l); l.Token != "" {
			t.Error("scripts can read the token")
		}
		o = append(o, with("Cookie", c.Name+"="+c.Value))
		r.do(get, "/auth/me", "", o...).want(t, 200, "")
		out := r.do(post, "/auth/logout", "", o...).want(t, 204, "")
		if gone := out.Cookies(); len(gone) != 1 || gone[0].MaxAge >= 0 || gone[0].Name != c.Name {
			t.Errorf("cookies %v", gone)
		}
		r.do(get, "/auth/me", "", o...).want(t, 401, codeUnauthed)
	}
}

// A cookie of the plain name could have been planted by a neighbour without
// TLS; it counts for nothing where there is TLS.
func TestPlainCookieOverTLS(t *testing.T) {
	r := newRig(t)
	token := r.user("alice", false).token
	r.do(get, "/auth/me", "", with("Cookie", localCookie+"="+token)).want(t, 401, codeUnauthed)
	r.do(get, "/auth/me", "", with("Cookie", secureCookie+"="+token)).want(t, 200, "")
}

func TestHeaderBeatsCookie(t *testing.T) {
	r := newRig(t)
	cookie := with("Cookie", secureCookie+"="+r.user("alice", false).token)
	r.do(get, "/auth/me", "", cookie, bearer("nonsense")).want(t, 401, codeUnauthed)
	r.do(get, "/auth/me", "", cookie, with("Authorization", "Basic YTpi")).want(t, 401, codeUnauthed)
	var me Me
	r.do(get, "/auth/me", "", cookie, bearer(r.user("bob", false).token)).want(t, 200, "").into(t, &me)
	if me.User.Name != "bob" {
		t.Errorf("got %+v", me)
	}
}

// A new password ends other log-ins, and the one that asked goes on the way it
// came.
func TestPasswordByCookie(t *testing.T) {
	r := newRig(t)
	alice := r.user("alice", false)
	other := r.login("alice")
	const body = `{"old":"` + password + `","new":"` + password + `2"}`
	got := r.do(post, "/auth/password", body, with("Cookie", secureCookie+"="+alice.token)).want(t, 200, "")
	list := got.Cookies()
	if len(list) != 1 {
		t.Fatalf("cookies %v", list)
	}
	r.do(get, "/auth/me", "", with("Cookie", secureCookie+"="+list[0].Value)).want(t, 200, "")
	r.do(get, "/auth/me", "", bearer(alice.token)).want(t, 401, codeUnauthed)
	r.do(get, "/auth/me", "", bearer(other)).want(t, 401, codeUnauthed)
}
