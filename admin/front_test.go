// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package admin

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
)

func TestBodies(t *testing.T) {
	r := newRig(t)
	token := bearer(r.user("alice", false).token)
	long := `{"name":"` + strings.Repeat("x", maxBody) + `"}`
	for _, tc := range []struct {
		name, body string
		status     int
		code       string
		header     []option
	}{
		{"not JSON", `{"name":`, 400, codeBadRequest, nil},
		{"something behind it", `{} {}`, 400, codeBadRequest, nil},
		{"an unknown field", `{"colour":"x"}`, 422, codeInvalid, nil},
		{"a field in another case", `{"Name":"x"}`, 422, codeInvalid, nil},
		{"another type", `{"name":7}`, 422, codeInvalid, nil},
		{"a list", `[]`, 422, codeInvalid, nil},
		{"null", `null`, 422, codeInvalid, nil},
		{"a number that does not fit", `{"max_message_size":1e300}`, 422, codeInvalid, nil},
		{"a negative number", `{"max_message_size":-1}`, 422, codeInvalid, nil},
		{"a zero byte", `{"name":"\u0000"}`, 400, codeBadRequest, nil},
		{"nothing", ``, 400, codeBadRequest, nil},
		{"too long", long, 413, codeTooLarge, nil},
		{"a form", `{}`, 415, codeMediaType, []option{with("Content-Type", "application/x-www-form-urlencoded")}},
		{"a plain text", `{}`, 415, codeMediaType, []option{with("Content-Type", "text/plain")}},
		{"no type", `{}`, 415, codeMediaType, []option{with("Content-Type", "")}},
		{"JSON as a suffix", `{}`, 415, codeMediaType, []option{with("Content-Type", "text/plain+json")}},
		{"a type with a parameter", `{}`, 201, "", []option{with("Content-Type", "application/json; charset=utf-8")}},
		{"JSON", `{"name":"x","origins":["https://example.com"]}`, 201, "", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := r.do(post, "/endpoints", tc.body, append(tc.header, token)...)
			got.want(t, tc.status, tc.code)
			checkShape(t, got)
		})
	}
}

// A request that does not say how long it is must not get around the limit.
func TestBodyWithoutLength(t *testing.T) {
	r := newRig(t)
	got := r.do(post, "/endpoints", strings.Repeat(" ", maxBody)+"{}", bearer(r.user("alice", false).token),
		func(c *call) { c.chunked = true })
	got.want(t, 413, codeTooLarge)
}

// dripping is a body that comes byte by byte, each just before a server would
// lose its patience.
type dripping struct{ n int }

func (d *dripping) Read(p []byte) (int, error) {
	time.Sleep(10 * time.Second)
	d.n++
	return copy(p, " "), nil
}

func TestDrippingBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newStreamRig(t)
		body := new(dripping)
		req := httptest.NewRequest(post, prefix+"/endpoints", body)
		rec := httptest.NewRecorder()
		r.api.Serve(rec, req, Client{})
		if rec.Code != 400 || body.n > 2 {
			t.Errorf("%d after %d bytes", rec.Code, body.n)
		}
	})
}

func TestPaths(t *testing.T) {
	r := newRig(t)
	token := bearer(r.user("alice", false).token)
	for _, tc := range []struct {
		method, path string
		status       int
		code, allow  string
	}{
		{get, "/api/v1/nothing", 404, codeNotFound, ""},
		{get, "/api/", 404, codeNotFound, ""},
		{get, "/api/v1/endpoints/", 404, codeNotFound, ""},
		{get, "/api/v1//endpoints", 404, codeNotFound, ""},
		{get, "/api/v1/../v1/endpoints", 404, codeNotFound, ""},
		{put, "/api/v1/endpoints", 405, codeMethod, "GET, HEAD, POST"},
		{"TRACE", "/api/v1/endpoints", 405, codeMethod, "GET, HEAD, POST"},
		{post, "/api/docs", 405, codeMethod, "GET, HEAD"},
		{get, "/api/v1/endpoints/%00", 400, codeBadRequest, ""},
		{get, "/api/v1/endpoints/%ff", 400, codeBadRequest, ""},
		{get, "/api/v1/endpoints?search=%zz", 400, codeBadRequest, ""},
		{get, "/api/v1/endpoints?search=%00", 400, codeBadRequest, ""},
		{get, "/api/v1/endpoints?colour=x", 422, codeInvalid, ""},
		{get, "/api/v1/endpoints?limit=0", 422, codeInvalid, ""},
		{get, "/api/v1/endpoints?limit=201", 422, codeInvalid, ""},
		{get, "/api/v1/endpoints?limit=many", 422, codeInvalid, ""},
		{get, "/api/v1/endpoints?after=!", 422, codeInvalid, ""},
		{get, "/api/v1/history?from=yesterday", 422, codeInvalid, ""},
		{get, "/api/v1/history?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", 422, codeInvalid, ""},
		{get, "/api/v1/history?from=2020-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", 422, codeInvalid, ""},
		{http.MethodHead, "/api/v1/endpoints", 200, "", ""},
	} {
		got := r.raw(tc.method, tc.path, "", token)
		if got.StatusCode != tc.status || got.Header.Get("Allow") != tc.allow {
			t.Errorf("%s %s: %d, Allow %q: %s", tc.method, tc.path, got.StatusCode, got.Header.Get("Allow"), got.text)
			continue
		}
		if tc.code != "" {
			got.want(t, tc.status, tc.code)
		}
		checkShape(t, got)
	}
}

func TestBlockedAddress(t *testing.T) {
	r := newRig(t)
	token := bearer(r.user("alice", false).token)
	r.core.blocked = netip.MustParsePrefix("192.0.2.0/24")
	client := over(Client{Secure: true, Addr: netip.MustParseAddr("192.0.2.7")})
	r.do(get, "/endpoints", "", token, client).want(t, 403, codeBlocked)
	r.raw(get, docsPath, "", client).want(t, 403, codeBlocked)
	r.do(get, "/endpoints", "", token).want(t, 200, "")
}

func TestNotReady(t *testing.T) {
	r := newRig(t)
	api, err := New(Config{Core: func() Core { return nil }, Accounts: func() Accounts { return nil }, Logger: zap.NewNop})
	if err != nil {
		t.Fatal(err)
	}
	r.api = api
	got := r.do(get, "/endpoints", "").want(t, 503, codeNotReady)
	if got.Header.Get("Retry-After") != "1" {
		t.Errorf("headers %v", got.Header)
	}
	r.raw(get, documentPath, "").want(t, 200, "")
}

func TestRequestsAreCounted(t *testing.T) {
	r := newRig(t)
	r.api.cfg.Accounts = func() Accounts { return r.svc }
	alice := r.user("alice", false)
	source := over(Client{Secure: true, Addr: netip.MustParseAddr("2001:db8::1")})
	refused := func(o ...option) reply {
		t.Helper()
		for range 300 {
			if got := r.do(get, "/auth/terms", "", o...); got.StatusCode != 200 {
				return got
			}
		}
		t.Fatal("nothing is refused")
		return reply{}
	}
	got := refused(source).want(t, 429, "rate_limited")
	if got.Header.Get("Retry-After") == "" {
		t.Errorf("headers %v", got.Header)
	}
	// A neighbour in the same /64 shares it; others do not, nor do routes.
	r.do(get, "/auth/me", "", bearer(alice.token), over(Client{Secure: true, Addr: netip.MustParseAddr("2001:db8::2")})).want(t, 429, "rate_limited")
	r.do(get, "/auth/me", "", bearer(alice.token)).want(t, 200, "")
	// One account from many addresses.
	last := 0
	for range 300 {
		if last = r.do(get, "/auth/me", "", bearer(alice.token)).StatusCode; last != 200 {
			break
		}
	}
	if last != 429 {
		t.Errorf("one account is not held up: %d", last)
	}
}

// What goes wrong inside is logged once, and the answer says nothing of it.
func TestInternalError(t *testing.T) {
	r := newRig(t)
	r.core.broken = errBroken
	got := r.do(get, "/admin/load", "", bearer(r.user("root", true).token)).want(t, 500, codeInternal)
	if strings.Contains(got.text, "fire") {
		t.Errorf("got %s", got.text)
	}
	if n := r.log.FilterMessage("a request failed").Len(); n != 1 {
		t.Errorf("%d lines in the log", n)
	}
}

func TestPanic(t *testing.T) {
	r := newRig(t)
	r.api.cfg.Core = func() Core { return panicking{r.core} }
	got := r.do(get, "/services", "", bearer(r.user("alice", false).token)).want(t, 500, codeInternal)
	checkShape(t, got)
	if n := r.log.FilterMessage("a request panicked").Len(); n != 1 {
		t.Errorf("%d lines in the log", n)
	}
}
