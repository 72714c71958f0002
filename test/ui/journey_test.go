// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package ui

import "testing"

// TestJourney goes from a gateway that was just started to a message between
// two clients, in both languages.
func TestJourney(t *testing.T) {
	for _, language := range []string{"en", "zh-CN"} {
		t.Run(language, func(t *testing.T) {
			g := newGateway(t).start(t)
			s := play(t, g, "journey.mjs", map[string]string{
				"language": language, "setup": g.setup(t),
			})
			s.atMost(t, "clicks from the invite to the URL ("+language+")", 5)
			s.atMost(t, "seconds from the invite to a message ("+language+")", 60)
		})
	}
}
