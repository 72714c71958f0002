// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

const packages = "../node" // those of npm

// line is what a script says: a problem, a measurement, or what it wants done
// to the gateway.
type line struct {
	Problem string
	Log     string
	Name    string
	Value   float64
	Result  json.RawMessage
	Do      string
}

// said is all that a script has said.
type said struct {
	values map[string]float64
	result json.RawMessage
}

// play runs a script against a gateway. Everything else that it needs to know
// is in args, as JSON.
func play(t *testing.T, g *gateway, script string, args any) said {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	defer cancel()
	config, err := json.Marshal(args)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, find(t, "node"), script, browser(t), g.site, string(config))
	stdin, inErr := cmd.StdinPipe()
	stdout, outErr := cmd.StdoutPipe()
	// The script ends what it has started.
	cmd.Cancel, cmd.WaitDelay = func() error { return cmd.Process.Signal(syscall.SIGTERM) }, 10*time.Second
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := errors.Join(inErr, outErr, cmd.Start()); err != nil {
		t.Fatal(err)
	}
	s := said{values: map[string]float64{}}
	for dec := json.NewDecoder(stdout); ; {
		var l line
		if err := dec.Decode(&l); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("%s: %v", script, err)
		}
		s.hear(t, g, stdin, l)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%s: %v\n%s\nculvert said:\n%s", script, err, &stderr, &g.log)
	}
	return s
}

func (s *said) hear(t *testing.T, g *gateway, stdin io.Writer, l line) {
	t.Helper()
	switch {
	case l.Problem != "":
		t.Error(l.Problem)
	case l.Log != "":
		t.Log(l.Log)
	case l.Name != "":
		t.Logf("%s: %.4g", l.Name, l.Value)
		s.values[l.Name] = l.Value
	case l.Result != nil:
		s.result = l.Result
	case l.Do == "reload":
		g.run(t, "reload", "--force")
	case l.Do == "kill":
		g.stop(t, syscall.SIGKILL)
	case l.Do == "start":
		g.start(t)
	default:
		t.Fatalf("a script says %+v", l)
	}
	if l.Do != "" {
		if _, err := fmt.Fprintln(stdin, "done"); err != nil {
			t.Fatal(err)
		}
	}
}

// atMost fails if something was not measured, so a script cannot leave it out.
func (s *said) atMost(t *testing.T, name string, limit float64) {
	t.Helper()
	switch v, ok := s.values[name]; {
	case !ok:
		t.Errorf("%s was not measured", name)
	case v > limit:
		t.Errorf("%s: %.4g, at most %.4g", name, v, limit)
	}
}

func browser(t *testing.T) string {
	t.Helper()
	install(t)
	return find(t, "chromium", "chromium-browser", "google-chrome")
}

// find skips the test if none of the programs is there.
func find(t *testing.T, names ...string) string {
	t.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skipf("SKIPPED: no %s on this machine; with it, this test shows that the web interface works", names[0])
	return ""
}

// install runs npm ci unless what the lock file says is there already.
func install(t *testing.T) {
	t.Helper()
	lock, err := os.Stat(filepath.Join(packages, "package-lock.json"))
	if err != nil {
		t.Fatal(err)
	}
	// npm writes this file last.
	if done, err := os.Stat(filepath.Join(packages, "node_modules", ".package-lock.json")); err == nil && done.ModTime().After(lock.ModTime()) {
		return
	}
	cmd := exec.CommandContext(t.Context(), find(t, "npm"), "ci", "--no-fund", "--no-audit")
	cmd.Dir = packages
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("npm ci: %v\n%s", err, out)
	}
}
