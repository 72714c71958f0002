// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"errors"
	"fmt"
	"reflect"
	"testing"
)

func TestDeleteUser(t *testing.T) { withStore(t, testDeleteUser) }

// testDeleteUser gives two users one of everything, and deletes one of them.
func testDeleteUser(t *testing.T, s *Store) {
	ctx := t.Context()
	addAdmin(t, s, "admin")
	a, b := addUser(t, s, "a"), addUser(t, s, "b")
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	furnish := func(u, other User) {
		id := testID(int(u.ID))
		must(s.CreateEndpoint(ctx, Endpoint{ID: id, UserID: u.ID}))
		must(s.AppendConnections(ctx, []ConnectionEvent{{Kind: Connected, Time: t0, EndpointID: id}}))
		must(s.CreateLogin(ctx, Login{JTI: "jti" + u.Name, UserID: u.ID, ExpiresAt: t0}))
		must(s.CreateAPIToken(ctx, APIToken{ID: "api" + u.Name, UserID: u.ID, Hash: hashOf("api", u.Name), Scope: "read"}))
		must(s.CreateReset(ctx, Reset{Hash: hashOf("reset", u.Name), UserID: u.ID, Kind: "password", ExpiresAt: t0}))
		must(s.CreateClientToken(ctx, ClientToken{ID: "tok" + u.Name, UserID: u.ID, Hash: hashOf("tok", u.Name)}))
		must(s.WriteTunnels(ctx, TunnelBatch{
			Clients: []Client{{Name: "client", TokenID: "tok" + u.Name, Services: []byte("[]")}},
			Sessions: []Session{
				{ID: "own" + u.Name, VisitorUser: u.ID, ProviderUser: u.ID},
			},
		}))
		_, err := s.CreateGrant(ctx, Grant{OwnerID: u.ID, GranteeID: other.ID, Client: "client", Service: "web"})
		must(err)
		_, err = s.CreateInvites(ctx, []Invite{{Hash: hashOf("invite", u.Name), CreatedBy: u.ID}})
		must(err)
		must(s.AddRollups(ctx, []Rollup{
			{Kind: RollupEndpoint, Subject: id, Start: t0, Connections: 1},
			{Kind: RollupUser, Subject: fmt.Sprint(u.ID), Start: t0, Connections: 1},
			{Kind: RollupService, Subject: fmt.Sprintf("%d/client/web", u.ID), Start: t0, Connections: 1},
		}))
		must(s.AddUsage(ctx, "2026-11", map[int64]uint64{u.ID: 5}))
		must(s.SetAccess(ctx, PublicAccess{UserID: u.ID, Name: "web", Mode: AccessLogin}))
		_, _, err = s.SetDomain(ctx, Domain{Name: u.Name + ".example.org", UserID: u.ID})
		must(err)
		must(s.SaveIdempotent(ctx, Idempotent{UserID: u.ID, Key: "k"}))
		must(s.AppendAudit(ctx, AuditEntry{Time: t0, ActorID: u.ID, Action: "x"}))
	}
	furnish(b, a)
	before := counts(t, s)
	furnish(a, b)
	must(s.DeleteUser(ctx, a.ID))
	after := counts(t, s)
	before["users"]--
	before["grants"]--    // b's went to a
	before["audit_log"]++ // stays
	before["invites"]++   // stays
	if !reflect.DeepEqual(after, before) {
		t.Errorf("got  %v\nwant %v", after, before)
	}
	if err := s.DeleteUser(ctx, a.ID); !errors.Is(err, ErrNotFound) {
		t.Errorf("again: %v", err)
	}
	if err := s.CreateLogin(ctx, Login{JTI: "late", UserID: a.ID}); !errors.Is(err, ErrNotFound) {
		t.Errorf("a late login: %v", err)
	}
	if c := addUser(t, s, "a"); c.ID <= b.ID {
		t.Errorf("id %d was given again", c.ID)
	}
}

// counts is how many rows each table has.
func counts(t *testing.T, s *Store) map[string]int64 {
	t.Helper()
	n := map[string]int64{}
	for _, table := range tables {
		var err error
		if n[table], err = one(t.Context(), s.r, scanInt, `SELECT count(*) FROM `+table); err != nil {
			t.Fatal(err)
		}
	}
	return n
}

func TestAdoptOrphans(t *testing.T) { withStore(t, testAdoptOrphans) }

func testAdoptOrphans(t *testing.T, s *Store) {
	ctx := t.Context()
	createEndpoint(t, s, testID(1))
	addToken(t, s, "tok", "")
	err := s.WriteTunnels(ctx, TunnelBatch{
		Clients:  []Client{{Name: "nas", TokenID: "tok", Services: []byte("[]")}, {Name: "pc", TokenID: "tok", Services: []byte("[]")}},
		Sessions: []Session{{ID: "s1"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.SetAccess(ctx, PublicAccess{Name: "www.example.org", Mode: AccessOpen}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.SetDomain(ctx, Domain{Name: "www.example.org"}); err != nil {
		t.Fatal(err)
	}
	nobody := addUser(t, s, "nobody")
	first := addAdmin(t, s, "first")
	second := addAdmin(t, s, "second")
	if err := s.CreateClientToken(ctx, ClientToken{ID: "tok1", UserID: first.ID, Hash: hashOf("tok1")}); err != nil {
		t.Fatal(err)
	}
	if err := s.WriteTunnels(ctx, TunnelBatch{Clients: []Client{{Name: "pc", TokenID: "tok1", Services: []byte("[]")}}}); err != nil {
		t.Fatal(err)
	}
	for _, u := range []User{nobody, second} {
		if err := s.AdoptOrphans(ctx, u.ID); err != nil {
			t.Fatal(err)
		}
		if n, err := s.CountEndpoints(ctx, 0); n != 1 || err != nil {
			t.Errorf("%s has adopted: %d, %v", u.Name, n, err)
		}
	}
	if err := s.AdoptOrphans(ctx, first.ID); err != nil {
		t.Fatal(err)
	}
	if e, err := s.Endpoint(ctx, testID(1)); err != nil || e.UserID != first.ID {
		t.Errorf("%+v, %v", e, err)
	}
	if l, err := s.ClientTokensOf(ctx, first.ID); err != nil || len(l) != 2 {
		t.Errorf("%+v, %v", l, err)
	}
	if l, _, err := s.SessionsOf(ctx, first.ID, Page{}); err != nil || len(l) != 1 {
		t.Errorf("%+v, %v", l, err)
	}
	if d, err := s.Domain(ctx, "www.example.org"); err != nil || d.UserID != first.ID || d.UserName != "first" {
		t.Errorf("%+v, %v", d, err)
	}
	if l, err := s.AccessOf(ctx, first.ID); err != nil || len(l) != 1 {
		t.Errorf("%+v, %v", l, err)
	}
	var got string
	clients, err := s.Clients(ctx)
	for _, c := range clients {
		got += fmt.Sprintf("%d/%s=%s ", c.UserID, c.Name, c.TokenID)
	}
	if want := fmt.Sprintf("%d/nas=tok %[1]d/pc=tok1 ", first.ID); got != want || err != nil {
		t.Errorf("got %s, want %s (%v)", got, want, err)
	}
}
