// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package process

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// GatewayConfig says how to run a gateway.
type GatewayConfig struct {
	Programs Programs
	// Wrap is what stands before each command, such as ip netns exec NAME.
	Wrap []string
	// Host is where it listens and what clients are told; default 127.0.0.1.
	Host string
	// Port and RelayPort; zero takes free ones of this machine.
	Port, RelayPort int
	NoRelay         bool
	Culvert         string // more lines of the global option culvert
	Global          string // more global options
	Sites           string // more sites
}

// Gateway is a gateway that can be stopped and started again.
type Gateway struct {
	*Process
	Config GatewayConfig

	dir   string
	env   []string
	admin int
}

// StartGateway writes a Caddyfile, runs the gateway and waits until it
// answers.
func StartGateway(t testing.TB, c GatewayConfig) *Gateway {
	t.Helper()
	if c.Host == "" {
		c.Host = "127.0.0.1"
	}
	if c.Port == 0 {
		c.Port = FreePort(t)
	}
	if c.RelayPort == 0 {
		c.RelayPort = FreePort(t)
	}
	g := &Gateway{Config: c, dir: t.TempDir(), admin: FreePort(t)}
	g.env = Environment(filepath.Join(g.dir, "home"))
	g.Write(t, c.Culvert)
	g.Start(t)
	return g
}

// URL is the gateway's address for browsers and clients.
func (g *Gateway) URL() string { return fmt.Sprintf("http://%s:%d", g.Config.Host, g.Config.Port) }

// Write writes the Caddyfile, with more lines of the global option.
func (g *Gateway) Write(t testing.TB, lines string) {
	t.Helper()
	relay := fmt.Sprintf("relay %s:%d", g.Config.Host, g.Config.RelayPort)
	if g.Config.NoRelay {
		relay = ""
	}
	text := fmt.Sprintf("{\nadmin localhost:%d\npersist_config off\n%s\nculvert {\nsite %s\ndata %s\n%s\n%s\n}\n}\n%s {\nculvert\n}\n%s\n",
		g.admin, g.Config.Global, g.URL(), filepath.Join(g.dir, "data"), relay, lines, g.URL(), g.Config.Sites)
	if err := os.WriteFile(g.caddyfile(), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (g *Gateway) caddyfile() string { return filepath.Join(g.dir, "Caddyfile") }

// Start runs the gateway, again after Kill or a stop.
func (g *Gateway) Start(t testing.TB) {
	t.Helper()
	g.Process = Start(t, g.env, g.command("run", "--config", g.caddyfile(), "--adapter", "caddyfile"))
	g.Says(t, "Documentation", 30*time.Second) // the notice is the last thing to come
}

// Reload puts the Caddyfile in force, as an operator does.
func (g *Gateway) Reload(t testing.TB) {
	t.Helper()
	g.Command(t, "reload", "--config", g.caddyfile(), "--adapter", "caddyfile", "--address", fmt.Sprintf("localhost:%d", g.admin), "--force")
}

// Admin returns a page of Caddy's admin API.
func (g *Gateway) Admin(t testing.TB, path string) []byte {
	t.Helper()
	resp, err := http.Get(fmt.Sprintf("http://localhost:%d%s", g.admin, path))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v", path, resp.Status, err)
	}
	return b
}

// Token makes a client token; an empty client leaves the name open.
func (g *Gateway) Token(t testing.TB, client string) string {
	t.Helper()
	args := []string{"client", "token", "create", "--data", filepath.Join(g.dir, "data")}
	if client != "" {
		args = append(args, "--client", client)
	}
	return strings.TrimSpace(g.Command(t, args...))
}

// Data runs a command of the gateway on its data folder.
func (g *Gateway) Data(t testing.TB, args ...string) string {
	t.Helper()
	return g.Command(t, append(args, "--data", filepath.Join(g.dir, "data"))...)
}

// Command runs a command of the gateway and returns what it prints.
func (g *Gateway) Command(t testing.TB, args ...string) string {
	t.Helper()
	argv := g.command(args...)
	cmd := exec.CommandContext(t.Context(), argv[0], argv[1:]...)
	cmd.Env = g.env
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", strings.Join(args, " "), err, out, stderr.Bytes())
	}
	return string(out)
}

// Answers reports whether HTTP gets an answer.
func (g *Gateway) Answers() bool {
	resp, err := http.Get(g.URL() + "/ws/none")
	if err != nil {
		return false
	}
	_ = resp.Body.Close()
	return true
}

func (g *Gateway) command(args ...string) []string {
	argv := append([]string(nil), g.Config.Wrap...)
	return append(append(argv, g.Config.Programs.Culvert), args...)
}

// FreePort returns a port that nobody listens on, and never the same one twice:
// Caddy's listeners share ports (SO_REUSEPORT), so two of them on one port
// would each get a part of the other's connections. It is not one that a
// connection gets by itself (on Linux 32768 and more): what else runs on this
// machine might have it before it is used.
func FreePort(t testing.TB) int {
	t.Helper()
	const lowest, highest = 12000, 32000
	for range 1000 {
		port := lowest + rand.IntN(highest-lowest)
		ln, err := net.Listen("tcp", fmt.Sprintf(":%d", port))
		if err != nil {
			continue
		}
		_ = ln.Close()
		if _, again := given.LoadOrStore(port, true); !again {
			return port
		}
	}
	t.Fatalf("no port from %d to %d is free", lowest, highest)
	return 0
}

var given sync.Map // of int: what FreePort has returned
