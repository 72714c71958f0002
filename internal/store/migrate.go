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
)

// schema holds the migrations, in the order of their numbers. A file that was
// once released is never changed. There are none back: an older binary refuses
// a newer database instead.
//
//go:embed schema/*.sql
var schema embed.FS

// migrateUp brings the tables up to the newest migration of this binary.
func migrateUp(ctx context.Context, db *sql.DB) error {
	files, err := fs.Sub(schema, "schema")
	if err != nil {
		return fmt.Errorf("reading migrations: %w", err)
	}
	// The provider is not closed: that would close db. Without the global
	// registry, no other user of goose in the same Caddy can add migrations.
	p, err := goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("reading migrations: %w", err)
	}
	have, want, err := p.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("reading schema version: %w", err)
	}
	// goose itself finds nothing to do in a newer database and says nothing.
	if have > want {
		return fmt.Errorf("%w: its schema is version %d, this binary knows %d", ErrNewer, have, want)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrating from version %d to %d: %w", have, want, err)
	}
	return nil
}
