// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package test

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

	programs "github.com/culvertd/culvert/test/process"
)

// built compiles cmd/culvert once and returns its path.
var built = sync.OnceValues(func() (string, error) {
	path := filepath.Join(home, "culvert") // TestMain removes it
	out, err := exec.Command("go", "build", "-o", path, "../cmd/culvert").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("building: %w\n%s", err, out)
	}
	return path, nil
})

// place is a folder of its own for gateways and commands, as a user has it.
type place struct {
	dir  string
	port int
	env  []string
}

func newPlace(t *testing.T) *place {
	t.Helper()
	p := &place{dir: t.TempDir(), port: programs.FreePort(t)}
	example, err := os.ReadFile("../Caddyfile.example")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(p.dir, "Caddyfile"), example, 0o600); err != nil {
		t.Fatal(err)
	}
	p.env = programs.Environment(filepath.Join(p.dir, "home"),
		// Two gateways would otherwise meet at the admin endpoint.
		fmt.Sprintf("CADDY_ADMIN=127.0.0.1:%d", programs.FreePort(t)),
		"CULVERT_SITE="+p.site(), "CULVERT_RELAY=127.0.0.1:0")
	return p
}

func (p *place) site() string { return fmt.Sprintf("http://127.0.0.1:%d", p.port) }

func (p *place) command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	bin, err := built()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), bin, args...)
	cmd.Dir, cmd.Env = p.dir, p.env
	return cmd
}

// run returns what a command prints, and how it ended.
func (p *place) run(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errOut bytes.Buffer
	cmd := p.command(t, args...)
	cmd.Stdout, cmd.Stderr = &out, &errOut
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return out.String(), errOut.String(), cmd.ProcessState.ExitCode()
}

// mustRun is run for a command that has to succeed.
func (p *place) mustRun(t *testing.T, args ...string) string {
	t.Helper()
	out, errOut, code := p.run(t, args...)
	if code != 0 || errOut != "" {
		t.Fatalf("culvert %s: exit code %d\n%s", strings.Join(args, " "), code, errOut)
	}
	return out
}

// process is a gateway that runs.
type process struct {
	cmd    *exec.Cmd
	stdout *buffer
	stderr *buffer
	done   chan struct{} // closed when it has ended
}

// start runs the gateway and waits until it answers.
func (p *place) start(t *testing.T) *process {
	t.Helper()
	g := p.launch(t)
	deadline := time.Now().Add(20 * time.Second)
	for {
		resp, err := http.Get(p.site() + "/ws/x")
		if err == nil {
			_ = resp.Body.Close()
			// The notice is the last thing to come.
			if resp.StatusCode == http.StatusNotFound && strings.Contains(g.stdout.String(), "Documentation") {
				return g
			}
		}
		select {
		case <-g.done:
			t.Fatalf("the gateway has ended\n%s", g.stderr)
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			t.Fatalf("the gateway does not answer: %v\n%s", err, g.stderr)
		}
	}
}

// launch runs the gateway; it is killed with the test, if it still runs.
func (p *place) launch(t *testing.T) *process {
	t.Helper()
	g := &process{cmd: p.command(t, "run"), stdout: new(buffer), stderr: new(buffer), done: make(chan struct{})}
	g.cmd.Stdout, g.cmd.Stderr = g.stdout, g.stderr
	if err := g.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(g.done)
		_ = g.cmd.Wait() // the exit code says it
	}()
	t.Cleanup(func() {
		_ = g.cmd.Process.Kill()
		<-g.done
	})
	return g
}

// stop sends SIGTERM and returns how long the process took to end well.
func (g *process) stop(t *testing.T) time.Duration {
	t.Helper()
	began := time.Now()
	if err := g.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case <-g.done:
	case <-time.After(30 * time.Second):
		t.Fatalf("the gateway has not ended\n%s", g.stderr)
	}
	if code := g.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("exit code %d\n%s", code, g.stderr)
	}
	return time.Since(began)
}

// buffer is a bytes.Buffer for two goroutines.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
