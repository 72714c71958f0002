// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package interop

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/culvertd/culvert/test/process"
)

// gateway is a running culvert, as a user would start it: the binary with
// Caddyfile.example.
type gateway struct {
	binary string
	env    []string
}

// startGateway builds culvert, runs it in a folder of its own, and stops it
// with the test.
func startGateway(t *testing.T) *gateway {
	t.Helper()
	dir := t.TempDir()
	port := process.FreePort(t)
	g := &gateway{
		binary: filepath.Join(dir, "culvert"),
		env: append(os.Environ(),
			fmt.Sprintf("CULVERT_SITE=http://localhost:%d", port),
			"CULVERT_DATA="+filepath.Join(dir, "data"),
			"CULVERT_RELAY=127.0.0.1:0",
			// Caddy's own files, and the address of its admin API, must not
			// be shared with a gateway that runs on this machine.
			"XDG_CONFIG_HOME="+dir, "XDG_DATA_HOME="+dir,
			fmt.Sprintf("CADDY_ADMIN=localhost:%d", process.FreePort(t)),
		),
	}
	// The flags of ci/env.sh, so that Caddy is compiled once for all.
	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-tags=nobadger,nomysql,nopgx", "-o", g.binary, "../../cmd/culvert")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building culvert: %v\n%s", err, out)
	}
	var log bytes.Buffer
	run := g.command("run", "--config", "../../Caddyfile.example")
	run.Stdout, run.Stderr = &log, &log
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = run.Process.Signal(syscall.SIGTERM) // if it is gone, Wait says why
		kill := time.AfterFunc(20*time.Second, func() { _ = run.Process.Kill() })
		defer kill.Stop()
		if err := run.Wait(); err != nil {
			t.Errorf("culvert ended with %v", err)
		}
		if t.Failed() {
			t.Logf("culvert said:\n%s", log.Bytes())
		}
	})
	for end := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		// Whatever the answer, there is one.
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, fmt.Sprintf("http://localhost:%d/ws/none", port), nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.DefaultClient.Do(req)
		if err == nil {
			res.Body.Close()
			break
		}
		if time.Now().After(end) {
			t.Fatalf("culvert does not listen: %v", err)
		}
	}
	return g
}

// endpoint creates an endpoint and returns its URL, which is all that the
// command prints.
func (g *gateway) endpoint(t *testing.T, flags ...string) string {
	t.Helper()
	data := filepath.Join(filepath.Dir(g.binary), "data")
	cmd := g.command(append([]string{"endpoint", "create", "--data", data}, flags...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("creating an endpoint: %v\n%s", err, stderr.Bytes())
	}
	return strings.TrimSpace(string(out))
}

// command is not bound to the test's context, which ends before clean-up can
// stop the gateway properly.
func (g *gateway) command(args ...string) *exec.Cmd {
	cmd := exec.Command(g.binary, args...)
	cmd.Env = g.env
	return cmd
}
