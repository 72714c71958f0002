// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

// schema holds the migrations, in the order of their numbers, which mean the
// same tables for both databases. A file that was once released is never
// changed. There are none back: an older binary refuses a newer database
// instead.
//
//go:embed schema/*/*.sql
var schema embed.FS

// Folders of schema.
const (
	schemaSQLite   = "schema/sqlite"
	schemaPostgres = "schema/postgres"
)

// migrations reads a folder. The provider must not be closed: that would close
// db.
func migrations(db *sql.DB, folder string) (*goose.Provider, error) {
	files, err := fs.Sub(schema, folder)
	if err != nil {
		return nil, fmt.Errorf("reading migrations: %w", err)
	}
	// Without the global registry, no other user of goose in the same Caddy can
	// add migrations.
	dialect, options := goose.DialectSQLite3, []goose.ProviderOption{goose.WithDisableGlobalRegistry(true)}
	if folder == schemaPostgres {
		// Two gateways that start at once: the second waits, a minute at most.
		locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 60))
		if err != nil {
			return nil, fmt.Errorf("preparing the lock of migrations: %w", err)
		}
		dialect, options = goose.DialectPostgres, append(options, goose.WithSessionLocker(locker))
	}
	p, err := goose.NewProvider(dialect, db, files, options...)
	if err != nil {
		return nil, fmt.Errorf("reading migrations: %w", err)
	}
	return p, nil
}

// migrateUp brings the tables up to the newest migration of this binary; before
// is called if there is something to lose.
func migrateUp(ctx context.Context, p *goose.Provider, before func(ctx context.Context, have, want int64) error) error {
	have, want, err := p.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("reading schema version: %w", err)
	}
	// goose itself finds nothing to do in a newer database and says nothing.
	if have > want {
		return fmt.Errorf("%w: its schema is version %d, this binary knows %d", ErrNewer, have, want)
	}
	if have == want {
		return nil
	}
	if have > 0 {
		if err := before(ctx, have, want); err != nil {
			return err
		}
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrating from version %d to %d: %w", have, want, err)
	}
	return nil
}
