// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/culvertd/culvert/internal/control"
	"github.com/culvertd/culvert/internal/gateway"
)

// TestFirstAdmin: the link is shown on the terminal, or left in a file, never
// in both, and in no log.
func TestFirstAdmin(t *testing.T) {
	dir, err := gateway.DataDir(filepath.Join(t.TempDir(), "data"))
	if err != nil {
		t.Fatal(err)
	}
	core := gateway.New(dir)
	if err := core.Push(t.Context(), &gateway.Generation{Logger: zap.NewNop()}); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := core.Close(gateway.Removed); err != nil {
			t.Error(err)
		}
	}()
	logs, seen := observer.New(zap.DebugLevel)
	n := startNotice{dir: dir, core: core, log: zap.New(logs)}
	file := filepath.Join(dir, "first-admin")

	if err := n.firstAdmin(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	link, err := os.ReadFile(file)
	if err != nil || !strings.HasPrefix(string(link), "http://localhost:8080/setup#") {
		t.Fatalf("%q, %v", link, err)
	}
	entries := seen.TakeAll()
	if len(entries) != 1 || entries[0].ContextMap()["file"] != file {
		t.Errorf("%+v", entries)
	}
	_, code, _ := strings.Cut(strings.TrimSpace(string(link)), "#")
	for _, e := range entries {
		for _, v := range e.ContextMap() {
			if s, ok := v.(string); ok && strings.Contains(s, code) {
				t.Errorf("the log has the code: %+v", e)
			}
		}
	}

	var terminal strings.Builder
	if err := n.firstAdmin(t.Context(), &terminal); err != nil {
		t.Fatal(err)
	}
	if s := terminal.String(); !strings.Contains(s, "http://localhost:8080/setup#") || strings.Contains(s, code) || !strings.Contains(s, "admin link --data "+dir) {
		t.Errorf("terminal:\n%s", s)
	}
	if _, err := os.Stat(file); !os.IsNotExist(err) || seen.Len() != 0 {
		t.Errorf("the file: %v; %d lines of log", err, seen.Len())
	}

	s, closeAll, err := gateway.Open(t.Context(), dir, gateway.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = closeAll() }()
	if _, err := s.CreateAdmin(t.Context(), control.NewAdmin{Name: "alice", Email: "a@b.example", Password: "seven green bicycles"}); err != nil {
		t.Fatal(err)
	}
	terminal.Reset()
	for range 2 {
		if err := n.firstAdmin(t.Context(), &terminal); err != nil || terminal.Len() != 0 {
			t.Errorf("with an administrator: %q, %v", terminal.String(), err)
		}
	}
	if err := n.firstAdmin(t.Context(), nil); err != nil || seen.Len() != 0 {
		t.Errorf("with an administrator: %v, %+v", err, seen.All())
	}
}
