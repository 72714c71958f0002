// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"errors"
	"net/netip"
	"reflect"
	"testing"
)

func TestPublicAccess(t *testing.T) { withStore(t, testPublicAccess) }

func testPublicAccess(t *testing.T, s *Store) {
	ctx := t.Context()
	u := addUser(t, s, "alice")
	full := PublicAccess{
		UserID: u.ID, Name: "web-alice", Mode: AccessLogin, PasswordHash: "h", Visitors: []int64{7, 1 << 40},
		Allow: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}, Deny: []netip.Prefix{netip.MustParsePrefix("2001:db8::/32")}, UpdatedAt: t0,
	}
	bare := PublicAccess{Name: "web-alice", Mode: AccessOpen, UpdatedAt: t0} // of the operator's
	for _, a := range []PublicAccess{{UserID: u.ID, Name: "web-alice", Mode: AccessPassword, PasswordHash: "old"}, full, bare} {
		if err := s.SetAccess(ctx, a); err != nil {
			t.Fatal(err)
		}
	}
	list, err := s.AccessOf(ctx, u.ID)
	if err != nil || !reflect.DeepEqual(list, []PublicAccess{full}) {
		t.Errorf("got %+v, %v", list, err)
	}
	if list, err := s.AllAccess(ctx); err != nil || len(list) != 2 || list[0].UserID != 0 || len(list[0].Allow) != 0 {
		t.Errorf("got %+v, %v", list, err)
	}
	if err := s.DeleteAccess(ctx, u.ID, "web-alice"); err != nil {
		t.Error(err)
	}
	if err := s.DeleteAccess(ctx, u.ID, "web-alice"); !errors.Is(err, ErrNotFound) {
		t.Errorf("again: %v", err)
	}
	if list, err := s.AllAccess(ctx); err != nil || len(list) != 1 {
		t.Errorf("got %+v, %v", list, err)
	}
}

func TestDomains(t *testing.T) { withStore(t, testDomains) }

func testDomains(t *testing.T, s *Store) {
	ctx := t.Context()
	a, b := addUser(t, s, "a"), addUser(t, s, "b")
	before, now, err := s.SetDomain(ctx, Domain{Name: "www.example.org", UserID: a.ID, ByDNS: true, CreatedAt: t0})
	if want := (Domain{"www.example.org", a.ID, "a", true, t0}); err != nil || now != want || before != (Domain{}) {
		t.Errorf("got %+v after %+v, %v", now, before, err)
	}
	before, now, err = s.SetDomain(ctx, Domain{Name: "www.example.org", UserID: b.ID, CreatedAt: t0})
	if err != nil || before.UserName != "a" || now.UserName != "b" || now.ByDNS {
		t.Errorf("got %+v after %+v, %v", now, before, err)
	}
	if _, _, err := s.SetDomain(ctx, Domain{Name: "www.example.net", UserID: b.ID + 100}); !errors.Is(err, ErrNotFound) {
		t.Errorf("of nobody: %v", err)
	}
	if l, err := s.DomainsOf(ctx, a.ID); err != nil || len(l) != 0 {
		t.Errorf("got %+v, %v", l, err)
	}
	if err := s.DeleteDomain(ctx, a.ID, "www.example.org"); !errors.Is(err, ErrNotFound) {
		t.Errorf("another's: %v", err)
	}
	if l, err := s.Domains(ctx); err != nil || len(l) != 1 || l[0] != now {
		t.Errorf("got %+v, %v", l, err)
	}
	if err := s.DeleteDomain(ctx, b.ID, "www.example.org"); err != nil {
		t.Error(err)
	}
	if _, err := s.Domain(ctx, "www.example.org"); !errors.Is(err, ErrNotFound) {
		t.Errorf("after its end: %v", err)
	}
}
