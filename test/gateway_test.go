// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package test

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/culvertd/culvert/internal/control"
)

// TestValidateTouchesNothing: reading a config must not need, or disturb, what
// the config is for.
func TestValidateTouchesNothing(t *testing.T) {
	p := newPlace(t)
	// The port is taken, so opening it would fail.
	ln, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", p.port))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	for _, args := range [][]string{{"validate"}, {"adapt"}, {"adapt", "--validate"}} {
		if _, errOut, code := p.run(t, args...); code != 0 {
			t.Errorf("culvert %v: exit code %d\n%s", args, code, errOut)
		}
	}
	files, err := os.ReadDir(p.dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		// Caddy itself makes its own folder there.
		if f.Name() != "Caddyfile" && f.Name() != "home" {
			t.Errorf("%s was made", f.Name())
		}
	}
	err = filepath.WalkDir(filepath.Join(p.dir, "home"), func(path string, d os.DirEntry, err error) error {
		if err == nil && strings.Contains(path, "culvert") {
			t.Errorf("%s was made", path)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestCommands(t *testing.T) {
	p := newPlace(t)
	list := func() (es []control.Endpoint) {
		t.Helper()
		if err := json.Unmarshal([]byte(p.mustRun(t, "endpoint", "list", "--json")), &es); err != nil {
			t.Fatal(err)
		}
		return es
	}
	prefix := strings.Replace(p.site(), "http", "ws", 1) + "/ws/"
	create := func(args ...string) string {
		t.Helper()
		url := p.mustRun(t, append([]string{"endpoint", "create"}, args...)...)
		id, ok := strings.CutPrefix(strings.TrimSuffix(url, "\n"), prefix)
		if !ok || !control.ValidID(id) {
			t.Fatalf("create printed %q", url)
		}
		return id
	}

	// Before there ever was a gateway.
	if out, errOut, code := p.run(t, "endpoint", "list"); code == 0 || out != "" || !strings.Contains(errOut, "culvert-data") {
		t.Errorf("list: exit code %d, %q, %q", code, out, errOut)
	}
	early := create("--name", "early")

	g := p.start(t)
	if want := "Listening on " + p.site() + " (control)\n"; !strings.HasPrefix(g.stdout.String(), want) {
		t.Errorf("notice:\n%s", g.stdout)
	}
	late := create("--name", "late", "--compression", "--origin", "https://a.example", "--max-message-size", "1KiB")
	es := list()
	if len(es) != 2 || es[0].ID != early || es[1].ID != late || !es[1].Settings.Compression ||
		es[1].Settings.MaxMessageSize != 1024 || es[1].Settings.Origins[0] != "https://a.example" {
		t.Errorf("%+v", es)
	}
	connect := func(id string) *websocket.Conn {
		t.Helper()
		c := dial(t, prefix+id)
		// What is wrong must fail here, not hang.
		if err := c.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
			t.Fatal(err)
		}
		return c
	}
	// Both are served: the one from before and the one from now.
	for _, id := range []string{early, late} {
		a, b := connect(id), connect(id)
		if err := a.WriteMessage(websocket.TextMessage, []byte("hello")); err != nil {
			t.Fatal(err)
		}
		if _, msg, err := b.ReadMessage(); err != nil || string(msg) != "hello" {
			t.Fatalf("%q, %v", msg, err)
		}
		_, _ = a.Close(), b.Close()
	}
	// Settings take effect on live connections.
	a, b := connect(early), connect(early)
	p.mustRun(t, "endpoint", "set", early, "--max-message-size", "10", "--name", "first")
	if err := a.WriteMessage(websocket.TextMessage, []byte("more than ten")); err != nil {
		t.Fatal(err)
	}
	if _, _, err := a.ReadMessage(); !websocket.IsCloseError(err, 1009) {
		t.Errorf("got %v, want 1009", err)
	}
	// Deleting tells why.
	p.mustRun(t, "endpoint", "delete", early)
	if _, _, err := b.ReadMessage(); !websocket.IsCloseError(err, 4410) {
		t.Errorf("got %v, want 4410", err)
	}
	_, _ = a.Close(), b.Close()

	g.stop(t)
	es = list()
	if len(es) != 1 || es[0].ID != late || es[0].Stats.MessagesOut != 1 || es[0].Stats.TotalConnections != 2 {
		t.Errorf("%+v", es)
	}
	if out := p.mustRun(t, "endpoint", "list"); !strings.Contains(out, prefix+late) || strings.Count(out, "\n") != 2 {
		t.Errorf("table:\n%s", out)
	}
	if out := p.mustRun(t, "endpoint", "log", late); strings.Count(out, "disconnected") != 2 || !strings.Contains(out, "127.0.0.1") {
		t.Errorf("log:\n%s", out)
	}
	p.mustRun(t, "endpoint", "set", late, "--origin", "", "--compression=false")
	if es := list(); len(es[0].Settings.Origins) != 0 || es[0].Settings.Compression {
		t.Errorf("%+v", es)
	}
	for _, args := range [][]string{
		{"endpoint", "delete", early},
		{"endpoint", "log", early},
		{"endpoint", "set", late},
		{"endpoint", "set", late, "--max-message-size", "much"},
		{"endpoint", "create", "--origin", "a.example"},
		{"endpoint", "create", "--name", "a\tb"},
		{"endpoint", "log", late, "--limit", "0"},
		{"endpoint", "delete"},
	} {
		if out, errOut, code := p.run(t, args...); code == 0 || out != "" || !strings.HasPrefix(errOut, "Error: ") {
			t.Errorf("culvert %v: exit code %d, %q, %q", args, code, out, errOut)
		}
	}
	// The same under the name that a Caddy built by xcaddy has.
	p.mustRun(t, "culvert", "endpoint", "delete", late)
}

// TestTermination: everybody is told to come back, not all at once, and the
// process does not wait for those who do not answer.
func TestTermination(t *testing.T) {
	p := newPlace(t)
	g := p.start(t)
	url := strings.TrimSpace(p.mustRun(t, "endpoint", "create"))

	const n = 1000
	clients := make([]*websocket.Conn, n)
	for i := range clients {
		clients[i] = dial(t, url)
	}
	closed := expectClose(t, clients)
	if d := g.stop(t); d > 3*time.Second {
		t.Errorf("took %v", d)
	}
	buckets := make([]int, 10)
	for _, c := range closed() {
		hint, ok := strings.CutPrefix(c.Text, "gateway restarting; retry-after=")
		after, err := strconv.ParseFloat(hint, 64)
		if c.Code != 1012 || !ok || err != nil || after < 0 || after > 10 {
			t.Fatalf("got %v", c)
		}
		buckets[min(int(after), 9)]++
	}
	for i, b := range buckets {
		if b < n/10/2 || b > n/10*2 {
			t.Errorf("%d of %d clients are to return in second %d", b, n, i)
		}
	}
	if _, err := os.Stat(filepath.Join(p.dir, "culvert-data", "control.sock")); err == nil {
		t.Error("the socket is still there")
	}

	g = p.start(t)
	for range 5 {
		silent := dial(t, url) // never reads, so it never answers
		defer func() { _ = silent.Close() }()
	}
	if d := g.stop(t); d > 7*time.Second {
		t.Errorf("took %v with silent clients", d)
	}
}

func TestTwoGatewaysOnOneFolder(t *testing.T) {
	p := newPlace(t)
	p.start(t)
	q := newPlace(t)
	q.env = append(q.env, "CULVERT_DATA="+filepath.Join(p.dir, "culvert-data"))
	second := q.launch(t)
	select {
	case <-second.done:
	case <-time.After(20 * time.Second):
		t.Fatal("the second gateway runs")
	}
	if code := second.cmd.ProcessState.ExitCode(); code == 0 {
		t.Error("exit code 0")
	}
	if out := second.stderr.String(); !strings.Contains(out, "in use by another gateway") ||
		!strings.Contains(out, filepath.Join(p.dir, "culvert-data")) {
		t.Errorf("stderr:\n%s", out)
	}
	// The first goes on.
	p.mustRun(t, "endpoint", "create")
}

// TestKill: what a crash leaves behind keeps nobody from starting again.
func TestKill(t *testing.T) {
	p := newPlace(t)
	g := p.start(t)
	url := strings.TrimSpace(p.mustRun(t, "endpoint", "create"))
	if err := g.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-g.done
	if out := p.mustRun(t, "endpoint", "list"); !strings.Contains(out, url) { // with a stale socket there
		t.Errorf("list:\n%s", out)
	}
	p.start(t)
	if err := dial(t, url).Close(); err != nil {
		t.Error(err)
	}
}
