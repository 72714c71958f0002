// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"strings"
	"testing"
	"time"

	"github.com/culvertd/culvert/internal/account"
	"github.com/culvertd/culvert/internal/inventory"
	"github.com/culvertd/culvert/internal/store"
)

const day = 24 * time.Hour

// aged makes an endpoint of the operator that was made and used so long ago.
func aged(t *testing.T, dir string, made, used time.Duration, c byte) string {
	t.Helper()
	s, err := store.Open(t.Context(), databasePath(dir))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	e := store.Endpoint{ID: strings.Repeat(string(c), 22), CreatedAt: time.Now().Add(-made)}
	if used > 0 {
		e.LastActiveAt = time.Now().Add(-used)
	}
	if err := s.CreateEndpoint(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	return e.ID
}

func TestIdleEndpointsAreRemoved(t *testing.T) {
	dir := dataDir(t)
	fresh, old := aged(t, dir, day, 0, 'A'), aged(t, dir, 100*day, 82*day, 'B')
	warned, unused := aged(t, dir, 100*day, 84*day, 'C'), aged(t, dir, 84*day, 0, 'D')
	gone, never := aged(t, dir, 200*day, 91*day, 'E'), aged(t, dir, 91*day, 0, 'F')
	r := newRig(t, dir, Config{IdleRemoval: 90 * day})
	get := func(id string) (inventory.Endpoint, error) { return r.Endpoint(t.Context(), inventory.All, id) }
	for _, id := range []string{gone, never} { // at the start
		for end := time.Now().Add(10 * time.Second); ; {
			if _, err := get(id); isCode(err, account.CodeNotFound) {
				break
			} else if time.Now().After(end) {
				t.Fatalf("%s is still there: %v", id, err)
			}
		}
	}
	for id, warn := range map[string]bool{fresh: false, old: false, warned: true, unused: true} {
		e, err := get(id)
		if err != nil || warn == e.RemoveAt.IsZero() {
			t.Errorf("%s: remove at %v, %v", id, e.RemoveAt, err)
		}
		if left := time.Until(e.RemoveAt); warn && (left < 5*day || left > 7*day) {
			t.Errorf("%s: in %v", id, left)
		}
	}
	// Whoever is there, or was, saves it.
	ws := r.dial(warned)
	if e, err := get(warned); err != nil || !e.RemoveAt.IsZero() {
		t.Errorf("%+v, %v", e, err)
	}
	if err := r.b.removeIdle(t.Context(), time.Now().Add(400*day)); err != nil {
		t.Fatal(err)
	}
	if _, err := get(warned); err != nil {
		t.Errorf("removed under a connection: %v", err)
	}
	if _, err := get(fresh); !isCode(err, account.CodeNotFound) {
		t.Errorf("still there: %v", err)
	}
	_ = ws.Close()
}

func TestNothingIsRemovedIfNotWanted(t *testing.T) {
	dir := dataDir(t)
	id := aged(t, dir, 1000*day, 0, 'A')
	r := newRig(t, dir, Config{IdleRemoval: Never})
	if err := r.b.removeIdle(t.Context(), time.Now()); err != nil {
		t.Fatal(err)
	}
	if e, err := r.Endpoint(t.Context(), inventory.All, id); err != nil || !e.RemoveAt.IsZero() {
		t.Errorf("%+v, %v", e, err)
	}
}
