// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func TestMigrateReopen(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "culvert.db")
	for i := range 3 {
		s, err := Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		createEndpoint(t, s, testID(i))
		list, err := s.Endpoints(t.Context())
		if err != nil || len(list) != i+1 {
			t.Errorf("opened %d times: %d endpoints (%v)", i+1, len(list), err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	// All of it is in the one file now, which can be copied.
	if _, err := os.Stat(path + "-wal"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the write-ahead log is still there: %v", err)
	}
}

// TestMigrateOlder opens a database as the first migration left it.
func TestMigrateOlder(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "culvert.db")
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
	if _, err := p.UpTo(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	for _, insert := range []string{
		`INSERT INTO endpoints (endpoint_id, name, created_at) VALUES (?, 'Kitchen', 1)`,
		`INSERT INTO endpoint_stats (endpoint_id, updated_at) VALUES (?, 1)`,
	} {
		if _, err := old.writers.Exec(insert, testID(1)); err != nil {
			t.Fatal(err)
		}
	}
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}

	s := openStore(t, path)
	found, _, err := s.EndpointsOf(t.Context(), 0, "kitch", Page{})
	if err != nil || len(found) != 1 || found[0].ID != testID(1) || found[0].Version != 1 {
		t.Errorf("%+v, %v", found, err)
	}
	if err := s.SetMeta(t.Context(), "k", "v"); err != nil {
		t.Error(err)
	}
}

func TestMigrateNewer(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "culvert.db")
	s, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.writers.Exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)`); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	s, err = Open(t.Context(), path)
	if !errors.Is(err, ErrNewer) {
		t.Errorf("opening a newer database: %v, want ErrNewer", err)
	}
	if s != nil {
		t.Error("got a store with the error")
	}
	after, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(before) != string(after) {
		t.Error("the newer database was changed")
	}
}
