// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"fmt"
	"os"
	"sync"
	"testing"

	"github.com/culvertd/culvert/test/process"
)

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

// home is a folder for what the tests make together.
var home string

// run keeps Caddy's own files out of the user's home. HOME itself stays: the go
// command has its caches there.
func run(m *testing.M) int {
	var err error
	if home, err = os.MkdirTemp("", "culvert-tunnel-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(home) }()
	for _, name := range []string{"XDG_DATA_HOME", "XDG_CONFIG_HOME"} {
		if err := os.Setenv(name, home); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	return m.Run()
}

var build = sync.OnceValues(func() (process.Programs, error) { return process.Build(home) })

// programs returns the real programs, compiled once.
func programs(t *testing.T) process.Programs {
	t.Helper()
	p, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// soak is whether to run in full size what takes long.
var soak = os.Getenv("CULVERT_SOAK") != ""

// sized is a count: what CI has time for, with the race detector, which makes
// all ten times slower, and without; and the full one.
func sized(race, small, full int) int {
	switch {
	case soak && !raceEnabled:
		return full
	case raceEnabled && !soak:
		return race
	default:
		return small
	}
}
