// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"runtime"
	"runtime/debug"
	"testing"
)

func TestWasteful(t *testing.T) {
	const much = calmLeast
	for name, tc := range map[string]struct {
		before, now heap
		want        bool
	}{
		"a burst is over":       {heap{7, much, much}, heap{7, 3 * much, 2 * much}, true},
		"it goes on":            {heap{6, much, much}, heap{7, 3 * much, 2 * much}, false},
		"there is not much":     {heap{7, much, much}, heap{7, 2*much - 1, much}, false},
		"it has been collected": {heap{7, much, much}, heap{7, much, much}, false},
	} {
		if tc.now.wasteful(tc.before) != tc.want {
			t.Errorf("%s: not %v", name, tc.want)
		}
	}
}

var kept []byte

// The names of the figures are the runtime's.
func TestReadHeap(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	runtime.GC()
	before := readHeap()
	kept = make([]byte, 2*calmLeast)
	now := readHeap()
	if !now.wasteful(before) || now.objects-before.objects < 2*calmLeast {
		t.Errorf("%+v, then %+v", before, now)
	}
	runtime.GC()
	if h := readHeap(); h.wasteful(before) || h.cycles == before.cycles || h.live < 2*calmLeast {
		t.Errorf("after a collection: %+v", h)
	}
	runtime.KeepAlive(kept)
	kept = nil
}
