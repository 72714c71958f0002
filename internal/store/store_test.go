// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// newStore opens a store in a folder of its own, closed at the test's end.
func newStore(t testing.TB) *Store {
	t.Helper()
	return openStore(t, filepath.Join(t.TempDir(), "culvert.db"))
}

func openStore(t testing.TB, path string) *Store {
	t.Helper()
	s, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// testID is the i-th id, of 22 characters as the real ones.
func testID(i int) string { return fmt.Sprintf("endpoint-%013d", i) }

func createEndpoint(t testing.TB, s *Store, id string) {
	t.Helper()
	if err := s.CreateEndpoint(t.Context(), Endpoint{ID: id}); err != nil {
		t.Fatal(err)
	}
}

func TestOpenFileMode(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("no such modes")
	}
	path := filepath.Join(t.TempDir(), "culvert.db")
	openStore(t, path)
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != 0o600 {
			t.Errorf("%s has mode %o, want 600", filepath.Base(name), got)
		}
	}
}

func TestOpenPaths(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"plain.db", "a b.db", "q?mode=memory.db", "hash#.db", "per%20cent.db", "端点.db"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), name)
			openStore(t, path)
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			if info.Size() == 0 {
				t.Error("the database is elsewhere: the file is empty")
			}
		})
	}
}

func TestOpenErrors(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	garbage := filepath.Join(dir, "garbage.db")
	if err := os.WriteFile(garbage, []byte(strings.Repeat("not a database ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), filepath.Join(dir, "missing", "culvert.db")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing folder: %v", err)
	}
	for _, path := range []string{garbage, dir} {
		if s, err := Open(t.Context(), path); err == nil {
			t.Errorf("opened %s", path)
			s.Close()
		}
	}
}

func TestPragmas(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	tests := []struct {
		pool         *sql.DB
		name, pragma string
		want         string
	}{
		{s.writers, "writer", "journal_mode", "wal"},
		{s.writers, "writer", "synchronous", "2"}, // FULL
		{s.writers, "writer", "foreign_keys", "1"},
		{s.writers, "writer", "busy_timeout", "5000"},
		{s.writers, "writer", "query_only", "0"},
		{s.readers, "reader", "journal_mode", "wal"},
		{s.readers, "reader", "busy_timeout", "5000"},
		{s.readers, "reader", "query_only", "1"},
	}
	for _, tt := range tests {
		var got string
		if err := tt.pool.QueryRow("PRAGMA " + tt.pragma).Scan(&got); err != nil || got != tt.want {
			t.Errorf("%s of the %s is %q, want %q (%v)", tt.pragma, tt.name, got, tt.want, err)
		}
	}
	if _, err := s.readers.Exec(sqlUpsertMeta, "k", "v"); err == nil {
		t.Error("a reader wrote")
	}
}

// TestImmediate shows that a transaction has the write lock from its start.
func TestImmediate(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "culvert.db")
	s := openStore(t, path)
	impatient, err := sql.Open(driverName, dsn(path, []pragma{{"busy_timeout", "0"}}))
	if err != nil {
		t.Fatal(err)
	}
	defer impatient.Close()
	write := func() error {
		_, err := impatient.Exec(sqlUpsertMeta, "k", "v")
		return err
	}
	if err := write(); err != nil {
		t.Fatal(err)
	}
	err = s.inTx(t.Context(), func(conn) error { return write() })
	if err == nil || !strings.Contains(err.Error(), "locked") {
		t.Errorf("writing during a transaction: %v, want: locked", err)
	}
}

// TestConcurrent lets writers and readers of two stores on one file, as two
// processes would be, go at it together: none may see "database is locked",
// and nothing may get lost.
func TestConcurrent(t *testing.T) { onBoth(t, testConcurrent) }

func testConcurrent(t *testing.T, newDSN func() string) {
	path := newDSN()
	stores := []*Store{openStore(t, path), openStore(t, path)}
	id := testID(1)
	createEndpoint(t, stores[0], id)
	const workers, rounds = 4, 25
	ctx := t.Context()
	var wg sync.WaitGroup
	for _, s := range stores {
		for range workers {
			wg.Go(func() {
				for range rounds {
					events := []ConnectionEvent{{Kind: Connected, Time: time.Now(), EndpointID: id}}
					delta := []StatsDelta{{EndpointID: id, EndpointStats: EndpointStats{MessagesIn: 1}}}
					if err := errors.Join(s.AppendConnections(ctx, events), s.AddStats(ctx, delta)); err != nil {
						t.Error(err)
						return
					}
				}
			})
			wg.Go(func() {
				for range rounds {
					_, err1 := s.Endpoints(ctx)
					_, err2 := s.Connections(ctx, id, 10)
					_, _, err3 := s.Meta(ctx, "k")
					if err := errors.Join(err1, err2, err3); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
	}
	wg.Wait()
	want := len(stores) * workers * rounds
	e, err := stores[1].Endpoint(ctx, id)
	if err != nil || e.Stats.MessagesIn != uint64(want) {
		t.Errorf("counted %d messages, want %d (%v)", e.Stats.MessagesIn, want, err)
	}
	events, err := stores[0].Connections(ctx, id, want+1)
	if err != nil || len(events) != want {
		t.Errorf("logged %d events, want %d (%v)", len(events), want, err)
	}
}
