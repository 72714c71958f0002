// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
)

// readers bounds the connections for reading. Queries are short, and SQLite
// needs memory for each.
const readers = 4

// pragma is a setting of a connection; each driver has its own way to spell it.
type pragma struct{ name, value string }

// busyTimeout must be the first pragma: the others may already meet a locked
// database. In one process the single writer keeps lock waits away; the timeout
// is for others who look into the file, such as a backup.
var busyTimeout = pragma{"busy_timeout", "5000"}

var (
	writerPragmas = []pragma{
		busyTimeout,
		{"journal_mode", "WAL"},
		// NORMAL would lose the last commits with the power, and with them
		// accounts that were acknowledged and epochs that were handed out.
		{"synchronous", "FULL"},
		{"foreign_keys", "1"},
	}
	// A reader that writes would evade the one writer; here it gets an error.
	readerPragmas = []pragma{busyTimeout, {"query_only", "1"}}
)

func openSQLite(ctx context.Context, path string) (*Store, error) {
	if err := create(path); err != nil {
		return nil, fmt.Errorf("creating database: %w", err)
	}
	s, err := open(path)
	if err != nil {
		return nil, fmt.Errorf("opening database: %w", err)
	}
	if err := s.prepare(ctx); err != nil {
		return nil, errors.Join(wrap("opening database "+path, err), s.Close())
	}
	return s, nil
}

// create makes an empty file, which is a valid database, because SQLite itself
// would let everyone read it; the files beside it (-wal, -shm) inherit its mode.
// A file that is there is not even opened: closing it would drop the locks that
// this process may have on it through SQLite.
func create(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return f.Close()
}

// open makes the two pools. No connection is made yet.
func open(path string) (*Store, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	w, err := sql.Open(driverName, dsn(abs, writerPragmas))
	if err != nil {
		return nil, err
	}
	w.SetMaxOpenConns(1)
	r, err := sql.Open(driverName, dsn(abs, readerPragmas))
	if err != nil {
		return nil, errors.Join(err, w.Close())
	}
	r.SetMaxOpenConns(readers)
	r.SetMaxIdleConns(readers)
	return &Store{w: conn{on: w}, r: conn{on: r}, writers: w, readers: r, path: abs}, nil
}

// prepare migrates, and tries both pools, so that a database that cannot be
// used is reported by Open.
func (s *Store) prepare(ctx context.Context) error {
	p, err := migrations(s.writers, schemaSQLite)
	if err != nil {
		return err
	}
	if err := migrateUp(ctx, p, s.backupBefore); err != nil {
		return err
	}
	return s.readers.PingContext(ctx)
}

// fileURI is path as a URI that SQLite takes. SQLite may not create the file
// (mode=rw): create has done so, with the right mode.
func fileURI(path string, params url.Values) string {
	params.Set("mode", "rw")
	params.Set("_txlock", "immediate")
	path = filepath.ToSlash(path)
	if path[0] != '/' { // a drive letter
		path = "/" + path
	}
	u := url.URL{Scheme: "file", Path: path, RawQuery: params.Encode()}
	return u.String()
}
