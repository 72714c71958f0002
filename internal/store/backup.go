// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// keptBackups is how many files of backupBefore are kept.
const keptBackups = 3

const liteBackup = `VACUUM INTO ?`

// Backup writes all of a SQLite database to a file that must not be there yet,
// mode 0600. Readers and writers go on meanwhile; the file is whole or not there.
func (s *Store) Backup(ctx context.Context, file string) error {
	if s.path == "" {
		return errors.New("backing up database: this is PostgreSQL; use pg_dump")
	}
	if _, err := os.Lstat(file); err == nil {
		return fmt.Errorf("backing up database: %w", &fs.PathError{Op: "create", Path: file, Err: fs.ErrExist})
	}
	return wrap("backing up database", s.backup(ctx, file))
}

// backup goes through a temporary file in the same folder.
func (s *Store) backup(ctx context.Context, file string) (err error) {
	dir, name := filepath.Split(file)
	tmp, err := os.CreateTemp(dir, "."+name+".*") // mode 0600; SQLite takes an empty file
	if err != nil {
		return err
	}
	path := tmp.Name()
	defer func() {
		if err != nil {
			_ = os.Remove(path)
		}
	}()
	if err := errors.Join(s.vacuumInto(ctx, path), tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	if err := os.Rename(path, file); err != nil {
		return err
	}
	return syncFolder(dir)
}

// vacuumInto has a connection of its own: it neither keeps the writer waiting
// nor is it a reader's, which may not write anywhere.
func (s *Store) vacuumInto(ctx context.Context, file string) error {
	abs, err := filepath.Abs(file)
	if err != nil {
		return err
	}
	db, err := sql.Open(driverName, dsn(s.path, []pragma{busyTimeout}))
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.ExecContext(ctx, liteBackup, abs)
	return err
}

// backupBefore copies an older database before it is migrated to the version
// want, and removes all but the newest such copies.
func (s *Store) backupBefore(ctx context.Context, _, want int64) error {
	prefix := s.path + ".before-"
	if err := s.backup(ctx, prefix+strconv.FormatInt(want, 10)); err != nil {
		return fmt.Errorf("backing up before migrating: %w", err)
	}
	files, err := filepath.Glob(escapeGlob(prefix) + "*")
	if err != nil {
		return fmt.Errorf("looking for old backups: %w", err)
	}
	version := func(file string) int {
		n, err := strconv.Atoi(strings.TrimPrefix(file, prefix))
		if err != nil {
			return -1
		}
		return n
	}
	files = slices.DeleteFunc(files, func(f string) bool { return version(f) < 0 }) // somebody else's
	slices.SortFunc(files, func(a, b string) int { return version(b) - version(a) })
	for _, f := range files[min(keptBackups, len(files)):] {
		if err := os.Remove(f); err != nil {
			return fmt.Errorf("removing an old backup: %w", err)
		}
	}
	return nil
}

func escapeGlob(s string) string {
	return strings.NewReplacer(`*`, `[*]`, `?`, `[?]`, `[`, `[[]`).Replace(s)
}

// syncFolder makes a new name in a folder last.
func syncFolder(dir string) error {
	if dir == "" {
		dir = "."
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) && !errors.Is(err, fs.ErrInvalid) && !errors.Is(err, fs.ErrPermission) {
		return err
	}
	return nil
}
