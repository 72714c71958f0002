// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"sync"
	"testing"
)

func TestMeta(t *testing.T) { withStore(t, testMeta) }

func testMeta(t *testing.T, s *Store) {
	if v, ok, err := s.Meta(t.Context(), "k"); v != "" || ok || err != nil {
		t.Errorf("unset: %q, %v, %v", v, ok, err)
	}
	for _, want := range []string{"one", "two", ""} {
		if err := s.SetMeta(t.Context(), "k", want); err != nil {
			t.Fatal(err)
		}
		if v, ok, err := s.Meta(t.Context(), "k"); v != want || !ok || err != nil {
			t.Errorf("got %q, %v, %v, want %q", v, ok, err, want)
		}
	}
	if err := s.SetMeta(t.Context(), epochKey, "0"); err == nil {
		t.Error("the epoch was set back")
	}
}

func TestNextEpoch(t *testing.T) { onBoth(t, testNextEpoch) }

func testNextEpoch(t *testing.T, newDSN func() string) {
	path := newDSN()
	var last uint64
	for range 3 { // each a run of the gateway
		s, err := Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			got, err := s.NextEpoch(t.Context())
			if err != nil || got != last+1 {
				t.Errorf("got %d, want %d (%v)", got, last+1, err)
			}
			last = got
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestNextEpochConcurrent(t *testing.T) { onBoth(t, testNextEpochConcurrent) }

func testNextEpochConcurrent(t *testing.T, newDSN func() string) {
	path := newDSN()
	stores := []*Store{openStore(t, path), openStore(t, path)}
	const callers, rounds = 4, 10
	var (
		wg   sync.WaitGroup
		mu   sync.Mutex
		seen = map[uint64]bool{}
	)
	for _, s := range stores {
		for range callers {
			wg.Go(func() {
				for range rounds {
					epoch, err := s.NextEpoch(t.Context())
					mu.Lock()
					if err != nil || seen[epoch] {
						t.Errorf("epoch %d, seen before: %v (%v)", epoch, seen[epoch], err)
					}
					seen[epoch] = true
					mu.Unlock()
				}
			})
		}
	}
	wg.Wait()
	if want := uint64(len(stores) * callers * rounds); !seen[want] {
		t.Errorf("the last epoch is not %d", want)
	}
}
