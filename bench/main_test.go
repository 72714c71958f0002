// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"
	"time"

	"github.com/culvertd/culvert/bench/internal/cases"
)

// The loads of the cases are command lines: each must be one that bench has.
func TestLoadsOfTunnelsAreCommands(t *testing.T) {
	o := cases.TunnelOptions{Duration: time.Second, Idle: 10, Silent: 10}
	for _, c := range append(cases.Tunnels(o), cases.Published(o)...) {
		f := commands[c.Load[0]]
		if f == nil {
			t.Errorf("%s: bench has no command %q", c.Name, c.Load[0])
			continue
		}
		// A flag that it does not know would end the test here.
		if err := f(c.Load[1:]); err == nil || !strings.Contains(err.Error(), "no -target") {
			t.Errorf("%s: got %v, want that the target is missing", c.Name, err)
		}
	}
}
