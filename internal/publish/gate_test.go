// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package publish

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"reflect"
	"strings"
	"testing"
)

// TestIsPath: a browser that is sent there stays on the host.
func TestIsPath(t *testing.T) {
	for s, want := range map[string]bool{
		"/": true, "/a?b=//c#d": true, "/a//b": true, "/:80": true,
		"": false, "a": false, "//evil.example": false, "///evil.example": false, "/\\evil.example": false, "\\/evil.example": false,
		"https://evil.example": false, "javascript:alert(1)": false, "/\t/evil.example": false, "/a\r\nSet-Cookie: x": false, " /": false,
	} {
		if IsPath(s) != want {
			t.Errorf("%q: %t", s, !want)
		}
	}
}

// TestDropCookies: what is the gate's own stays with it, and nothing else does.
func TestDropCookies(t *testing.T) {
	for in, want := range map[string]string{
		"a=1; culvert-visit=x; b=2":                      "a=1; b=2",
		"culvert-visit=x":                                "",
		"__Host-culvert-visit=x; __Host-culvert-state=y": "",
		"a=culvert-visit=x;culvert-state=;c":             "a=culvert-visit=x; c",
		"my-culvert-visit=1":                             "my-culvert-visit=1",
	} {
		h := http.Header{"Cookie": {in}}
		dropCookies(h)
		if got := h.Get("Cookie"); got != want || (want == "") != (h["Cookie"] == nil) {
			t.Errorf("%q becomes %q, want %q", in, h["Cookie"], want)
		}
	}
	h := http.Header{"Cookie": {"a=1", "culvert-visit=x", "b=2"}}
	if dropCookies(h); !reflect.DeepEqual(h["Cookie"], []string{"a=1", "b=2"}) {
		t.Errorf("got %q", h["Cookie"])
	}
}

// TestSharedHost: where names share a host nobody logs in, whose pages could use it;
// lists of addresses hold.
func TestSharedHost(t *testing.T) {
	g := newGate()
	open, login, denied := Key{1, "open"}, Key{1, "login"}, Key{1, "denied"}
	g.SetRules(map[Key]*Rules{
		login: {Mode: ModeLogin}, denied: {Deny: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}},
	})
	for k, want := range map[Key]string{open: "", login: ownHost.texts[0].Title, denied: Forbidden.texts[0].Title} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, "https://apps.example.com/"+k.Name+EnterPath, nil)
		q, _ := g.Enter(w, r, Visit{Key: k, Addr: netip.MustParseAddr("192.0.2.7"), Secure: true, Shared: true})
		if (q != nil) != (want == "") || !strings.Contains(w.Body.String(), want) || len(w.Result().Cookies()) > 0 {
			t.Errorf("%s: let in: %t, %d, %s", k.Name, q != nil, w.Code, w.Body)
		}
		if q != nil {
			q.End()
		}
	}
}

// TestRequestsAreRemembered, the latest of each name, and as long as they are open
// they can be cut.
func TestRequestsAreRemembered(t *testing.T) {
	g := newGate()
	enter := func(k Key, path string) (*Request, *http.Request) {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		q, in := g.Enter(httptest.NewRecorder(), r, Visit{Key: k, Addr: netip.MustParseAddr("192.0.2.7")})
		if q == nil {
			t.Fatal("it is not let in")
		}
		return q, in
	}
	a, b := Key{1, "a"}, Key{2, "a"}
	first, in := enter(a, "/first?secret=1")
	first.Answer(http.StatusEarlyHints)
	first.Answer(http.StatusTeapot)
	first.Answer(http.StatusOK) // too late
	first.Sent(5)
	if list := g.Requests(a); len(list) != 1 || !list[0].Open || list[0].Path != "/first" || list[0].Status != http.StatusTeapot || list[0].Sent != 5 {
		t.Errorf("got %+v", list)
	}
	for i := range kept + 10 {
		q, _ := enter(b, fmt.Sprint("/", i, "/", strings.Repeat("é", maxPath)))
		q.End()
	}
	list := g.Requests(b)
	if len(list) != kept || !strings.HasPrefix(list[0].Path, fmt.Sprint("/", kept+9, "/")) || len(list[0].Path) > maxPath || list[0].ID <= list[1].ID {
		t.Errorf("%d requests, the first of which is %+v", len(list), list[0])
	}
	if open, total := g.Counts(b); open != 0 || total != kept+10 {
		t.Errorf("%d open of %d", open, total)
	}
	g.CutAddr(func(addr netip.Addr) bool { return addr == netip.MustParseAddr("192.0.2.8") })
	g.CutUser(0) // nobody
	g.SetRules(map[Key]*Rules{b: {Mode: ModeLogin}})
	g.SetRules(map[Key]*Rules{b: {Mode: ModeOpen}})
	if in.Context().Err() != nil {
		t.Error("cut for nothing")
	}
	g.SetRules(map[Key]*Rules{a: {Deny: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}}})
	if in.Context().Err() == nil {
		t.Error("it goes on against the rules")
	}
	first.End()
	if list := g.Requests(a); list[0].Open || len(g.requests.open) != 0 {
		t.Errorf("got %+v, %d open", list[0], len(g.requests.open))
	}
}

// TestRequestsAreBounded by names; one that was pushed out ends in order.
func TestRequestsAreBounded(t *testing.T) {
	g := newGate()
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	first, _ := g.requests.begin(Key{0, "first"}, r, netip.Addr{}, 0, "")
	for i := range maxSites {
		q, _ := g.requests.begin(Key{int64(i), "x"}, r, netip.Addr{}, 0, "")
		q.End()
	}
	if list := g.Requests(Key{0, "first"}); list != nil || g.requests.sites.Len() != maxSites {
		t.Errorf("got %+v of %d names", list, g.requests.sites.Len())
	}
	again, _ := g.requests.begin(Key{0, "first"}, r, netip.Addr{}, 0, "")
	first.End()
	if open, total := g.Counts(Key{0, "first"}); total != 1 || open > 1 {
		t.Errorf("%d open of %d", open, total)
	}
	again.End()
	if len(g.requests.open) != 0 {
		t.Errorf("%d are open", len(g.requests.open))
	}
}
