// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package xcaddy

import (
	"bytes"
	"context"
	"debug/buildinfo"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/culvertd/culvert/test/process"
)

// root is the top folder of the repository, seen from this package.
const root = "../.."

// drivers are the SQLite modules that a build may hold, by its CGO_ENABLED.
var drivers = map[string]string{
	"1": "github.com/mattn/go-sqlite3",
	"0": "modernc.org/sqlite",
}

func TestCheckoutCommands(t *testing.T) {
	if os.Getenv("CULVERT_XCADDY") == "" {
		t.Skip("compiles Caddy twice; set CULVERT_XCADDY=1")
	}
	commands := checkoutCommands(t)
	path := buildXcaddy(t) + string(os.PathListSeparator) + os.Getenv("PATH")
	for cgo, driver := range drivers {
		t.Run("cgo="+cgo, func(t *testing.T) {
			if cc, err := exec.LookPath("cc"); cgo == "1" && err != nil {
				t.Skip("no C compiler")
			} else if cgo == "1" {
				t.Logf("C compiler: %s", cc)
			}
			command, ok := commands["CGO_ENABLED="+cgo]
			if !ok {
				t.Fatalf("xcaddy.txt has no command with CGO_ENABLED=%s for a checkout", cgo)
			}
			binary := filepath.Join(t.TempDir(), "caddy")
			run(t, []string{"PATH=" + path}, "bash", "-c", command+" --output "+binary)
			checkBuild(t, binary, cgo, driver)
			checkMessage(t, binary)
		})
	}
}

// checkoutCommands reads the lines of xcaddy.txt that build the working tree,
// by their first word.
func checkoutCommands(t *testing.T) map[string]string {
	text, err := os.ReadFile(filepath.Join(root, "xcaddy.txt"))
	if err != nil {
		t.Fatal(err)
	}
	commands := map[string]string{}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "CGO_ENABLED=") && strings.HasSuffix(line, "=.") {
			first, _, _ := strings.Cut(line, " ")
			commands[first] = line
		}
	}
	return commands
}

// buildXcaddy builds the pinned xcaddy and returns the folder it is in.
func buildXcaddy(t *testing.T) string {
	dir := t.TempDir()
	run(t, nil, "go", "build", "-modfile=tools/go.mod", "-buildvcs=false",
		"-o", filepath.Join(dir, "xcaddy"), "github.com/caddyserver/xcaddy/cmd/xcaddy")
	return dir
}

// run runs a program in the top folder and fails the test, with what the
// program said last, if it fails.
func run(t *testing.T, env []string, name string, args ...string) {
	t.Helper()
	start := time.Now()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", cmd, err, out[max(0, len(out)-8192):])
	}
	t.Logf("%s (%.0f s)", strings.Join(append([]string{name}, args...), " "), time.Since(start).Seconds())
}

// checkBuild looks into the binary: the Caddy that was asked for, and the one
// SQLite driver that it should have.
func checkBuild(t *testing.T, binary, cgo, driver string) {
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		t.Fatal(err)
	}
	linked := map[string]string{}
	for _, dep := range info.Deps {
		linked[dep.Path] = dep.Version
	}
	if got := linked["github.com/caddyserver/caddy/v2"]; got != "v2.11.9" {
		t.Errorf("Caddy is %q", got)
	}
	for _, d := range drivers {
		if _, ok := linked[d]; ok != (d == driver) {
			t.Errorf("with cgo %s the binary holds %s: %t", cgo, d, ok)
		}
	}
}

// checkMessage starts the binary with the example Caddyfile, makes an endpoint
// and passes a text and a binary message through it.
func checkMessage(t *testing.T, binary string) {
	addr := fmt.Sprintf("127.0.0.1:%d", process.FreePort(t))
	home := t.TempDir()
	env := append(os.Environ(),
		"CULVERT_SITE=http://"+addr,
		"CULVERT_DATA="+filepath.Join(home, "data"),
		"CULVERT_RELAY=127.0.0.1:0",
		fmt.Sprintf("CADDY_ADMIN=127.0.0.1:%d", process.FreePort(t)),
		"HOME="+home, "XDG_DATA_HOME="+home, "XDG_CONFIG_HOME="+home,
	)
	start(t, binary, env, addr)

	create := exec.CommandContext(t.Context(), binary, "culvert", "endpoint", "create")
	create.Dir, create.Env = root, env
	var stderr bytes.Buffer
	create.Stderr = &stderr
	out, err := create.Output()
	if err != nil {
		t.Fatalf("endpoint create: %v\n%s", err, &stderr)
	}
	url := strings.TrimSpace(string(out))
	if !strings.HasPrefix(url, "ws://"+addr+"/ws/") {
		t.Fatalf("endpoint create printed %q", out)
	}

	alice, bob := dial(t, url), dial(t, url)
	for _, m := range []struct {
		kind     int
		text     string
		from, to *websocket.Conn
	}{
		{websocket.TextMessage, "hello from Alice ✓", alice, bob},
		{websocket.BinaryMessage, "\x00\xff binary from Bob", bob, alice},
	} {
		if err := m.from.WriteMessage(m.kind, []byte(m.text)); err != nil {
			t.Fatal(err)
		}
		kind, got, err := m.to.ReadMessage()
		if err != nil || kind != m.kind || string(got) != m.text {
			t.Fatalf("got type %d, %q, %v; want type %d, %q", kind, got, err, m.kind, m.text)
		}
	}
}

// start runs the gateway until the test ends, and returns when it accepts
// connections.
func start(t *testing.T, binary string, env []string, addr string) {
	var log bytes.Buffer
	cmd := exec.Command(binary, "run", "--config", "Caddyfile.example", "--adapter", "caddyfile")
	cmd.Dir, cmd.Env = root, env
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan error, 1)
	go func() { exited <- cmd.Wait() }()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		select {
		case err := <-exited:
			if err != nil {
				t.Errorf("after SIGTERM: %v", err)
			}
		case <-time.After(30 * time.Second):
			_ = cmd.Process.Kill()
			<-exited
			t.Error("still running 30 s after SIGTERM")
		}
		if t.Failed() {
			t.Logf("the gateway said:\n%s", &log)
		}
	})
	for deadline := time.Now().Add(30 * time.Second); ; {
		conn, err := net.DialTimeout("tcp", addr, time.Second)
		if err == nil {
			_ = conn.Close()
			return
		}
		select {
		case err := <-exited:
			exited <- err
			t.Fatalf("the gateway ended at once: %v", err)
		case <-time.After(50 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			t.Fatalf("nothing listens on %s after 30 s: %v", addr, err)
		}
	}
}

func dial(t *testing.T, url string) *websocket.Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	conn, resp, err := websocket.DefaultDialer.DialContext(ctx, url, nil)
	if err != nil {
		t.Fatalf("dialing %s: %v", url, err)
	}
	_ = resp.Body.Close()
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return conn
}
