// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/culvertd/culvert/internal/account"
	"github.com/culvertd/culvert/internal/inventory"
	"github.com/culvertd/culvert/internal/publish"
	"github.com/culvertd/culvert/internal/store"
	"github.com/culvertd/culvert/internal/wire"
)

// publicRig is one with sites for names and domains, where ann publishes the
// service web as web-ann, and wants www.example.org for own.
func publicRig(t *testing.T) (r *rig, ann, bob int64) {
	t.Helper()
	site, err := ParsePublicSite("https://*.apps.example.com https://")
	if err != nil {
		t.Fatal(err)
	}
	r = newRig(t, dataDir(t), Config{Publish: site})
	r.person("chief", store.UserLimits{})
	ann, bob = r.person("ann", store.UserLimits{}), r.person("bob", store.UserLimits{})
	_, text := r.clientToken(ann)
	web := func(id, host string) wire.Service {
		return wire.Service{ID: id, Protocol: wire.ServiceHTTP, LocalPort: 80, Publish: &wire.Publish{Host: host}}
	}
	r.offer(text, "nas", web("web", "web"), web("again", "WEB"), web("own", "www.example.org"))
	return r, ann, bob
}

func (r *rig) setAccess(owner int64, name string, rules account.AccessRules) {
	r.t.Helper()
	if err := r.core.Accounts().SetAccess(r.t.Context(), r.as(owner), owner, name, rules, account.From{}); err != nil {
		r.t.Fatal(err)
	}
}

// TestPublications lists what services have, what they were refused, and rules that
// nothing has yet; each account its own.
func TestPublications(t *testing.T) {
	r, ann, bob := publicRig(t)
	r.setAccess(ann, "web-ann", account.AccessRules{Mode: store.AccessLogin, Visitors: []string{"bob"}})
	r.setAccess(ann, "later-ann", account.AccessRules{Mode: store.AccessOpen, Deny: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}})
	shown := func(scope int64, search string) (list []string) {
		t.Helper()
		for p := (store.Page{Limit: 1}); ; {
			page, next, err := r.Published(t.Context(), scope, search, p)
			if err != nil || len(page) > 1 {
				t.Fatal(page, err)
			}
			for _, v := range page {
				a := v.Access
				list = append(list, fmt.Sprintf("%s %s %s %s%s %s %s%v%v%v",
					v.Name, v.Kind, v.Service, v.Status, v.Code, v.URL, a.Mode, a.Visitors, a.Allow, a.Deny))
			}
			if p.After = next; next == "" {
				return list
			}
		}
	}
	want := []string{
		"later-ann label  unused  open[][][192.0.2.0/24]",
		"web-ann label again refusedname_taken  login[bob][][]",
		"web-ann label web online https://web-ann.apps.example.com login[bob][][]",
		"www.example.org domain own refusednot_proven  open[][][]",
	}
	for scope, want := range map[int64][]string{ann: want, inventory.All: want, bob: nil} {
		if got := shown(scope, ""); strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("of %d:\n%s", scope, strings.Join(got, "\n"))
		}
	}
	if got := shown(inventory.All, "ann/nas/OWN"); len(got) != 1 || !strings.HasPrefix(got[0], "www.example.org") {
		t.Errorf("found %q", got)
	}

	// Whoever is deleted does not vanish from a list that would let everybody in
	// without them.
	if err := r.core.Accounts().DeleteUser(t.Context(), account.System(), bob, 0, account.From{}); err != nil {
		t.Fatal(err)
	}
	if got := shown(ann, "nas/web"); len(got) != 1 || !strings.Contains(got[0], fmt.Sprintf("login[#%d]", bob)) {
		t.Errorf("after bob's end: %q", got)
	}
	// And the domain comes when it is ann's.
	if _, err := r.core.Accounts().AssignDomain(t.Context(), account.System(), "ann", "www.example.org", account.From{}); err != nil {
		t.Fatal(err)
	}
	if got := shown(ann, "own"); len(got) != 1 || !strings.Contains(got[0], "online https://www.example.org ") {
		t.Errorf("of her own: %q", got)
	}
	if err := r.core.Accounts().DeleteUser(t.Context(), account.System(), ann, 0, account.From{}); err != nil {
		t.Fatal(err)
	}
	if got := shown(inventory.All, ""); len(got) != 0 {
		t.Errorf("after ann's end: %q", got)
	}
}

// TestVisitsOfTheAPI: there is a way on to websites that ask for a log-in, for whom
// they let in.
func TestVisitsOfTheAPI(t *testing.T) {
	r, ann, bob := publicRig(t)
	ctx := t.Context()
	visit := func(who int64, host, to string) (string, error) {
		p := r.as(who)
		p.JTI = "of the test"
		v, err := r.Visit(ctx, p, host, "state", to)
		return v.URL, err
	}
	if _, err := visit(ann, "web-ann.apps.example.com", "/"); !isCode(err, account.CodeNotFound) {
		t.Errorf("to what is open: %v", err)
	}
	r.setAccess(ann, "web-ann", account.AccessRules{Mode: store.AccessLogin, Visitors: []string{"chief"}})
	const way = "https://web-ann.apps.example.com" + publish.EnterPath + "?"
	for _, host := range []string{"web-ann.apps.example.com", "WEB-ANN.apps.example.com:443"} {
		if url, err := visit(ann, host, "/a?b=c"); err != nil || !strings.HasPrefix(url, way) || !strings.Contains(url, "to=%2Fa%3Fb%3Dc") {
			t.Errorf("%s leads to %q, %v", host, url, err)
		}
	}
	if url, err := visit(ann, "web-ann.apps.example.com", "//evil.example"); err != nil || !strings.HasSuffix(url, "to=%2F") {
		t.Errorf("elsewhere: %q, %v", url, err)
	}
	if _, err := visit(bob, "web-ann.apps.example.com", "/"); !isCode(err, account.CodeForbidden) {
		t.Errorf("who is not let in: %v", err)
	}
	for _, host := range []string{"", "web-bob.apps.example.com", "apps.example.com", "www.example.org", "evil.example", "[::1]:443", "web-ann"} {
		if _, err := visit(ann, host, "/"); !isCode(err, account.CodeNotFound) {
			t.Errorf("%q: %v", host, err)
		}
	}
	if _, err := r.Visit(ctx, r.as(ann), "web-ann.apps.example.com", "state", "/"); !isCode(err, account.CodeForbidden) {
		t.Errorf("with an API token: %v", err)
	}
	if _, err := r.PublicRequests(ctx, bob, "web-ann"); !isCode(err, account.CodeNotFound) {
		t.Errorf("another's requests: %v", err)
	}
	if list, err := r.PublicRequests(ctx, ann, "web-ann"); err != nil || len(list) != 0 {
		t.Errorf("%+v, %v", list, err)
	}
}
