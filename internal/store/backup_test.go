// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
)

// TestBackup backs up while others write.
func TestBackup(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openStore(t, filepath.Join(dir, "culvert.db"))
	u := addUser(t, s, "a")
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := 0; ctx.Err() == nil; i++ {
			if _, err := s.CreateUser(ctx, User{Name: fmt.Sprint(i), Email: fmt.Sprint(i)}); err != nil && ctx.Err() == nil {
				t.Error(err)
				return
			}
		}
	})
	file := filepath.Join(dir, "it's a backup?.db")
	err := s.Backup(t.Context(), file)
	stop()
	wg.Wait()
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(file)
	if err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Backup(t.Context(), file); !errors.Is(err, fs.ErrExist) {
		t.Errorf("over a file that is there: %v", err)
	}
	if after, err := os.ReadFile(file); err != nil || !slices.Equal(before, after) {
		t.Errorf("it was changed (%v)", err)
	}
	if err := s.Backup(t.Context(), filepath.Join(dir, "missing", "b.db")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing folder: %v", err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Backup(cancelled, filepath.Join(dir, "cancelled.db")); err == nil {
		t.Error("no error when cancelled")
	}
	if names := glob(t, dir, "*"); slices.ContainsFunc(names, func(n string) bool { return strings.HasPrefix(n, ".") || n == "cancelled.db" }) {
		t.Errorf("left over: %q", names)
	}
	restored := openStore(t, file)
	if got, err := restored.User(t.Context(), u.ID); err != nil || got != u {
		t.Errorf("%+v, %v", got, err)
	}
}

func glob(t *testing.T, dir, pattern string) (names []string) {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if ok, _ := filepath.Match(pattern, f.Name()); ok {
			names = append(names, f.Name())
		}
	}
	return names
}

func TestBackupPostgres(t *testing.T) {
	if server == nil {
		t.Skip("no PostgreSQL")
	}
	t.Parallel()
	s := openStore(t, server.newDatabase(t))
	err := s.Backup(t.Context(), filepath.Join(t.TempDir(), "b"))
	if err == nil || !strings.Contains(err.Error(), "pg_dump") {
		t.Error(err)
	}
}

// TestBackupBeforeMigration opens a database of each older version.
func TestBackupBeforeMigration(t *testing.T) {
	t.Parallel()
	const newest = 7
	for have := range int64(newest) {
		dir := t.TempDir()
		path := filepath.Join(dir, "culvert[1].db")
		makeOlder(t, path, have)
		for _, old := range []string{"1", "2", "3", "17", "17.keep"} {
			if err := os.WriteFile(path+".before-"+old, []byte(old), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		openStore(t, path)
		want := []string{"culvert[1].db.before-17", "culvert[1].db.before-17.keep", "culvert[1].db.before-3", "culvert[1].db.before-7"}
		if have == 0 { // nothing to lose
			want = []string{
				"culvert[1].db.before-1", "culvert[1].db.before-17", "culvert[1].db.before-17.keep",
				"culvert[1].db.before-2", "culvert[1].db.before-3",
			}
		}
		got := glob(t, dir, "*before*")
		if !reflect.DeepEqual(got, want) {
			t.Errorf("version %d: got %q, want %q", have, got, want)
		}
		if have == 0 {
			continue
		}
		backup, err := open(path + ".before-7")
		if err != nil {
			t.Fatal(err)
		}
		version, err := one(t.Context(), backup.r, scanInt, `SELECT max(version_id) FROM goose_db_version`)
		if err != nil || version != have {
			t.Errorf("the copy has version %d, want %d (%v)", version, have, err)
		}
		if err := backup.Close(); err != nil {
			t.Error(err)
		}
		// Opening it again is no migration.
		if err := os.Remove(path + ".before-7"); err != nil {
			t.Fatal(err)
		}
		openStore(t, path)
		if got := glob(t, dir, "*before-7"); len(got) != 0 {
			t.Errorf("again: %q", got)
		}
	}
}

// makeOlder makes a database as an older binary left it.
func makeOlder(t *testing.T, path string, version int64) {
	t.Helper()
	if err := create(path); err != nil {
		t.Fatal(err)
	}
	old, err := open(path)
	if err != nil {
		t.Fatal(err)
	}
	p, err := migrations(old.writers, schemaSQLite)
	if err != nil {
		t.Fatal(err)
	}
	if version > 0 {
		if _, err := p.UpTo(t.Context(), version); err != nil {
			t.Fatal(err)
		}
	}
	if version > 0 {
		for _, insert := range []string{
			`INSERT INTO endpoints (endpoint_id, name, created_at) VALUES (?, 'Kitchen', 1)`,
			`INSERT INTO endpoint_stats (endpoint_id, updated_at, bytes_in) VALUES (?, 1, 77)`,
		} {
			if _, err := old.writers.Exec(insert, testID(1)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if version >= 5 {
		if _, err := old.writers.Exec(`UPDATE endpoints SET name_key = lower(name)`); err != nil {
			t.Fatal(err)
		}
	}
	if version >= 4 {
		for _, insert := range []string{
			`INSERT INTO client_tokens (token_id, hash, created_at) VALUES ('tok', ?, 1)`,
			`INSERT INTO clients (name, token_id, registered_at, last_seen_at) VALUES ('nas', 'tok', 1, length(?))`,
		} {
			if _, err := old.writers.Exec(insert, make([]byte, 32)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}
}
