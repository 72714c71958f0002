// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// server is the PostgreSQL that TestMain starts; nil if there is none.
var server *postgres

// postgres is a server in a temporary folder, which listens on a socket there.
type postgres struct {
	dir, bin  string
	process   *exec.Cmd
	said      bytes.Buffer
	databases atomic.Int64
}

// writerEnv is set in a process that TestPowerCut starts.
const writerEnv = "CULVERT_TEST_WRITER"

// template is a database with all tables, of which the others are copies.
const template = "template_culvert"

func TestMain(m *testing.M) {
	if os.Getenv(writerEnv) != "" {
		os.Exit(m.Run())
	}
	os.Exit(testMain(m))
}

func testMain(m *testing.M) int {
	bin, why := findPostgres()
	if why != "" {
		fmt.Println("SKIP store tests on PostgreSQL:", why)
		return m.Run()
	}
	p, err := newPostgres(context.Background(), bin)
	if err != nil {
		log.Print("starting PostgreSQL: ", err)
		return 1
	}
	server = p
	defer p.remove()
	return m.Run()
}

// findPostgres looks where Debian puts the programs, and in the path.
func findPostgres() (bin, why string) {
	dirs, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	sort.Sort(sort.Reverse(sort.StringSlice(dirs)))
	if path, err := exec.LookPath("initdb"); err == nil {
		dirs = append(dirs, filepath.Dir(path))
	}
	for _, dir := range dirs {
		if _, err := os.Stat(filepath.Join(dir, "postgres")); err != nil {
			continue
		}
		if _, err := exec.LookPath("setpriv"); err != nil && os.Geteuid() == 0 {
			return "", "it refuses root, and there is no setpriv"
		}
		return dir, ""
	}
	return "", "no initdb and postgres (package postgresql)"
}

func newPostgres(ctx context.Context, bin string) (*postgres, error) {
	dir, err := os.MkdirTemp("", "culvert-pg-") // short: the path of a socket has 107 bytes
	if err != nil {
		return nil, err
	}
	p := &postgres{dir: dir, bin: bin}
	if os.Geteuid() == 0 {
		if err := exec.CommandContext(ctx, "chown", "nobody:nogroup", dir).Run(); err != nil {
			return nil, err
		}
	}
	err = p.run(ctx, "initdb", "--no-sync", "--auth=trust", "--username=culvert", "--encoding=UTF8",
		"--locale=C.UTF-8", "-D", filepath.Join(dir, "data"))
	if err == nil {
		err = p.start(ctx)
	}
	if err == nil {
		err = p.makeTemplate(ctx)
	}
	if err != nil {
		p.remove()
		return nil, err
	}
	return p, nil
}

// start waits until the server answers.
func (p *postgres) start(ctx context.Context) error {
	p.said.Reset()
	p.process = p.command(ctx, "postgres", "-D", filepath.Join(p.dir, "data"), "-k", p.dir,
		"-c", "listen_addresses=", "-c", "max_connections=200", "-c", "fsync=off")
	p.process.Stdout, p.process.Stderr = &p.said, &p.said
	if err := p.process.Start(); err != nil {
		return err
	}
	var err error
	for range 600 {
		if err = p.run(ctx, "pg_isready", "-q", "-h", p.dir); err == nil {
			return nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	return errors.Join(err, p.stop(), errors.New(p.said.String()))
}

// stop is what a crash looks like to clients.
func (p *postgres) stop() error {
	if p.process == nil {
		return nil
	}
	err := p.process.Process.Signal(syscall.SIGQUIT)
	_ = p.process.Wait() // tells of the signal
	p.process = nil
	return err
}

func (p *postgres) remove() {
	if err := errors.Join(p.stop(), os.RemoveAll(p.dir)); err != nil {
		log.Print("stopping PostgreSQL: ", err)
	}
}

func (p *postgres) run(ctx context.Context, name string, args ...string) error {
	if said, err := p.command(ctx, name, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, said)
	}
	return nil
}

// command is a program of PostgreSQL, run by somebody who is not root, and ended
// with the tests, however these end.
func (p *postgres) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	args = append([]string{filepath.Join(p.bin, name)}, args...)
	if _, err := exec.LookPath("setpriv"); err == nil {
		set := []string{"setpriv", "--pdeathsig=QUIT"}
		if os.Geteuid() == 0 {
			set = append(set, "--reuid=nobody", "--regid=nogroup", "--clear-groups")
		}
		args = append(append(set, "--"), args...)
	}
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Dir = p.dir
	return cmd
}

func (p *postgres) url(database string) string {
	return "postgres:///" + database + "?user=culvert&host=" + url.QueryEscape(p.dir)
}

func (p *postgres) makeTemplate(ctx context.Context) error {
	if err := p.create(ctx, template, "template0"); err != nil {
		return err
	}
	s, err := Open(ctx, p.url(template))
	if err != nil {
		return err
	}
	return s.Close()
}

func (p *postgres) create(ctx context.Context, name, from string) error {
	return p.run(ctx, "createdb", "-h", p.dir, "-U", "culvert", "-T", from, name)
}

// newDatabase returns the address of a database with all tables and nothing in
// them.
func (p *postgres) newDatabase(t testing.TB) string {
	t.Helper()
	name := fmt.Sprintf("test%d", p.databases.Add(1))
	if err := p.create(t.Context(), name, template); err != nil {
		t.Fatal(err)
	}
	return p.url(name)
}

// onBoth runs a test on either database; newDSN gives the address of another
// empty one.
func onBoth(t *testing.T, test func(t *testing.T, newDSN func() string)) {
	t.Parallel()
	each(t, test)
}

func each(t *testing.T, test func(t *testing.T, newDSN func() string)) {
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		test(t, func() string { return filepath.Join(t.TempDir(), "culvert.db") })
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		if server == nil {
			t.Skip("no PostgreSQL")
		}
		t.Parallel()
		test(t, func() string { return server.newDatabase(t) })
	})
}

// withStore runs a test on an empty store of either database.
func withStore(t *testing.T, test func(t *testing.T, s *Store)) {
	onBoth(t, func(t *testing.T, newDSN func() string) { test(t, openStore(t, newDSN())) })
}
