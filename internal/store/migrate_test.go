// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
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

// TestMigrateOlder opens databases as each older version left them.
func TestMigrateOlder(t *testing.T) {
	t.Parallel()
	for version := int64(1); version < 7; version++ {
		path := filepath.Join(t.TempDir(), "culvert.db")
		makeOlder(t, path, version)
		s := openStore(t, path)
		found, _, err := s.EndpointsOf(t.Context(), 0, "kitch", Page{})
		if err != nil || len(found) != 1 || found[0].ID != testID(1) || found[0].Version != 1 || found[0].Stats.BytesIn != 77 {
			t.Errorf("version %d: %+v, %v", version, found, err)
		}
		clients, err := s.Clients(t.Context())
		if err != nil || version >= 4 && (len(clients) != 1 || clients[0].Name != "nas" || clients[0].LastSeenAt.IsZero()) {
			t.Errorf("version %d: %+v, %v", version, clients, err)
		}
		if err := s.SetMeta(t.Context(), "k", "v"); err != nil {
			t.Error(err)
		}
	}
}

// TestMigratePostgres lets many gateways start on one empty database.
func TestMigratePostgres(t *testing.T) {
	if server == nil {
		t.Skip("no PostgreSQL")
	}
	t.Parallel()
	if err := server.create(t.Context(), "empty", "template0"); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			s, err := Open(t.Context(), server.url("empty"))
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := s.CreateUser(t.Context(), User{Name: fmt.Sprint(i), Email: fmt.Sprint(i)}); err != nil {
				t.Error(err)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	newer := openStore(t, server.url("empty"))
	if _, err := newer.writers.Exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, true)`); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), server.url("empty")); !errors.Is(err, ErrNewer) {
		t.Errorf("a newer database: %v", err)
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
