// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package test

import (
	"errors"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// postgres is a server in a folder of its own, which listens on a socket there.
type postgres struct {
	dir, bin string
	process  *exec.Cmd // nil: it does not run
}

// newPostgres makes a server with an empty database and starts it.
func newPostgres(t *testing.T) *postgres {
	t.Helper()
	bins, _ := filepath.Glob("/usr/lib/postgresql/*/bin") // where Debian has them
	if _, err := exec.LookPath("setpriv"); err != nil || len(bins) == 0 {
		t.Skip("no PostgreSQL, or no setpriv to start it with (packages postgresql, util-linux)")
	}
	dir, err := os.MkdirTemp("", "culvert-pg-") //nolint:usetesting // of t.TempDir, the folder above would be root's alone
	if err != nil {
		t.Fatal(err)
	}
	p := &postgres{dir: dir, bin: bins[len(bins)-1]}
	t.Cleanup(func() {
		p.stop()
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if os.Geteuid() == 0 {
		p.must(t, exec.CommandContext(t.Context(), "chown", "nobody:nogroup", dir))
	}
	p.must(t, p.command("initdb", "--no-sync", "--auth=trust", "--username=culvert", "--encoding=UTF8", "-D", dir+"/data"))
	p.start(t)
	p.must(t, p.command("createdb", "-h", dir, "-U", "culvert", "gateway"))
	return p
}

// command runs a program of PostgreSQL as somebody who is not root, which it
// refuses, and ends it with the test, however that ends.
func (p *postgres) command(name string, args ...string) *exec.Cmd {
	set := []string{"--pdeathsig=QUIT"}
	if os.Geteuid() == 0 {
		set = append(set, "--reuid=nobody", "--regid=nogroup", "--clear-groups")
	}
	cmd := exec.Command("setpriv", slices.Concat(set, []string{"--", filepath.Join(p.bin, name)}, args)...)
	cmd.Dir = p.dir
	return cmd
}

func (p *postgres) must(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, said)
	}
}

func (p *postgres) start(t *testing.T) {
	t.Helper()
	p.process = p.command("postgres", "-D", p.dir+"/data", "-k", p.dir, "-c", "listen_addresses=", "-c", "fsync=off")
	if err := p.process.Start(); err != nil {
		t.Fatal(err)
	}
	for range 300 {
		if p.command("pg_isready", "-q", "-h", p.dir).Run() == nil {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatal("PostgreSQL does not start")
}

// stop is what a crash looks like to the gateway.
func (p *postgres) stop() {
	if p.process != nil {
		_ = p.process.Process.Signal(syscall.SIGQUIT)
		_ = p.process.Wait() // tells of the signal
		p.process = nil
	}
}

func (p *postgres) url() string {
	return "postgres:///gateway?user=culvert&password=s3cret&host=" + url.QueryEscape(p.dir)
}

// TestPostgres moves an installation to PostgreSQL, and takes that away for a
// while.
func TestPostgres(t *testing.T) {
	pg := newPostgres(t)
	p := newPlace(t)
	secret, file := filepath.Join(p.dir, "password"), filepath.Join(p.dir, "url")
	for path, text := range map[string]string{secret: honestPassword, file: pg.url()} {
		if err := os.WriteFile(path, []byte(text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p.mustRun(t, "admin", "create", "alice", "--email", "alice@example.com", "--password-file", secret)
	at := strings.TrimSpace(p.mustRun(t, "endpoint", "create", "--name", "moved"))
	p.mustRun(t, "migrate", "--to-file", file)

	// Who has lost the setting does not go on with the old data.
	g := p.launch(t)
	<-g.done
	if g.cmd.ProcessState.ExitCode() == 0 || !strings.Contains(g.stderr.String(), "CULVERT_DATABASE") {
		t.Errorf("without the setting:\n%s", g.stderr)
	}
	if _, errOut, code := p.run(t, "user", "list"); code == 0 || !strings.Contains(errOut, "CULVERT_DATABASE") {
		t.Errorf("user list: exit code %d, %s", code, errOut)
	}
	p.env = append(p.env, "CULVERT_DATABASE="+pg.url())
	if out := p.mustRun(t, "user", "list"); !strings.Contains(out, "alice") {
		t.Errorf("users:\n%s", out)
	}
	g = p.start(t)
	if out := p.mustRun(t, "endpoint", "list"); !strings.Contains(out, at) || !strings.Contains(out, "moved") {
		t.Errorf("endpoints:\n%s", out)
	}
	if _, errOut, code := p.run(t, "backup", "copy.db"); code == 0 || !strings.Contains(errOut, "pg_dump") {
		t.Errorf("backup: exit code %d, %s", code, errOut)
	}
	databaseAway(t, p, pg, at)
	g.stop(t)
	if strings.Contains(g.stderr.String(), "s3cret") {
		t.Errorf("the password is in the log:\n%s", g.stderr)
	}
}

// databaseAway: what is live goes on, changes are told to come back later, and
// soon after the database is there again they may.
func databaseAway(t *testing.T, p *place, pg *postgres, at string) {
	a := api{p.site(), &http.Client{Timeout: 30 * time.Second}}
	token, status, err := a.logIn(t.Context(), "", "alice", honestPassword)
	if status != http.StatusOK {
		t.Fatalf("%d, %v", status, err)
	}
	create := func() (int, error) {
		return a.post(t.Context(), "", token, "/endpoints", map[string]string{"name": "late"}, nil)
	}
	if status, err := create(); status != http.StatusCreated {
		t.Fatalf("%d, %v", status, err)
	}
	from, to := dial(t, at), dial(t, at)
	defer func() { _ = errors.Join(from.Close(), to.Close()) }()
	says := func(text string) {
		t.Helper()
		if err := errors.Join(to.SetReadDeadline(time.Now().Add(20*time.Second)), from.WriteMessage(websocket.TextMessage, []byte(text))); err != nil {
			t.Fatal(err)
		}
		if _, m, err := to.ReadMessage(); err != nil || string(m) != text {
			t.Fatalf("%q, %v", m, err)
		}
	}
	says("before")
	pg.stop()
	says("while it is away")
	if status, err := create(); status != http.StatusServiceUnavailable || err != nil {
		t.Errorf("a change while the database is away: %d, %v", status, err)
	}
	time.Sleep(3 * time.Second) // the recorder tries, and must not give up
	says("still")
	pg.start(t)
	back := time.Now()
	for status = 0; status != http.StatusCreated; time.Sleep(100 * time.Millisecond) {
		if status, err = create(); err != nil || time.Since(back) > 5*time.Second {
			t.Fatalf("%v after the database is back: %d, %v", time.Since(back), status, err)
		}
	}
	says("after")
}
