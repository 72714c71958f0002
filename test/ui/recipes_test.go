// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// must runs a command in a folder. If it needs the network and there is none,
// the test is skipped.
func must(t *testing.T, dir, name string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("SKIPPED: %s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
}

func nodePackages(t *testing.T, dir string) []string {
	t.Helper()
	from, err := filepath.Abs(filepath.Join(packages, "node_modules"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(from, filepath.Join(dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
	return []string{"node", "client.mjs"}
}

func pythonPackages(t *testing.T, dir string) []string {
	t.Helper()
	// Debian's package belongs to Debian's Python, which may not be the first in the path.
	for _, python := range []string{"python3", "/usr/bin/python3"} {
		if exec.CommandContext(t.Context(), python, "-c", "import websockets.sync.client").Run() == nil {
			return []string{python, "client.py"}
		}
	}
	must(t, dir, "python3", "-m", "venv", "venv")
	must(t, dir, "venv/bin/pip", "install", "--quiet", "websockets")
	return []string{filepath.Join(dir, "venv/bin/python"), "client.py"}
}

// goModule takes the gateway's own gorilla/websocket, which is here already.
func goModule(t *testing.T, dir string) []string {
	t.Helper()
	version := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Version}}", "github.com/gorilla/websocket")
	out, err := version.Output()
	if err != nil {
		t.Fatal(err)
	}
	must(t, dir, "go", "mod", "init", "client")
	must(t, dir, "go", "get", "github.com/gorilla/websocket@"+strings.TrimSpace(string(out)))
	must(t, dir, "go", "build", "-o", "client", ".")
	return []string{filepath.Join(dir, "client")}
}

func rubyPackages(t *testing.T, dir string) []string {
	t.Helper()
	must(t, dir, "ruby", "-e", "require 'faye/websocket'")
	return []string{"ruby", "client.rb"}
}

// rustCrate keeps what was compiled, which takes a minute the first time.
func rustCrate(t *testing.T, dir string) []string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	target := filepath.Join(cache, "culvert-test-rust")
	t.Setenv("CARGO_TARGET_DIR", target)
	must(t, dir, "cargo", "init", "--quiet", "--name", "culvert-example", "--vcs", "none")
	must(t, dir, "cargo", "add", "--quiet", "tungstenite", "--features", "rustls-tls-webpki-roots")
	must(t, dir, "cargo", "build", "--quiet")
	return []string{filepath.Join(target, "debug", "culvert-example")}
}
