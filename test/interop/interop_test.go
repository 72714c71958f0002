// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package interop

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

const scripts = "../node"

// delivery is a line of exchange.js: a message that somebody got.
type delivery struct {
	Mode, From, To, Type string
	Size                 int
	SHA256               string
}

// TestExchange has ws and two pages send text, binary and 1 MiB messages to
// each other, without and with permessage-deflate.
func TestExchange(t *testing.T) {
	chromium := find(t, "chromium", "chromium-browser", "google-chrome")
	node := find(t, "node")
	install(t)
	gw := startGateway(t)
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	var out, log bytes.Buffer
	cmd := exec.CommandContext(ctx, node, "exchange.js", chromium,
		"plain="+gw.endpoint(t), "deflate="+gw.endpoint(t, "--compression"))
	cmd.Dir, cmd.Stdout, cmd.Stderr = scripts, &out, &log
	err := cmd.Run()
	t.Logf("%s", bytes.TrimSpace(log.Bytes()))
	if err != nil {
		t.Fatalf("running exchange.js: %v", err)
	}
	check(t, &out)
}

// check reads all lines and expects each message of each sender at each other
// client: a script that quietly skips something must not pass.
func check(t *testing.T, out *bytes.Buffer) {
	t.Helper()
	hashes := map[string]map[string]bool{} // "mode from type size": the hashes that arrived
	pairs := map[string]int{}
	for dec := json.NewDecoder(out); dec.More(); {
		var d delivery
		if err := dec.Decode(&d); err != nil {
			t.Fatal(err)
		}
		sent := fmt.Sprintf("%s from %s: %s of %d", d.Mode, d.From, d.Type, d.Size)
		if hashes[sent] == nil {
			hashes[sent] = map[string]bool{}
		}
		hashes[sent][d.SHA256] = true
		pairs[fmt.Sprintf("%s: %s to %s", d.Mode, d.From, d.To)]++
	}
	for _, sent := range slices.Sorted(maps.Keys(hashes)) {
		if len(hashes[sent]) != 1 {
			t.Errorf("%s arrived with hashes %v", sent, hashes[sent])
		}
	}
	const modes, clients, messages = 2, 3, 6
	if want := modes * clients * messages; len(hashes) != want {
		t.Errorf("%d messages arrived, want %d", len(hashes), want)
	}
	for _, pair := range slices.Sorted(maps.Keys(pairs)) {
		t.Logf("%s: %d messages, same hashes", pair, pairs[pair])
		if pairs[pair] != messages {
			t.Errorf("%s: %d messages, want %d", pair, pairs[pair], messages)
		}
	}
	if want := modes * clients * (clients - 1); len(pairs) != want {
		t.Errorf("%d pairs, want %d", len(pairs), want)
	}
}

// find skips the test if none of the programs is there.
func find(t *testing.T, names ...string) string {
	t.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skipf("SKIPPED: no %s on this machine; with it, this test shows that other programs' clients work", names[0])
	return ""
}

// install runs npm ci unless what the lock file says is there already.
func install(t *testing.T) {
	t.Helper()
	lock, err := os.Stat(filepath.Join(scripts, "package-lock.json"))
	if err != nil {
		t.Fatal(err)
	}
	// npm writes this file last.
	if done, err := os.Stat(filepath.Join(scripts, "node_modules", ".package-lock.json")); err == nil && done.ModTime().After(lock.ModTime()) {
		return
	}
	cmd := exec.CommandContext(t.Context(), find(t, "npm"), "ci", "--no-fund", "--no-audit")
	cmd.Dir = scripts
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("npm ci: %v\n%s", err, out)
	}
}
