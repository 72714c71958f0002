// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"testing"
	"time"
)

func TestGrants(t *testing.T) { withStore(t, testGrants) }

func testGrants(t *testing.T, s *Store) {
	ctx := t.Context()
	a, b, c := addUser(t, s, "a"), addUser(t, s, "b"), addUser(t, s, "c")
	give := func(from, to User, service string) Grant {
		t.Helper()
		g, err := s.CreateGrant(ctx, Grant{OwnerID: from.ID, GranteeID: to.ID, Client: "nas", Service: service, CreatedAt: t0})
		if err != nil || g.OwnerName != from.Name || g.GranteeName != to.Name || !g.CreatedAt.Equal(t0) {
			t.Fatalf("%+v, %v", g, err)
		}
		return g
	}
	ab, bc, ba := give(a, b, "web"), give(b, c, "web"), give(b, a, "ssh")
	for g, want := range map[Grant]error{
		{OwnerID: a.ID, GranteeID: b.ID, Client: "nas", Service: "web"}: ErrExists,
		{OwnerID: a.ID, GranteeID: 999}:                                 ErrNotFound,
		{OwnerID: 0, GranteeID: b.ID}:                                   ErrNotFound,
	} {
		if _, err := s.CreateGrant(ctx, g); !errors.Is(err, want) {
			t.Errorf("%+v: %v, want %v", g, err, want)
		}
	}
	for _, tt := range []struct {
		user int64
		want []Grant
	}{{a.ID, []Grant{ab, ba}}, {b.ID, []Grant{bc, ba, ab}}, {c.ID, []Grant{bc}}} {
		if got, err := s.Grants(ctx, tt.user); err != nil || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%d: %+v, %v", tt.user, got, err)
		}
	}
	if err := s.DeleteGrant(ctx, b.ID, ab.ID); !errors.Is(err, ErrNotFound) {
		t.Errorf("the other's: %v", err)
	}
	if err := s.DeleteGrant(ctx, a.ID, ab.ID); err != nil {
		t.Error(err)
	}
	if got, err := s.AllGrants(ctx); err != nil || !reflect.DeepEqual(got, []Grant{bc, ba}) {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestAudit(t *testing.T) { withStore(t, testAudit) }

func testAudit(t *testing.T, s *Store) {
	ctx := t.Context()
	var all []AuditEntry // the newest first
	for i := range 12 {
		e := AuditEntry{
			Time: t0.Add(time.Duration(i/2) * time.Second), ActorID: int64(i % 3), Actor: "somebody",
			Addr: "192.0.2.1", Agent: "bad \xff\x00 agent", Action: fmt.Sprint("action", i%2), Target: fmt.Sprint("target", i%4),
		}
		if i > 0 {
			e.Before, e.After = json.RawMessage(`{"a":1}`), json.RawMessage(`null`)
		}
		if err := s.AppendAudit(ctx, e); err != nil {
			t.Fatal(err)
		}
		e.Agent = "bad \uFFFD\uFFFD agent"
		all = append([]AuditEntry{e}, all...)
	}
	tests := map[string]struct {
		filter AuditFilter
		want   func(AuditEntry) bool
	}{
		"all":    {AuditFilter{}, func(AuditEntry) bool { return true }},
		"actor":  {AuditFilter{Actor: 2}, func(e AuditEntry) bool { return e.ActorID == 2 }},
		"action": {AuditFilter{Action: "action1"}, func(e AuditEntry) bool { return e.Action == "action1" }},
		"target": {AuditFilter{Target: "target3"}, func(e AuditEntry) bool { return e.Target == "target3" }},
		"time": {
			AuditFilter{From: t0.Add(1e9), To: t0.Add(4e9)},
			func(e AuditEntry) bool { return !e.Time.Before(t0.Add(1e9)) && e.Time.Before(t0.Add(4e9)) },
		},
		"everything": {
			AuditFilter{Actor: 1, Action: "action1", Target: "target3", From: t0, To: t0.Add(time.Hour)},
			func(e AuditEntry) bool { return e.ActorID == 1 && e.Action == "action1" && e.Target == "target3" },
		},
		"nothing": {AuditFilter{Target: "target9"}, func(AuditEntry) bool { return false }},
	}
	for name, tt := range tests {
		var want []AuditEntry
		for _, e := range all {
			if tt.want(e) {
				want = append(want, e)
			}
		}
		for _, limit := range []int{0, 1, 2, 3, 5} {
			got := collect(t, limit, func(p Page) ([]AuditEntry, string, error) { return s.Audit(ctx, tt.filter, p) })
			for i := range got {
				got[i].ID = 0
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%s by %d:\ngot  %+v\nwant %+v", name, limit, got, want)
			}
		}
	}
	if n, err := s.PruneAudit(ctx, t0.Add(5e9)); n != 10 || err != nil {
		t.Errorf("pruned %d, %v", n, err)
	}
}

func TestBlocks(t *testing.T) { withStore(t, testBlocks) }

func testBlocks(t *testing.T, s *Store) {
	ctx := t.Context()
	var want []Block
	for _, prefix := range []string{"192.0.2.0/24", "2001:db8::/32", "203.0.113.7/32"} {
		b, err := s.CreateBlock(ctx, Block{Prefix: netip.MustParsePrefix(prefix), Note: "n", CreatedAt: t0, ExpiresAt: t0.Add(1e9)})
		if err != nil || b.Prefix.String() != prefix {
			t.Fatalf("%+v, %v", b, err)
		}
		want = append(want, b)
	}
	if _, err := s.CreateBlock(ctx, Block{Prefix: netip.MustParsePrefix("192.0.2.9/24")}); !errors.Is(err, ErrExists) {
		t.Errorf("the same range: %v", err)
	}
	if _, err := s.CreateBlock(ctx, Block{}); err == nil {
		t.Error("no prefix")
	}
	if got, err := s.Blocks(ctx); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	if err := s.DeleteBlock(ctx, want[1].ID); err != nil {
		t.Error(err)
	}
	if err := s.DeleteBlock(ctx, want[1].ID); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
	if got, err := s.Blocks(ctx); err != nil || len(got) != 2 {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestSettings(t *testing.T) { withStore(t, testSettings) }

func testSettings(t *testing.T, s *Store) {
	ctx := t.Context()
	if _, _, err := s.Setting(ctx, "terms"); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
	for _, tt := range []struct {
		value   string
		version int64
		now     int64
		err     error
	}{
		{`"x"`, 1, 0, ErrConflict},
		{`"a"`, 0, 1, nil},
		{`"b"`, 1, 2, nil},
		{`"c"`, 1, 0, ErrConflict},
		{`"d"`, 0, 3, nil},
	} {
		now, err := s.SetSetting(ctx, "terms", json.RawMessage(tt.value), tt.version)
		if now != tt.now || !errors.Is(err, tt.err) {
			t.Errorf("%+v: %d, %v", tt, now, err)
		}
	}
	if v, version, err := s.Setting(ctx, "terms"); string(v) != `"d"` || version != 3 || err != nil {
		t.Errorf("%s, %d, %v", v, version, err)
	}
}
