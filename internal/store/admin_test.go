// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"strings"
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

func TestEndpointsOf(t *testing.T) { withStore(t, testEndpointsOf) }

func testEndpointsOf(t *testing.T, s *Store) {
	ctx := t.Context()
	a := addUser(t, s, "a")
	key := hashOf("key")
	for i, name := range []string{"Kitchen", "Küche", "100%", "kitchen 2"} {
		e := Endpoint{ID: testID(i), Name: name, CreatedAt: t0.Add(time.Duration(i/2) * time.Second), UserID: a.ID * int64(i%2)}
		if i == 3 {
			e.Private, e.KeyHash, e.LastActiveAt = true, key[:], t0.Add(time.Hour)
		}
		if err := s.CreateEndpoint(ctx, e); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.CreateEndpoint(ctx, Endpoint{ID: testID(9), UserID: 999}); err == nil || errors.Is(err, ErrExists) {
		t.Errorf("nobody's: %v", err)
	}
	for _, tt := range []struct {
		user   int64
		search string
		want   string
	}{
		{-1, "", "0 1 2 3 "},
		{0, "", "0 2 "},
		{a.ID, "", "1 3 "},
		{-1, "KITCHEN", "0 3 "},
		{a.ID, "KÜCHE", "1 "},
		{-1, "%", "2 "},
		{-1, testID(2), "2 "},
		{a.ID, testID(2), ""},
		{999, "", ""},
	} {
		for limit := range 4 {
			var got strings.Builder
			for _, e := range collect(t, limit, func(p Page) ([]Endpoint, string, error) { return s.EndpointsOf(ctx, tt.user, tt.search, p) }) {
				fmt.Fprint(&got, e.ID[len(e.ID)-1:], " ")
			}
			if got.String() != tt.want {
				t.Errorf("%+v by %d: %s", tt, limit, &got)
			}
		}
	}
	if n, err := s.CountEndpoints(ctx, a.ID); n != 2 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	e, err := s.Endpoint(ctx, testID(3))
	if err != nil || !e.Private || string(e.KeyHash) != string(key[:]) || e.UserID != a.ID {
		t.Errorf("%+v, %v", e, err)
	}
	e, err = s.UpdateEndpoint(ctx, testID(3), e.Version, func(e *Endpoint) { e.Private, e.KeyHash, e.UserID = false, nil, 0 })
	if err != nil || e.Private || e.KeyHash != nil || e.UserID != a.ID || e.Version != 2 {
		t.Errorf("%+v, %v", e, err)
	}
	if _, err := s.UpdateEndpoint(ctx, testID(3), 1, func(*Endpoint) {}); !errors.Is(err, ErrConflict) {
		t.Error(err)
	}
	idle, err := s.IdleEndpoints(ctx, t0.Add(time.Minute))
	if err != nil || len(idle) != 3 || idle[2].ID != testID(2) {
		t.Errorf("%+v, %v", idle, err)
	}
}

func TestRotateEndpoint(t *testing.T) { withStore(t, testRotateEndpoint) }

func testRotateEndpoint(t *testing.T, s *Store) {
	ctx := t.Context()
	if err := s.CreateEndpoint(ctx, Endpoint{ID: testID(1), Stats: fullStats}); err != nil {
		t.Fatal(err)
	}
	createEndpoint(t, s, testID(2))
	if err := s.AppendConnections(ctx, someEvents(3)); err != nil {
		t.Fatal(err)
	}
	if err := s.AddRollups(ctx, []Rollup{{Kind: RollupEndpoint, Subject: testID(1), Start: t0, Connections: 1}}); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		from, to int
		want     error
	}{{3, 4, ErrNotFound}, {1, 2, ErrExists}, {1, 5, nil}, {1, 6, ErrNotFound}} {
		if err := s.RotateEndpoint(ctx, testID(tt.from), testID(tt.to)); !errors.Is(err, tt.want) {
			t.Errorf("%+v: %v", tt, err)
		}
	}
	e, err := s.Endpoint(ctx, testID(5))
	if err != nil || e.Stats != fullStats || e.Version != 2 {
		t.Errorf("%+v, %v", e, err)
	}
	if log, err := s.Connections(ctx, testID(5), 10); err != nil || len(log) != 3 {
		t.Errorf("%d events, %v", len(log), err)
	}
	if l, err := s.Rollups(ctx, RollupEndpoint, testID(5), time.Hour, t0.Add(-time.Hour), t0); err != nil || len(l) != 1 {
		t.Errorf("%+v, %v", l, err)
	}
}

func TestSessionsOf(t *testing.T) { withStore(t, testSessionsOf) }

func testSessionsOf(t *testing.T, s *Store) {
	ctx := t.Context()
	var b TunnelBatch
	for i, pair := range [][2]int64{{0, 0}, {1, 1}, {1, 2}, {2, 1}, {2, 2}, {0, 1}} {
		b.Sessions = append(b.Sessions, Session{
			ID: fmt.Sprint(i), Visitor: "v", Provider: "p", Service: "web", VisitorUser: pair[0], ProviderUser: pair[1],
			CreatedAt: t0, EndedAt: t0, Bytes: 7, Reason: "ended",
		})
	}
	if err := s.WriteTunnels(ctx, b); err != nil {
		t.Fatal(err)
	}
	for user, want := range map[int64]string{-1: "543210", 0: "50", 1: "5321", 2: "432", 3: ""} {
		for limit := range 5 {
			var got string
			for _, v := range collect(t, limit, func(p Page) ([]Session, string, error) { return s.SessionsOf(ctx, user, p) }) {
				got += v.ID
				if v.Bytes != 7 || v.Reason != "ended" || !v.EndedAt.Equal(t0) {
					t.Errorf("%+v", v)
				}
			}
			if got != want {
				t.Errorf("user %d by %d: %s, want %s", user, limit, got, want)
			}
		}
	}
}

func TestRollups(t *testing.T) { withStore(t, testRollups) }

func testRollups(t *testing.T, s *Store) {
	ctx := t.Context()
	hour := t0.Truncate(time.Hour)
	add := func(at time.Time, peak int) {
		t.Helper()
		err := s.AddRollups(ctx, []Rollup{
			{
				Kind: RollupUser, Subject: "1", Start: at, Connections: 1, MessagesIn: 2, MessagesOut: 3,
				BytesIn: 4, BytesOut: 5, Dropped: 6, Peak: peak,
			},
			{Kind: RollupUser, Subject: "2", Start: at, BytesIn: 1},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	add(hour.Add(59*time.Minute+59*time.Second), 5)
	add(hour.Add(59*time.Minute), 9)
	add(hour.Add(58*time.Minute), 7)
	add(hour.Add(60*time.Minute), 1)
	line := func(at time.Time, n uint64, peak int) Rollup {
		return Rollup{
			Kind: RollupUser, Subject: "1", Start: at, Connections: n, MessagesIn: 2 * n, MessagesOut: 3 * n,
			BytesIn: 4 * n, BytesOut: 5 * n, Dropped: 6 * n, Peak: peak,
		}
	}
	check := func(step time.Duration, from, to time.Time, want ...Rollup) {
		t.Helper()
		got, err := s.Rollups(ctx, RollupUser, "1", step, from, to)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("got  %+v\nwant %+v\n(%v)", got, want, err)
		}
	}
	first, second, third := line(hour.Add(58*time.Minute), 1, 7), line(hour.Add(59*time.Minute), 2, 9), line(hour.Add(time.Hour), 1, 1)
	check(time.Minute, hour, hour.Add(2*time.Hour), first, second, third)
	check(time.Minute, second.Start, third.Start, second)
	check(time.Hour, hour, hour.Add(time.Hour), line(hour, 3, 9))
	if _, err := s.Rollups(ctx, RollupUser, "1", time.Second, t0, t0); err == nil {
		t.Error("a resolution of a second")
	}
	if n, err := s.PruneRollups(ctx, third.Start, hour.Add(time.Millisecond)); n != 6 || err != nil {
		t.Errorf("pruned %d, %v", n, err)
	}
	check(time.Minute, hour, hour.Add(2*time.Hour), third)
	check(time.Hour, hour, hour.Add(2*time.Hour), third)
}

// TestManyRollups adds more than one statement takes, each subject twice.
func TestManyRollups(t *testing.T) { withStore(t, testManyRollups) }

func testManyRollups(t *testing.T, s *Store) {
	const subjects = 3*rollupRows + 7
	var minute []Rollup
	for i := range 2 * subjects {
		minute = append(minute, Rollup{Kind: RollupEndpoint, Subject: testID(i % subjects), Start: t0, BytesIn: uint64(i), Peak: i})
	}
	for range 2 {
		if err := s.AddRollups(t.Context(), minute); err != nil {
			t.Fatal(err)
		}
	}
	for i := range subjects {
		for _, step := range []time.Duration{time.Minute, time.Hour} {
			got, err := s.Rollups(t.Context(), RollupEndpoint, testID(i), step, t0.Add(-time.Hour), t0.Add(time.Hour))
			want := Rollup{
				Kind: RollupEndpoint, Subject: testID(i), Start: t0.Truncate(step),
				BytesIn: uint64(2 * (2*i + subjects)), Peak: i + subjects,
			}
			if err != nil || len(got) != 1 || got[0] != want {
				t.Errorf("%+v, want %+v (%v)", got, want, err)
			}
		}
	}
}

func TestUsage(t *testing.T) { withStore(t, testUsage) }

func testUsage(t *testing.T, s *Store) {
	ctx := t.Context()
	a, b := addUser(t, s, "a"), addUser(t, s, "b")
	for _, bytes := range []map[int64]uint64{{a.ID: 1, b.ID: 2, 0: 3, 999: 4}, {a.ID: 1 << 40}} {
		if err := s.AddUsage(ctx, "2026-11", bytes); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.Usage(ctx, "2026-11")
	if want := (map[int64]uint64{a.ID: 1<<40 + 1, b.ID: 2}); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, %v", got, err)
	}
	if got, err := s.Usage(ctx, "2026-12"); err != nil || len(got) != 0 {
		t.Errorf("%v, %v", got, err)
	}
}
