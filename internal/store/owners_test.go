// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

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
