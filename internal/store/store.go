// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// Store is an open database. Its methods may be called from any goroutine.
type Store struct {
	w conn // SQLite: one connection, so that writers queue here and not at its lock
	r conn

	writers, readers *sql.DB // the pools of both; PostgreSQL has one
	path             string  // of SQLite's file; empty for PostgreSQL
}

// Open opens a database and brings its tables up to date. If a newer version of
// Culvert has written it, the error is ErrNewer.
//
// A dsn that begins with postgres:// is PostgreSQL. Any other is the path of
// SQLite's file: without one there, Open creates one that only its owner may
// read (mode 0600), and before it migrates an older one it puts a copy beside
// it. The folder must exist, and the caller must hold its lock: two processes
// must not migrate one file.
func Open(ctx context.Context, dsn string) (*Store, error) {
	if isPostgres(dsn) {
		return openPostgres(ctx, dsn)
	}
	return openSQLite(ctx, dsn)
}

func isPostgres(dsn string) bool {
	return strings.HasPrefix(dsn, "postgres://") || strings.HasPrefix(dsn, "postgresql://")
}

// Ping tells whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	return wrap("asking the database", s.readers.PingContext(ctx))
}

// Close waits for the queries under way and closes the database. The writer
// goes last, because the last one folds SQLite's write-ahead log into the file.
func (s *Store) Close() error {
	if err := errors.Join(s.readers.Close(), s.writers.Close()); err != nil {
		return fmt.Errorf("closing database: %w", err)
	}
	return nil
}

// inTx runs f in a transaction, and again if PostgreSQL has given it up for the
// sake of another one: f must not build on what a try before has left. On SQLite it holds the write lock from its start
// (BEGIN IMMEDIATE): one that begins by reading could fail as soon as it writes,
// whatever the busy timeout.
func (s *Store) inTx(ctx context.Context, f func(tx conn) error) error {
	const tries = 5
	for try := 1; ; try++ {
		err := s.tryTx(ctx, f)
		if err == nil || try == tries || !deadlock(err) {
			return err
		}
		// Two that come again in step meet again.
		select {
		case <-time.After(rand.N(time.Duration(try) * deadlockPause)): //nolint:gosec // it spreads them and hides nothing
		case <-ctx.Done():
			return err
		}
	}
}

// deadlockPause is how long a transaction that was given up waits at most before
// it is tried again, and that much longer each time.
const deadlockPause = 50 * time.Millisecond

func (s *Store) tryTx(ctx context.Context, f func(tx conn) error) error {
	tx, err := s.writers.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // does nothing after Commit
	if err := f(conn{on: tx, numbered: s.w.numbered}); err != nil {
		return err
	}
	return tx.Commit()
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
