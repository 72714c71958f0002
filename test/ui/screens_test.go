// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestScreens visits every screen in both languages and themes: in all four
// combinations by make soak, else in two. That none is left out is known from
// the router.
func TestScreens(t *testing.T) {
	g := newGateway(t).start(t)
	s := play(t, g, "screens.mjs", map[string]any{
		"setup": g.setup(t), "tunnelclient": filepath.Join(programs, "tunnelclient"), "whole": quiet,
	})
	var visits map[string]int
	if err := json.Unmarshal(s.result, &visits); err != nil {
		t.Fatal(err)
	}
	const languages = 2
	for _, path := range routes(t) {
		want := languages
		if strings.HasSuffix(path, "?") {
			want = 2 * languages // it has tabs, and there are two at least
		}
		if visits[path] < want || visits[path]%languages != 0 {
			t.Errorf("%s was visited %d times, want %d or more, in all languages the same", path, visits[path], want)
		}
		delete(visits, path)
	}
	for path := range visits {
		t.Errorf("%s was visited, but is not in the router", path)
	}
}

// routes are the paths in the front end's map.
func routes(t *testing.T) (paths []string) {
	t.Helper()
	source, err := os.ReadFile("../../ui/src/app/router.tsx")
	if err != nil {
		t.Fatal(err)
	}
	for _, found := range regexp.MustCompile(`path: '([^']+)'`).FindAllSubmatch(source, -1) {
		paths = append(paths, string(found[1]))
	}
	if len(paths) < 15 {
		t.Fatalf("the router has only %q", paths)
	}
	return paths
}
