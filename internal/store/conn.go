// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"
)

// runner is a pool or a transaction of database/sql.
type runner interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	PrepareContext(ctx context.Context, query string) (*sql.Stmt, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// conn runs statements, whose parameters are written as ? for both databases.
type conn struct {
	on       runner
	numbered bool // PostgreSQL: parameters are $1, $2, …
}

// scanner is *sql.Row or *sql.Rows.
type scanner interface{ Scan(dest ...any) error }

func (c conn) text(query string) string {
	if c.numbered {
		return numbered(query)
	}
	return query
}

// exec returns how many rows a statement has met.
func (c conn) exec(ctx context.Context, query string, args ...any) (int64, error) {
	res, err := c.on.ExecContext(ctx, c.text(query), clean(args)...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// must is exec for a statement that has to meet a row, or ErrNotFound.
func (c conn) must(ctx context.Context, query string, args ...any) error {
	n, err := c.exec(ctx, query, args...)
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	return err
}

func (c conn) prepare(ctx context.Context, query string) (stmt, error) {
	s, err := c.on.PrepareContext(ctx, c.text(query))
	return stmt{s}, err
}

// stmt is a statement that a transaction runs many times.
type stmt struct{ s *sql.Stmt }

func (s stmt) exec(ctx context.Context, args ...any) error {
	_, err := s.s.ExecContext(ctx, clean(args)...)
	return err
}

// one reads a single row; without one the error is ErrNotFound.
func one[T any](ctx context.Context, c conn, scan func(scanner) (T, error), query string, args ...any) (T, error) {
	v, err := scan(c.on.QueryRowContext(ctx, c.text(query), clean(args)...))
	if err != nil {
		var zero T
		if errors.Is(err, sql.ErrNoRows) {
			err = ErrNotFound
		}
		return zero, err
	}
	return v, nil
}

// list reads all rows.
func list[T any](ctx context.Context, c conn, scan func(scanner) (T, error), query string, args ...any) ([]T, error) {
	rows, err := c.on.QueryContext(ctx, c.text(query), clean(args)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var items []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		items = append(items, v)
	}
	return items, rows.Err()
}

// scanInt reads a number.
func scanInt(row scanner) (n int64, err error) {
	err = row.Scan(&n)
	return n, err
}

// texts holds each statement as PostgreSQL wants it; there are as many as
// constants in this package.
var texts sync.Map

// numbered replaces each ? outside of quotes by $1, $2, …
func numbered(query string) string {
	if text, ok := texts.Load(query); ok {
		return text.(string)
	}
	var b strings.Builder
	quoted, n := false, 0
	for _, r := range query {
		switch {
		case r == '\'':
			quoted = !quoted
		case r == '?' && !quoted:
			n++
			b.WriteString("$" + strconv.Itoa(n))
			continue
		}
		b.WriteRune(r)
	}
	text, _ := texts.LoadOrStore(query, b.String())
	return text.(string)
}

// clean replaces what PostgreSQL takes for no text: strangers choose what stands
// in a User-Agent.
func clean(args []any) []any {
	for i, a := range args {
		s, ok := a.(string)
		if ok && (!utf8.ValidString(s) || strings.Contains(s, "\x00")) {
			args[i] = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
		}
	}
	return args
}

// orNull stores 0, which is no user, as NULL.
func orNull(id int64) any {
	if id == 0 {
		return nil
	}
	return id
}
