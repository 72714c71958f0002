// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package ui

import "testing"

// TestLive looks whether what pages show stays true, whatever happens to the
// gateway, the tabs and the log-in.
func TestLive(t *testing.T) {
	g := newGateway(t).withAdmin(t).start(t)
	s := play(t, g, "live.mjs", nil)
	patience := 5.0
	if quiet {
		patience = 1
	}
	s.atMost(t, "seconds until another tab has the stream", 5*patience)
	s.atMost(t, "seconds until numbers go on after a reload", 5*patience)
	s.atMost(t, "seconds until a page is right after a restart", 20*patience)
	s.atMost(t, "seconds until another tab asks to log in", 2*patience)
}
