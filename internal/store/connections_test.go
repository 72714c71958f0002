// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"fmt"
	"math"
	"net/netip"
	"reflect"
	"testing"
	"time"
)

func TestConnections(t *testing.T) { withStore(t, testConnections) }

func testConnections(t *testing.T, s *Store) {
	id, other := testID(1), testID(2)
	full := ConnectionEvent{
		Kind: Disconnected, Time: t0.Add(time.Second), EndpointID: id, Conn: math.MaxUint64,
		Addr: netip.MustParseAddr("2001:db8::1"), Code: 1013, Reason: "too slow",
		Duration: 1500 * time.Millisecond, MessagesIn: 1, BytesIn: 2, MessagesOut: 3, BytesOut: 4, Dropped: 5,
	}
	least := ConnectionEvent{Kind: Connected, Time: t0, EndpointID: id, Conn: 7}
	same1 := ConnectionEvent{Kind: Connected, Time: t0, EndpointID: id, Conn: 8, Addr: netip.MustParseAddr("192.0.2.1")}
	foreign := ConnectionEvent{Kind: Connected, Time: t0, EndpointID: other, Conn: 9}
	for _, batch := range [][]ConnectionEvent{nil, {full, least}, {same1, foreign}} {
		if err := s.AppendConnections(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		id    string
		limit int
		want  []ConnectionEvent
	}{
		{id, 10, []ConnectionEvent{full, same1, least}}, // within a millisecond, the later entry is newer
		{id, 2, []ConnectionEvent{full, same1}},
		{id, 0, []ConnectionEvent{full, same1, least}},
		{other, 10, []ConnectionEvent{foreign}},
		{testID(3), 10, nil},
	}
	for _, tt := range tests {
		got, err := s.Connections(t.Context(), tt.id, tt.limit)
		if err != nil || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s, limit %d:\ngot  %+v\nwant %+v\n(%v)", tt.id, tt.limit, got, tt.want, err)
		}
	}
}

func TestConnectionsDefaultLimit(t *testing.T) { withStore(t, testConnectionsDefaultLimit) }

func testConnectionsDefaultLimit(t *testing.T, s *Store) {
	if err := s.AppendConnections(t.Context(), someEvents(defaultConnections+1)); err != nil {
		t.Fatal(err)
	}
	got, err := s.Connections(t.Context(), testID(1), -1)
	if err != nil || len(got) != defaultConnections {
		t.Errorf("got %d events, want %d (%v)", len(got), defaultConnections, err)
	}
}

func TestAppendConnectionsAllOrNone(t *testing.T) { withStore(t, testAppendConnectionsAllOrNone) }

func testAppendConnectionsAllOrNone(t *testing.T, s *Store) {
	events := someEvents(2)
	events[1].Kind = "unheard of"
	if err := s.AppendConnections(t.Context(), events); err == nil {
		t.Error("an unknown kind was taken")
	}
	if got, err := s.Connections(t.Context(), testID(1), 0); err != nil || len(got) != 0 {
		t.Errorf("half a batch was written: %v (%v)", got, err)
	}
}

func TestPruneConnections(t *testing.T) { withStore(t, testPruneConnections) }

func testPruneConnections(t *testing.T, s *Store) {
	const n = 2*pruneStep + 10
	if err := s.AppendConnections(t.Context(), someEvents(n)); err != nil {
		t.Fatal(err)
	}
	steps := []struct {
		before        time.Time
		removed, left int
	}{
		{t0, 0, n}, // exactly then is not before
		{t0.Add((n - 3) * time.Millisecond), n - 3, 3},
		{t0.Add((n - 3) * time.Millisecond), 0, 3},
		{t0.Add(time.Hour), 3, 0},
	}
	for _, tt := range steps {
		removed, err := s.PruneConnections(t.Context(), tt.before)
		if err != nil || removed != int64(tt.removed) {
			t.Errorf("before %v: removed %d, want %d (%v)", tt.before, removed, tt.removed, err)
		}
		got, err := s.Connections(t.Context(), testID(1), n)
		if err != nil || len(got) != tt.left {
			t.Errorf("before %v: left %d, want %d (%v)", tt.before, len(got), tt.left, err)
		}
	}
}

// someEvents is n events of one endpoint, a millisecond apart.
func someEvents(n int) []ConnectionEvent {
	events := make([]ConnectionEvent, n)
	for i := range events {
		events[i] = ConnectionEvent{
			Kind: Disconnected, Time: t0.Add(time.Duration(i) * time.Millisecond), EndpointID: testID(1),
			Conn: uint64(i), Addr: netip.MustParseAddr("192.0.2.1"), Code: 1000, Reason: "closed by client",
			Duration: time.Minute, MessagesIn: 10, BytesIn: 1280, MessagesOut: 1000, BytesOut: 128000,
		}
	}
	return events
}

func BenchmarkAppendConnections(b *testing.B) {
	for _, size := range []int{1, 10, 100, 1000} {
		b.Run(fmt.Sprintf("batch=%d", size), func(b *testing.B) {
			s := newStore(b)
			events := someEvents(size)
			for b.Loop() {
				if err := s.AppendConnections(b.Context(), events); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N*size)/b.Elapsed().Seconds(), "events/s")
		})
	}
}
