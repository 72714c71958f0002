// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package ui

import "testing"

// TestBudget measures what the first visit costs, as it was transferred.
func TestBudget(t *testing.T) {
	g := newGateway(t).withAdmin(t).start(t)
	s := play(t, g, "budget.mjs", nil)
	const most = 350 // KiB
	s.atMost(t, "KiB for /login", most)
	s.atMost(t, "KiB for /endpoints", most)
	for _, screen := range []string{"/docs/protocol", "/admin/load", "/tunnels", "/account"} {
		s.atMost(t, "KiB more for "+screen, most)
	}
}
