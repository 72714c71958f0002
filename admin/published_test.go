// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package admin

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/culvertd/culvert/internal/inventory"
	"github.com/culvertd/culvert/internal/store"
)

// TestSetAccess: what is said reaches the store as it was meant, what is wrong is
// named, and passwords are nowhere.
func TestSetAccess(t *testing.T) {
	r := newRig(t)
	alice, root := r.user("alice", false), r.user("root", true)
	set := func(who somebody, path, body string) reply {
		return r.do(put, path+"/access", body, bearer(who.token))
	}
	rules := func() []store.PublicAccess {
		list, err := r.store.AccessOf(t.Context(), alice.ID)
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	const secret = "open sesame now"
	set(alice, "/published/Web-Alice", `{"mode":"password","password":"`+secret+`","allow":["192.0.2.7","2001:db8::/32"],"deny":["::ffff:198.51.100.0/120"]}`).want(t, 204, "")
	got := rules()
	if len(got) != 1 || got[0].Name != "web-alice" || got[0].Mode != "password" || got[0].PasswordHash == "" || strings.Contains(got[0].PasswordHash, secret) {
		t.Fatalf("got %+v", got)
	}
	if a, d := got[0].Allow, got[0].Deny; len(a) != 2 || a[0].String() != "192.0.2.7/32" || a[1].String() != "2001:db8::/32" || len(d) != 1 || d[0].String() != "198.51.100.0/24" {
		t.Errorf("allow %v, deny %v", a, d)
	}
	set(alice, "/published/web-alice", `{"mode":"password"}`).want(t, 204, "") // keeps it
	if again := rules(); len(again) != 1 || again[0].PasswordHash != got[0].PasswordHash || len(again[0].Allow) != 0 {
		t.Errorf("got %+v", again)
	}
	set(root, fmt.Sprintf("/admin/published/%d/web-alice", alice.ID), `{"mode":"login","visitors":["ROOT","root","alice"]}`).want(t, 204, "")
	if again := rules(); len(again) != 1 || again[0].Mode != "login" || !slices.Equal(again[0].Visitors, []int64{root.ID, alice.ID}) || again[0].PasswordHash != "" {
		t.Errorf("got %+v", again)
	}
	for body, field := range map[string]string{
		`{"mode":"closed"}`:                                   "body.mode",
		`{"mode":"password"}`:                                 "password",
		`{"mode":"password","password":"short"}`:              "password",
		`{"mode":"password","password":"with\na new line"}`:   "password",
		`{"mode":"login","visitors":["nobody"]}`:              "visitors",
		`{"mode":"login","visitors":["#1"]}`:                  "visitors", // one that was deleted
		`{"mode":"login","visitors":["alice@example.com"]}`:   "visitors",
		`{"mode":"open","allow":["192.0.2.300"]}`:             "body.allow",
		`{"mode":"open","deny":["fe80::1%eth0"]}`:             "body.deny",
		`{"mode":"open","deny":["192.0.2.0/33"]}`:             "body.deny",
		`{"mode":"open","deny":["192.0.2.1"],"unknown":true}`: "body.unknown",
	} {
		got := set(alice, "/published/web-alice", body).want(t, 422, codeInvalid)
		var e Error
		got.into(t, &e)
		if e.Details[field] == "" {
			t.Errorf("%s: %s", body, got.text)
		}
	}
	for _, name := range []string{"web-bob", "alice", "a_b", "x..org", "tcp:0", "tcp:065", "sctp:9", "udp:70000", "tcp:1:2", strings.Repeat("a", 64)} {
		set(alice, "/published/"+name, `{"mode":"open","deny":["192.0.2.1"]}`).want(t, 422, codeInvalid)
	}
	set(alice, "/published/tcp:20022", `{"mode":"password","password":"`+secret+`"}`).want(t, 422, codeInvalid)
	set(alice, "/published/tcp:20022", `{"mode":"open","deny":["192.0.2.1"]}`).want(t, 204, "")
	set(alice, "/published/web-alice", `{"mode":"open"}`).want(t, 204, "")
	set(alice, "/published/web-alice", `{"mode":"open"}`).want(t, 204, "") // there is nothing to forget
	if again := rules(); len(again) != 1 || again[0].Name != "tcp:20022" {
		t.Errorf("got %+v", again)
	}
	var audit List[AuditEntry]
	text := r.do(get, "/admin/audit?action=access.set", "", bearer(root.token)).want(t, 200, "")
	if text.into(t, &audit); len(audit.Items) != 5 || strings.Contains(text.text, secret) || strings.Contains(text.text, "$2a$") {
		t.Errorf("%d entries: %s", len(audit.Items), text.text)
	}
}

// TestDomains: DNS decides, or an administrator.
func TestDomains(t *testing.T) {
	r := newRig(t)
	alice, bob, root := r.user("alice", false), r.user("bob", false), r.user("root", true)
	prove := func(who somebody) reply {
		return r.do(post, "/domains", `{"name":"WWW.Example.org."}`, bearer(who.token))
	}
	proof := func(who somebody) (p DomainProof) {
		r.do(get, "/domains/proof", "", bearer(who.token)).want(t, 200, "").into(t, &p)
		return p
	}
	own := func(who somebody) (names string) {
		var list List[inventory.Domain]
		r.do(get, "/domains", "", bearer(who.token)).want(t, 200, "").into(t, &list)
		for _, d := range list.Items {
			names += d.Name + " " + d.Owner + " " + d.Proof + ";"
		}
		return names
	}
	missing := func(who somebody, found string) {
		t.Helper()
		var e Error
		prove(who).want(t, 422, "not_proven").into(t, &e)
		if e.Details["record"] != "_culvert.www.example.org" || e.Details["value"] != proof(who).Value || e.Details["found"] != found {
			t.Errorf("got %+v", e)
		}
	}
	if p := proof(alice); p.Prefix != "_culvert" || p.Type != "TXT" || p == proof(bob) || p != proof(alice) {
		t.Errorf("got %+v", p)
	}
	missing(alice, "there is none")
	r.records.Store("_culvert.www.example.org.", proof(bob).Value)
	missing(alice, "it has other values")
	prove(bob).want(t, 201, "")
	r.records.Store("_culvert.www.example.org.", proof(alice).Value)
	prove(alice).want(t, 201, "") // whoever has DNS has the domain
	if own(alice) != "www.example.org alice dns;" || own(bob) != "" {
		t.Errorf("alice has %q, bob %q", own(alice), own(bob))
	}
	r.do(remove, "/domains/www.example.org", "", bearer(bob.token)).want(t, 404, codeNotFound)
	r.do(post, "/admin/domains", `{"name":"www.example.org","owner":"bob"}`, bearer(root.token)).want(t, 201, "")
	r.do(post, "/admin/domains", `{"name":"www.example.net"}`, bearer(root.token)).want(t, 201, "")
	r.do(post, "/admin/domains", `{"name":"www.example.net","owner":"bob@example.com"}`, bearer(root.token)).want(t, 422, codeInvalid)
	if own(alice) != "" || own(bob) != "www.example.org bob administrator;" {
		t.Errorf("alice has %q, bob %q", own(alice), own(bob))
	}
	for _, name := range []string{"localhost", "10.0.0.1", "127.1", "a..b", "-a.org", "b\u00fccher.example", "_x.example.org", "*.example.org", "example.org:80", strings.Repeat("a.", 127) + "org"} {
		r.do(post, "/domains", `{"name":"`+name+`"}`, bearer(alice.token)).want(t, 422, codeInvalid)
	}
	r.do(remove, "/admin/domains/WWW.example.ORG", "", bearer(root.token)).want(t, 204, "")
	r.do(remove, "/domains/www.example.org", "", bearer(bob.token)).want(t, 404, codeNotFound)
}
