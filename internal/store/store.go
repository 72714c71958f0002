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
	"time"
)

// Errors that callers compare with errors.Is.
var (
	// ErrNotFound says that there is nothing with this id.
	ErrNotFound = errors.New("no such id")
	// ErrExists says that the id is taken.
	ErrExists = errors.New("id exists")
	// ErrNewer says that a newer version of Culvert has written the database.
	// Open leaves it as it is.
	ErrNewer = errors.New("database belongs to a newer version of Culvert")
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
		// epochs that were already handed out.
		{"synchronous", "FULL"},
		{"foreign_keys", "1"},
	}
	// A reader that writes would evade the one writer; here it gets an error.
	readerPragmas = []pragma{busyTimeout, {"query_only", "1"}}
)

// Store is an open database. Its methods may be called from any goroutine.
type Store struct {
	w *sql.DB // one connection, so that writers queue here and not at SQLite's lock
	r *sql.DB
}

// Open opens the database at path and brings its tables up to date; without a
// file there, it creates one that only its owner may read (mode 0600). The
// folder must exist, and the caller must hold its lock: two processes must not
// migrate one file. If a newer version of Culvert has written the database, the
// error is ErrNewer.
func Open(ctx context.Context, path string) (*Store, error) {
	if err := create(path); err != nil {
		return nil, fmt.Errorf("creating database: %w", err)
	}
	s, err := open(path)
	if err != nil {
		return nil, fmt.Errorf("opening database: %w", err)
	}
	if err := s.prepare(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("opening database %s: %w", path, err), s.Close())
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
	return &Store{w: w, r: r}, nil
}

// prepare migrates, and tries both pools, so that a database that cannot be
// used is reported by Open.
func (s *Store) prepare(ctx context.Context) error {
	if err := migrateUp(ctx, s.w); err != nil {
		return err
	}
	return s.r.PingContext(ctx)
}

// Close waits for the queries under way and closes the database. The writer
// goes last, because the last one folds the write-ahead log into the file.
func (s *Store) Close() error {
	if err := errors.Join(s.r.Close(), s.w.Close()); err != nil {
		return fmt.Errorf("closing database: %w", err)
	}
	return nil
}

// inTx runs f in a transaction that holds SQLite's write lock from its start
// (BEGIN IMMEDIATE): one that begins by reading could fail as soon as it
// writes, whatever the busy timeout.
func (s *Store) inTx(ctx context.Context, f func(tx *sql.Tx) error) error {
	tx, err := s.w.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // does nothing after Commit
	if err := f(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// changed says whether a statement met any row.
func changed(res sql.Result, err error) (bool, error) {
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n > 0, err
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

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func fromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
