// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/pressly/goose/v3"
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
	files, err := fs.Sub(schema, "schema")
	if err != nil {
		t.Fatal(err)
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, old.w, files)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.UpTo(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	createEndpoint(t, old, testID(1))
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}

	s := openStore(t, path)
	if _, err := s.Endpoint(t.Context(), testID(1)); err != nil {
		t.Error(err)
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
	if _, err := s.w.Exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)`); err != nil {
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
