// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package ui

import "testing"

// TestLive looks whether what pages show stays true, whatever happens to the
// gateway, the tabs and the log-in.
func TestLive(t *testing.T) {
	g := newGateway(t).withAdmin(t).start(t)
	s := play(t, g, "live.mjs", nil)
	s.atMost(t, "seconds until another tab has the stream", 5)
	s.atMost(t, "seconds until numbers go on after a reload", 5)
	s.atMost(t, "seconds until a page is right after a restart", 20)
	s.atMost(t, "seconds until another tab asks to log in", 2)
}
