// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/culvertd/culvert/internal/control"
	"github.com/culvertd/culvert/internal/store"
)

// Migrate copies everything in the SQLite database of the data folder dir into
// the empty PostgreSQL database at the URL to. No gateway may run.
func Migrate(ctx context.Context, dir, to string) (err error) {
	if err := validDatabase(to); err != nil {
		return err
	}
	if client, err := control.Dial(ctx, dir); err == nil {
		return errors.Join(fmt.Errorf("a gateway runs on the data folder %s; stop it first", dir), client.Close())
	}
	if _, err := os.Stat(databasePath(dir)); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no %s to copy; name the right folder with --data or CULVERT_DATA", databasePath(dir))
	}
	lock, err := lockFolder(ctx, dir, lockPatience)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	if err := checkDatabase(dir, ""); err != nil {
		return err
	}
	from, err := store.Open(ctx, databasePath(dir))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	target, err := store.Open(ctx, to)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, target.Close()) }()
	if err := store.Copy(ctx, from, target); err != nil {
		return err
	}
	return noteDatabase(dir, to)
}
