// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"fmt"
	"reflect"
	"testing"
	"time"
)

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
