// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package admin

import (
	"net/http"
	"testing"

	"go.uber.org/zap"
)

// Which pages may change something, by what browsers say about them. The
// cookie is sent with all of these: SameSite is the first line of defence and
// this is the second.
func TestForeignPages(t *testing.T) {
	r := newRig(t, "https://friend.example")
	cookie := with("Cookie", secureCookie+"="+r.user("alice", false).token)
	for _, tc := range []struct {
		site, origin string
		get, post    int
	}{
		{"", "", 200, 201}, // no browser
		{"same-origin", "https://culvert.example", 200, 201},
		{"same-origin", "", 200, 201},
		{"none", "", 200, 201}, // typed in
		{"same-site", "https://blog.culvert.example", 200, 403},
		{"cross-site", "https://evil.example", 200, 403},
		{"cross-site", "null", 200, 403},
		{"cross-site", "", 200, 403},
		{"", "https://culvert.example", 200, 201}, // an old browser
		{"", "https://evil.example", 200, 403},
		{"", "http://culvert.example.evil.example", 200, 403},
		{"", "null", 200, 403},
		// May use the API, but with a token of its own.
		{"cross-site", "https://friend.example", 401, 401},
		{"cross-site", "https://friend.example:8443", 200, 403},
		{"cross-site", "http://friend.example", 200, 403},
	} {
		var o []option
		if tc.site != "" {
			o = append(o, with("Sec-Fetch-Site", tc.site))
		}
		if tc.origin != "" {
			o = append(o, with("Origin", tc.origin))
		}
		for method, want := range map[string]int{get: tc.get, post: tc.post} {
			body := ""
			if method == post {
				body = "{}"
			}
			got := r.do(method, "/endpoints", body, append(o, cookie)...)
			if got.StatusCode != want {
				t.Errorf("%s of a page at %q (%s): %d, want %d: %s", method, tc.origin, tc.site, got.StatusCode, want, got.text)
			}
			allowed := got.Header.Get("Access-Control-Allow-Origin")
			if want := map[bool]string{true: tc.origin}[tc.origin == "https://friend.example"]; allowed != want {
				t.Errorf("a page at %q may read as %q", tc.origin, allowed)
			}
			if c := got.Header.Get("Access-Control-Allow-Credentials"); c != "" {
				t.Errorf("credentials are allowed: %q", c)
			}
		}
	}
}

func TestFriendlyPageWithToken(t *testing.T) {
	r := newRig(t, "https://friend.example")
	o := []option{with("Origin", "https://friend.example"), with("Sec-Fetch-Site", "cross-site")}
	got := r.do(post, "/endpoints", "{}", append(o, bearer(r.user("alice", false).token))...).want(t, 201, "")
	if got.Header.Get("Access-Control-Allow-Origin") != "https://friend.example" || got.Header.Get("Vary") != "Origin" {
		t.Errorf("headers %v", got.Header)
	}
	// It may not make the browser hold a cookie for it.
	r.do(post, "/auth/login", `{"login":"alice","password":"`+password+`","cookie":true}`, o...).want(t, 403, codeCrossOrigin)
}

func TestPreflight(t *testing.T) {
	r := newRig(t, "https://friend.example")
	ask := with("Access-Control-Request-Method", "DELETE")
	got := r.do(http.MethodOptions, "/endpoints/x", "", ask, with("Origin", "https://friend.example")).want(t, 204, "")
	for name, want := range map[string]string{
		"Access-Control-Allow-Origin": "https://friend.example", "Access-Control-Allow-Methods": corsMethods,
		"Access-Control-Allow-Headers": corsHeaders, "Access-Control-Max-Age": "600",
	} {
		if v := got.Header.Get(name); v != want {
			t.Errorf("%s is %q", name, v)
		}
	}
	got = r.do(http.MethodOptions, "/endpoints/x", "", ask, with("Origin", "https://evil.example")).want(t, 403, codeCrossOrigin)
	if v := got.Header.Get("Access-Control-Allow-Origin"); v != "" {
		t.Errorf("allowed: %q", v)
	}
	// Closed by default.
	r.api, _ = New(Config{Core: r.api.cfg.Core, Accounts: r.api.cfg.Accounts, Logger: zap.NewNop})
	r.do(http.MethodOptions, "/endpoints/x", "", ask, with("Origin", "https://friend.example")).want(t, 403, codeCrossOrigin)
}

func TestBadOrigins(t *testing.T) {
	for _, o := range []string{"friend.example", "https://friend.example/", "*", "https://friend.example/path"} {
		if _, err := New(Config{Origins: []string{o}, Logger: zap.NewNop}); err == nil {
			t.Errorf("%q is taken", o)
		}
	}
}
