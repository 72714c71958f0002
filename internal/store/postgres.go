// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

const (
	// minPostgres is the oldest version that the tests run on.
	minPostgres = 150000
	// poolSize bounds the connections of one gateway: PostgreSQL has a process
	// for each, and 100 for everybody.
	poolSize = 10
	// statementTimeout frees a connection whose statement waits for a lock of
	// somebody else.
	statementTimeout = "30s"
)

const pgVersion = `SELECT current_setting('server_version_num')::bigint`

func openPostgres(ctx context.Context, url string) (*Store, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("opening database: %w", err) // without the password
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = 5 * time.Second
	}
	// A server that is gone without a word is noticed in about 15 s.
	dialer := &net.Dialer{
		Timeout:         config.ConnectTimeout,
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 6 * time.Second, Interval: 3 * time.Second, Count: 3},
	}
	config.DialFunc = dialer.DialContext
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "culvert"
	}
	if err := preparePostgres(ctx, config); err != nil {
		return nil, wrap(fmt.Sprintf("opening database %s on %s", config.Database, config.Host), err)
	}
	if _, ok := config.RuntimeParams["statement_timeout"]; !ok {
		config.RuntimeParams["statement_timeout"] = statementTimeout
	}
	db := stdlib.OpenDB(*config)
	db.SetMaxOpenConns(poolSize)
	db.SetMaxIdleConns(poolSize)
	db.SetConnMaxIdleTime(5 * time.Minute)
	c := conn{on: db, numbered: true}
	return &Store{w: c, r: c, writers: db, readers: db}, nil
}

// preparePostgres migrates through connections of its own, since a migration may
// take longer than any other statement.
func preparePostgres(ctx context.Context, config *pgx.ConnConfig) error {
	db := stdlib.OpenDB(*config)
	defer db.Close()
	version, err := one(ctx, conn{on: db, numbered: true}, scanInt, pgVersion)
	if err != nil {
		return err
	}
	if version < minPostgres {
		return fmt.Errorf("PostgreSQL %d is too old: it must be %d or newer", version/10000, minPostgres/10000)
	}
	p, err := migrations(db, schemaPostgres)
	if err != nil {
		return err
	}
	// Copies of PostgreSQL's data are its administrator's work.
	return migrateUp(ctx, p, func(context.Context, int64, int64) error { return nil })
}

// deadlock says that the transaction can be tried again.
func deadlock(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "40P01" || pg.Code == "40001")
}

// postgresOutage knows the errors of a server that is not there, is stopping or
// starting, or has no room.
func postgresOutage(err error) bool {
	var (
		connect *pgconn.ConnectError
		pg      *pgconn.PgError
	)
	if errors.As(err, &connect) {
		return true
	}
	if !errors.As(err, &pg) {
		return pgconn.SafeToRetry(err) // the connection broke before
	}
	switch pg.Code {
	case "57P01", "57P02", "57P03", "57P05", "57014", "55P03", "25006": // shutdown, timeouts, a standby
		return true
	}
	return strings.HasPrefix(pg.Code, "08") || strings.HasPrefix(pg.Code, "53") || strings.HasPrefix(pg.Code, "58")
}
