// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// TestUpstreamsByPath: the first segment counts as it was written when the request
// came, whatever the path is by now.
func TestUpstreamsByPath(t *testing.T) {
	h := newHouse(t)
	u := &Upstreams{Path: true, core: h.core}
	for path, want := range map[string]bool{
		"/shop/": true, "/shop": true, "/shop/a/b": true, "/shop?x=/": true, "/shop//": true, "/shop/../other/": true,
		"/": false, "//shop/": false, "/other/": false, "/Shop/": false, "/shop.html": false, "/sh%6fp/": false, "/shop%2Fa": false, "/shop%2f": false,
		"/a/shop/": false, "/./shop/": false, "/../shop/": false, "/shop;x/": false, "*": false,
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://shop.apps.example.com"+path, nil)
		if path == "*" {
			r, err = http.NewRequestWithContext(t.Context(), http.MethodOptions, path, nil)
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, rewritten := range []bool{false, true} {
			if rewritten {
				was := *r
				r = r.WithContext(context.WithValue(r.Context(), caddyhttp.OriginalRequestCtxKey, was))
				url := *r.URL
				url.Path, url.RawPath = "/elsewhere/shop/", ""
				r.URL = &url
			}
			got, err := u.GetUpstreams(r)
			if err != nil || (len(got) == 1) != want || want && got[0].Dial != "culvert/web.home:80" {
				t.Errorf("%s, rewritten: %t: %v, %v", path, rewritten, got, err)
			}
		}
	}
}

// TestIntoFolder: only who may be led elsewhere is, and stays on the site.
func TestIntoFolder(t *testing.T) {
	for _, tc := range []struct{ method, path, want string }{
		{http.MethodGet, "/shop", "/shop/"},
		{http.MethodHead, "/shop?a=b", "/shop/?a=b"},
		{http.MethodGet, "/shop/", ""},
		{http.MethodGet, "/shop/x", ""},
		{http.MethodPost, "/shop", ""},
	} {
		w := httptest.NewRecorder()
		led := intoFolder(w, httptest.NewRequestWithContext(t.Context(), tc.method, tc.path, nil))
		if led != (tc.want != "") || w.Header().Get("Location") != tc.want || led && w.Code != http.StatusTemporaryRedirect {
			t.Errorf("%s %s: %d, %q", tc.method, tc.path, w.Code, w.Header().Get("Location"))
		}
	}
}
