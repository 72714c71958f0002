// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"testing"
	"time"
)

func TestAddStats(t *testing.T) { withStore(t, testAddStats) }

func testAddStats(t *testing.T, s *Store) {
	a, b, gone := testID(1), testID(2), testID(3)
	for _, id := range []string{a, b, gone} {
		createEndpoint(t, s, id)
	}
	if err := s.DeleteEndpoint(t.Context(), gone); err != nil {
		t.Fatal(err)
	}
	full := EndpointStats{
		TotalConnections: 1, MessagesIn: 2, BytesIn: 3, MessagesOut: 4, BytesOut: 5,
		DroppedSlow: 6, DroppedClosed: 7, DroppedKicked: 8,
	}
	twice := EndpointStats{
		TotalConnections: 2, MessagesIn: 4, BytesIn: 6, MessagesOut: 8, BytesOut: 10,
		DroppedSlow: 12, DroppedClosed: 14, DroppedKicked: 16,
	}
	later := t0.Add(time.Minute)
	steps := []struct {
		name           string
		deltas         []StatsDelta
		aStats, bStats EndpointStats
		aLast, bLast   time.Time
	}{
		{name: "none"},
		{"one", []StatsDelta{{a, full, t0}}, full, EndpointStats{}, t0, time.Time{}},
		{"a batch with a deleted one", []StatsDelta{{gone, full, t0}, {a, full, later}, {b, full, t0}}, twice, full, later, t0},
		{"never backwards", []StatsDelta{{EndpointID: a, LastActive: t0}}, twice, full, later, t0},
		{"no time", []StatsDelta{{EndpointID: b, EndpointStats: full}}, twice, twice, later, t0},
	}
	for _, tt := range steps {
		if err := s.AddStats(t.Context(), tt.deltas); err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		for _, want := range []Endpoint{
			{ID: a, Stats: tt.aStats, LastActiveAt: tt.aLast},
			{ID: b, Stats: tt.bStats, LastActiveAt: tt.bLast},
		} {
			got, err := s.Endpoint(t.Context(), want.ID)
			if err != nil || got.Stats != want.Stats || !got.LastActiveAt.Equal(want.LastActiveAt) {
				t.Errorf("%s: got %+v, want %+v (%v)", tt.name, got, want, err)
			}
		}
	}
}

func TestAddStatsAllOrNone(t *testing.T) { withStore(t, testAddStatsAllOrNone) }

func testAddStatsAllOrNone(t *testing.T, s *Store) {
	createEndpoint(t, s, testID(1))
	err := s.AddStats(t.Context(), []StatsDelta{
		{EndpointID: testID(1), EndpointStats: EndpointStats{MessagesIn: 1}, LastActive: t0},
		{EndpointID: testID(1), EndpointStats: EndpointStats{MessagesIn: 1 << 63}},
	})
	if err == nil {
		t.Error("a counter beyond SQLite's integers was taken")
	}
	e, err := s.Endpoint(t.Context(), testID(1))
	if err != nil || e.Stats != (EndpointStats{}) || !e.LastActiveAt.IsZero() {
		t.Errorf("half a batch was written: %+v (%v)", e, err)
	}
}
