// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/culvertd/culvert/internal/store"
)

// quiet is whether nothing else runs beside the tests, so that times mean
// something.
var quiet = os.Getenv("CULVERT_SOAK") != ""

// TestInteraction measures how quickly the interface answers when there is much
// to show.
func TestInteraction(t *testing.T) {
	if !quiet {
		t.Skip("times are measured by make soak, where nothing else runs")
	}
	g := newGateway(t).withAdmin(t)
	manyEndpoints(t, g)
	g.start(t)
	s := play(t, g, "interaction.mjs", nil)
	for _, what := range []string{
		"scrolling 1,000 endpoints",
		"typing in the search of 1,000 endpoints",
		"opening one of 1,000 endpoints",
		"the filter of 100,000 messages",
		"pausing the console",
		"scrolling 100,000 messages",
	} {
		s.atMost(t, "ms at most: "+what, 100)
	}
}

// manyEndpoints gives alice a thousand, more than an account may make.
func manyEndpoints(t *testing.T, g *gateway) {
	t.Helper()
	db, err := store.Open(t.Context(), filepath.Join(g.dir, "culvert-data", "culvert.db"))
	if err != nil {
		t.Fatal(err)
	}
	alice, err := db.UserByLogin(t.Context(), "alice")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 1000 {
		err := db.CreateEndpoint(t.Context(), store.Endpoint{
			ID: fmt.Sprintf("%022d", i), Name: fmt.Sprintf("endpoint %d", i), UserID: alice.ID,
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}
