// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	"github.com/culvertd/culvert/internal/store"
)

// databasePath returns where the data folder's SQLite database is.
func databasePath(dir string) string { return filepath.Join(dir, "culvert.db") }

// dataSource is what store.Open takes for a data folder and the setting
// database, which is a PostgreSQL URL or empty.
func dataSource(dir, database string) string { return cmp.Or(database, databasePath(dir)) }

// databaseNote is a file of the data folder. It is there if the data is not,
// and says where: a gateway that lost its setting would otherwise begin anew
// with an empty database, or go on with the one from before a migration.
func databaseNote(dir string) string { return filepath.Join(dir, "database") }

// checkDatabase refuses SQLite for a data folder whose data is elsewhere.
func checkDatabase(dir, database string) error {
	if database != "" {
		return nil
	}
	elsewhere, err := os.ReadFile(databaseNote(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading where the database is: %w", err)
	}
	return fmt.Errorf("the data of %s is in the database %s; set CULVERT_DATABASE, or for a gateway the option database, to its URL. "+
		"To go back to SQLite delete the file %s", dir, elsewhere, databaseNote(dir))
}

// noteDatabase remembers for checkDatabase which database has been opened.
func noteDatabase(dir, database string) error {
	if database == "" {
		return nil
	}
	// Not os.WriteFile: after a crash half a note would be a wrong one.
	return wrap("noting where the database is", writeFile(databaseNote(dir), []byte(withoutSecrets(database))))
}

// openDatabase opens the database of a data folder whose lock the caller holds.
func openDatabase(ctx context.Context, dir, database string) (*store.Store, error) {
	if err := checkDatabase(dir, database); err != nil {
		return nil, err
	}
	st, err := store.Open(ctx, dataSource(dir, database))
	if err != nil {
		return nil, err
	}
	if err := noteDatabase(dir, database); err != nil {
		return nil, errors.Join(err, st.Close())
	}
	return st, nil
}

// errDatabaseURL does not repeat what it complains about, which may hold a
// password.
var errDatabaseURL = errors.New("database must be a URL such as postgres://user@host/name; leave it out for SQLite in the data folder")

func validDatabase(database string) error {
	u, err := url.Parse(database)
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return errDatabaseURL
	}
	return nil
}

// withoutSecrets is a database's URL as far as it may be shown. Parameters may
// hold passwords too.
func withoutSecrets(database string) string {
	u, err := url.Parse(database)
	if err != nil {
		return "(no URL)"
	}
	shown := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}
	if name := u.User.Username(); name != "" {
		shown.User = url.User(name)
	}
	return shown.String()
}
