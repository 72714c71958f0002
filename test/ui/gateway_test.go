// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/culvertd/culvert/test/process"
)

const password = "rain on the old roof"

var programs string // the folder with what was built

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "culvert-ui")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	programs = dir
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// build compiles both programs once.
var build = sync.OnceValue(func() error {
	_, err := process.Build(programs)
	return err
})

// gateway is a culvert that runs as a user would start it, in a folder of its
// own.
type gateway struct {
	dir  string
	site string
	env  []string
	cmd  *exec.Cmd
	log  process.Buffer
}

// newGateway prepares one without starting it.
func newGateway(t *testing.T) *gateway {
	t.Helper()
	if err := build(); err != nil {
		t.Fatal(err)
	}
	port, public := process.FreePort(t), process.FreePort(t)
	g := &gateway{dir: t.TempDir(), site: fmt.Sprintf("http://localhost:%d", port)}
	example, err := os.ReadFile("../../Caddyfile.example")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(g.dir, "Caddyfile"), example, 0o600); err != nil {
		t.Fatal(err)
	}
	g.env = process.Environment(g.dir, fmt.Sprintf("CADDY_ADMIN=localhost:%d", process.FreePort(t)),
		"CULVERT_SITE="+g.site, "CULVERT_RELAY=127.0.0.1:0",
		fmt.Sprintf("CULVERT_PUBLISH_SITE=http://*.apps.localhost:%d, http://:%[1]d", port),
		fmt.Sprintf("CULVERT_PORTS=%d-%[1]d", public))
	return g
}

// withAdmin makes the administrator alice.
func (g *gateway) withAdmin(t *testing.T) *gateway {
	t.Helper()
	file := filepath.Join(g.dir, "password")
	if err := os.WriteFile(file, []byte(password), 0o600); err != nil {
		t.Fatal(err)
	}
	g.run(t, "admin", "create", "alice", "--email", "alice@example.com", "--password-file", file)
	return g
}

// run returns what a command prints.
func (g *gateway) run(t *testing.T, args ...string) string {
	t.Helper()
	cmd := g.command(args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("culvert %s: %v\n%s", strings.Join(args, " "), err, &stderr)
	}
	return strings.TrimSpace(string(out))
}

// command is not bound to the test's context, which ends before the gateway is
// stopped.
func (g *gateway) command(args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(programs, "culvert"), args...)
	cmd.Dir, cmd.Env = g.dir, g.env
	return cmd
}

// start runs it until the test ends or it is killed.
func (g *gateway) start(t *testing.T) *gateway {
	t.Helper()
	g.cmd = g.command("run")
	g.cmd.Stdout, g.cmd.Stderr = &g.log, &g.log
	if err := g.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.stop(t, syscall.SIGTERM) })
	for end := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		res, err := http.Get(g.site + "/api/v1/site")
		if err == nil {
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return g
			}
		}
		if time.Now().After(end) {
			t.Fatalf("culvert does not answer: %v", err)
		}
	}
}

// setup returns the link that makes the first administrator. The gateway leaves
// it when all of it has started, which may be a moment after the site answers.
func (g *gateway) setup(t *testing.T) string {
	t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		link, err := os.ReadFile(filepath.Join(g.dir, "culvert-data", "first-admin"))
		if err == nil && strings.HasSuffix(string(link), "\n") {
			return strings.TrimSpace(string(link))
		}
		if time.Now().After(end) {
			t.Fatalf("no link for the first administrator: %v", err)
		}
	}
}

// stop ends it, if it still runs.
func (g *gateway) stop(t *testing.T, signal os.Signal) {
	t.Helper()
	if g.cmd.ProcessState != nil {
		return
	}
	_ = g.cmd.Process.Signal(signal) // if it is gone, Wait says why
	kill := time.AfterFunc(20*time.Second, func() { _ = g.cmd.Process.Kill() })
	defer kill.Stop()
	err := g.cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !(signal == syscall.SIGKILL && errors.As(err, &exit)) {
		t.Errorf("culvert ended with %v\n%s", err, &g.log)
	}
}
