// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"fmt"
	"strings"
)

// tables are all of the schema, each after those that it refers to.
var tables = []string{
	"meta", "settings", "users", "logins", "invites", "api_tokens", "resets", "grants", "audit_log", "blocks",
	"endpoints", "endpoint_stats", "connection_log", "client_tokens", "clients", "sessions_log",
	"rollups", "usage", "idempotency", "public_access", "domains",
}

// copyRows is how many rows one statement of Copy writes: with the most columns
// it stays far below the 32,766 parameters that SQLite takes.
const copyRows = 200

const (
	pgNoTimeout = `SET LOCAL statement_timeout = 0`
	// The next id is greater than all that were copied.
	pgSetSequence = `
		SELECT setval(pg_get_serial_sequence('%[1]s', 'id'), coalesce(max(id), 0) + 1, false) FROM %[1]s`
)

// Copy copies everything into an empty database, or nothing. Nobody else may use
// the two meanwhile. It returns ErrNotEmpty.
func Copy(ctx context.Context, from, to *Store) error {
	err := from.inTx(ctx, func(source conn) error {
		return to.inTx(ctx, func(target conn) error { return copyAll(ctx, source, target) })
	})
	return wrap("copying database", err)
}

func copyAll(ctx context.Context, source, target conn) error {
	for _, c := range []conn{source, target} {
		if !c.numbered {
			continue
		}
		if _, err := c.exec(ctx, pgNoTimeout); err != nil {
			return err
		}
	}
	for _, table := range tables {
		n, err := one(ctx, target, scanInt, `SELECT count(*) FROM (SELECT 1 FROM `+table+` LIMIT 1) AS t`)
		if err != nil {
			return err
		}
		if n > 0 {
			return fmt.Errorf("%w: there is something in %s", ErrNotEmpty, table)
		}
	}
	for _, table := range tables {
		if err := copyTable(ctx, source, target, table); err != nil {
			return fmt.Errorf("table %s: %w", table, err)
		}
	}
	return nil
}

func copyTable(ctx context.Context, source, target conn, table string) error {
	columns, types, err := columnsOf(ctx, target, table)
	if err != nil {
		return err
	}
	rows, err := source.on.QueryContext(ctx, "SELECT "+strings.Join(columns, ", ")+" FROM "+table)
	if err != nil {
		return err
	}
	defer rows.Close()
	w := copier{target: target, table: table, columns: columns}
	for rows.Next() {
		values, err := scanAny(rows, types)
		if err != nil {
			return err
		}
		if err := w.add(ctx, values); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if err := w.flush(ctx); err != nil {
		return err
	}
	if target.numbered && columns[0] == "id" {
		_, err = target.exec(ctx, fmt.Sprintf(pgSetSequence, table))
	}
	return err
}

// columnsOf asks the target, so that a column of a later migration is not
// forgotten.
func columnsOf(ctx context.Context, c conn, table string) (names, types []string, err error) {
	rows, err := c.on.QueryContext(ctx, `SELECT * FROM `+table+` LIMIT 0`)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	columns, err := rows.ColumnTypes()
	if err != nil {
		return nil, nil, err
	}
	for _, column := range columns {
		names, types = append(names, column.Name()), append(types, column.DatabaseTypeName())
	}
	return names, types, rows.Err()
}

// scanAny reads a row as the target takes it: SQLite has numbers for what is a
// BOOL in PostgreSQL.
func scanAny(row scanner, types []string) ([]any, error) {
	values, places := make([]any, len(types)), make([]any, len(types))
	for i := range values {
		places[i] = &values[i]
	}
	if err := row.Scan(places...); err != nil {
		return nil, err
	}
	for i, v := range values {
		if n, ok := v.(int64); ok && types[i] == "BOOL" {
			values[i] = n != 0
		}
	}
	return values, nil
}

// copier gathers rows for one statement.
type copier struct {
	target  conn
	table   string
	columns []string
	rows    int
	values  []any
}

func (c *copier) add(ctx context.Context, values []any) error {
	c.values = append(c.values, values...)
	if c.rows++; c.rows < copyRows {
		return nil
	}
	return c.flush(ctx)
}

func (c *copier) flush(ctx context.Context) error {
	if c.rows == 0 {
		return nil
	}
	row := "(?" + strings.Repeat(", ?", len(c.columns)-1) + ")"
	query := "INSERT INTO " + c.table + " (" + strings.Join(c.columns, ", ") + ") VALUES " +
		row + strings.Repeat(", "+row, c.rows-1)
	_, err := c.target.exec(ctx, query, c.values...)
	c.rows, c.values = 0, c.values[:0]
	return err
}
