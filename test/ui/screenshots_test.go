// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"os"
	"path/filepath"
	"testing"
)

// TestScreenshots makes the pictures of `make ui-screenshots`.
func TestScreenshots(t *testing.T) {
	into := os.Getenv("CULVERT_SCREENSHOTS")
	if into == "" {
		t.Skip("pictures are made by make ui-screenshots alone")
	}
	g := newGateway(t).withAdmin(t).start(t)
	play(t, g, "screenshots.mjs", map[string]string{
		"into": into, "tunnelclient": filepath.Join(programs, "tunnelclient"),
	})
}
