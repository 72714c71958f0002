// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"errors"
	"reflect"
	"testing"
	"time"
)

var (
	t0 = time.Date(2026, 11, 22, 3, 0, 0, int(123*time.Millisecond), time.UTC)

	fullSettings = EndpointSettings{
		Compression:               true,
		Origins:                   []string{"https://app.example.com", `https://"quoted"`},
		MaxMessageSize:            1 << 40,
		MaxConnections:            2,
		MessagesPerSecond:         3,
		BytesPerSecond:            1 << 41,
		EndpointMessagesPerSecond: 5,
		EndpointBytesPerSecond:    1 << 42,
	}
	fullStats = EndpointStats{
		TotalConnections: 1, MessagesIn: 2, BytesIn: 3, MessagesOut: 4, BytesOut: 5,
		DroppedSlow: 6, DroppedClosed: 7, DroppedKicked: 1<<63 - 1,
	}
)

func TestCreateEndpoint(t *testing.T) { withStore(t, testCreateEndpoint) }

func testCreateEndpoint(t *testing.T, s *Store) {
	tests := []struct {
		name string
		in   Endpoint
		want Endpoint // differs from in by what is normalised
	}{
		{"least", Endpoint{CreatedAt: t0}, Endpoint{CreatedAt: t0}},
		{
			"all",
			Endpoint{Name: "客厅 '; --", CreatedAt: t0, LastActiveAt: t0.Add(time.Hour), Settings: fullSettings, Stats: fullStats},
			Endpoint{Name: "客厅 '; --", CreatedAt: t0, LastActiveAt: t0.Add(time.Hour), Settings: fullSettings, Stats: fullStats},
		},
		{
			"cut to milliseconds, in UTC, no origins",
			Endpoint{
				CreatedAt: t0.Add(time.Microsecond).In(time.FixedZone("", 3600)),
				Settings:  EndpointSettings{Origins: []string{}},
			},
			Endpoint{CreatedAt: t0},
		},
	}
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.in.ID, tt.want.ID, tt.want.Version = testID(i), testID(i), 1
			if err := s.CreateEndpoint(t.Context(), tt.in); err != nil {
				t.Fatal(err)
			}
			got, err := s.Endpoint(t.Context(), tt.in.ID)
			if err != nil || !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got  %+v\nwant %+v\n(%v)", got, tt.want, err)
			}
			if err := s.CreateEndpoint(t.Context(), tt.in); !errors.Is(err, ErrExists) {
				t.Errorf("creating it again: %v, want ErrExists", err)
			}
		})
	}
}

func TestCreateEndpointNow(t *testing.T) { withStore(t, testCreateEndpointNow) }

func testCreateEndpointNow(t *testing.T, s *Store) {
	before := time.Now().Truncate(time.Millisecond)
	createEndpoint(t, s, testID(1))
	e, err := s.Endpoint(t.Context(), testID(1))
	if err != nil || e.CreatedAt.Before(before) || e.CreatedAt.After(time.Now()) {
		t.Errorf("created at %v, not now (%v)", e.CreatedAt, err)
	}
	if !e.LastActiveAt.IsZero() {
		t.Errorf("last active at %v, want never", e.LastActiveAt)
	}
}

func TestCreateEndpointInvalid(t *testing.T) { withStore(t, testCreateEndpointInvalid) }

func testCreateEndpointInvalid(t *testing.T, s *Store) {
	for _, e := range []Endpoint{
		{},
		{ID: "short"},
		{ID: testID(1) + "x"},
		{ID: testID(1), Settings: EndpointSettings{MaxMessageSize: -1}},
		{ID: testID(1), Stats: EndpointStats{BytesIn: 1 << 63}},
	} {
		if err := s.CreateEndpoint(t.Context(), e); err == nil || errors.Is(err, ErrExists) {
			t.Errorf("%+v: %v, want another error", e, err)
		}
	}
	if list, err := s.Endpoints(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("%d endpoints, want none (%v)", len(list), err)
	}
}

func TestEndpointsOrder(t *testing.T) { withStore(t, testEndpointsOrder) }

func testEndpointsOrder(t *testing.T, s *Store) {
	// By creation, and those of one millisecond in the order they came in.
	for i, at := range []int{2, 1, 1, 3} {
		e := Endpoint{ID: testID(i), CreatedAt: t0.Add(time.Duration(at) * time.Second)}
		if err := s.CreateEndpoint(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	list, err := s.Endpoints(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range list {
		got = append(got, e.ID)
	}
	if want := []string{testID(1), testID(2), testID(0), testID(3)}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestUpdateEndpoint(t *testing.T) { withStore(t, testUpdateEndpoint) }

func testUpdateEndpoint(t *testing.T, s *Store) {
	want := Endpoint{ID: testID(1), Name: "old", CreatedAt: t0, LastActiveAt: t0, Stats: fullStats, Version: 1}
	other := Endpoint{ID: testID(2), Name: "other", CreatedAt: t0, Version: 1}
	for _, e := range []Endpoint{want, other} {
		if err := s.CreateEndpoint(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	for _, settings := range []EndpointSettings{fullSettings, {}} {
		want.Name, want.Settings = "new", settings
		want.Version++
		got, err := s.UpdateEndpoint(t.Context(), want.ID, 0, func(e *Endpoint) { e.Name, e.Settings = "new", settings })
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("got  %+v\nwant %+v\n(%v)", got, want, err)
		}
		list, err := s.Endpoints(t.Context())
		if err != nil || !reflect.DeepEqual(list, []Endpoint{want, other}) {
			t.Errorf("got  %+v\nwant %+v, %+v\n(%v)", list, want, other, err)
		}
	}
	if _, err := s.UpdateEndpoint(t.Context(), testID(3), 0, func(*Endpoint) {}); !errors.Is(err, ErrNotFound) {
		t.Errorf("updating what is not there: %v, want ErrNotFound", err)
	}
}

func TestDeleteEndpoint(t *testing.T) { withStore(t, testDeleteEndpoint) }

func testDeleteEndpoint(t *testing.T, s *Store) {
	createEndpoint(t, s, testID(1))
	createEndpoint(t, s, testID(2))
	event := ConnectionEvent{Kind: Connected, Time: t0, EndpointID: testID(1)}
	if err := s.AppendConnections(t.Context(), []ConnectionEvent{event}); err != nil {
		t.Fatal(err)
	}
	if err := s.DeleteEndpoint(t.Context(), testID(1)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Endpoint(t.Context(), testID(1)); !errors.Is(err, ErrNotFound) {
		t.Errorf("reading what is deleted: %v, want ErrNotFound", err)
	}
	if err := s.DeleteEndpoint(t.Context(), testID(1)); !errors.Is(err, ErrNotFound) {
		t.Errorf("deleting it again: %v, want ErrNotFound", err)
	}
	var ids string
	if err := s.readers.QueryRow(`SELECT endpoint_id FROM endpoint_stats`).Scan(&ids); err != nil || ids != testID(2) {
		t.Errorf("statistics are left of %q, want %q (%v)", ids, testID(2), err)
	}
	if events, err := s.Connections(t.Context(), testID(1), 0); err != nil || len(events) != 1 {
		t.Errorf("%d events in the log, want 1 (%v)", len(events), err)
	}
	createEndpoint(t, s, testID(1)) // the id is free again
}
