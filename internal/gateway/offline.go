// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/gofrs/flock"
	"go.uber.org/zap"

	"github.com/culvertd/culvert/internal/control"
)

// Offline does the operations of commands while no gateway runs. It holds the
// data folder's lock until Close, so no gateway can start meanwhile.
type Offline struct {
	book
	lock *flock.Flock
}

// Options are what Open needs if no gateway runs.
type Options struct {
	// Site overrides the one that the last gateway had.
	Site Site
	// Database is the URL of the gateway's PostgreSQL database, if it has one.
	Database string
	// Create allows for a data folder that does not exist yet.
	Create bool
}

// Open returns the operations on the data folder dir, a result of DataDir:
// through the running gateway's socket, or Offline.
func Open(ctx context.Context, dir string, opt Options) (control.Service, func() error, error) {
	// A gateway that starts holds the lock before it has the socket, and one
	// that stops still holds it without: try both for a while.
	deadline := time.Now().Add(2 * lockPatience)
	for {
		client, dialErr := control.Dial(ctx, dir)
		if dialErr == nil {
			return client, client.Close, nil
		}
		off, err := openOffline(ctx, dir, opt)
		if err == nil {
			return off, off.Close, nil
		}
		if !errors.Is(err, errLocked) || ctx.Err() != nil {
			return nil, nil, err
		}
		if time.Now().After(deadline) {
			return nil, nil, fmt.Errorf("a gateway holds the data folder %s but does not answer on its socket %s (%w); "+
				"use the same user and TMPDIR as the gateway, or restart it", dir, control.SocketPath(dir), dialErr)
		}
	}
}

func openOffline(ctx context.Context, dir string, opt Options) (_ *Offline, err error) {
	if !opt.Create && !used(dir) {
		return nil, fmt.Errorf("no gateway has used the data folder %s; name the right one with --data or CULVERT_DATA", dir)
	}
	o := new(Offline)
	if o.lock, err = lockFolder(ctx, dir, 100*time.Millisecond); err != nil {
		return nil, err
	}
	if o.store, err = openDatabase(ctx, dir, opt.Database); err != nil {
		return nil, errors.Join(err, o.lock.Close())
	}
	site := opt.Site
	if site == (Site{}) {
		if site, err = o.lastSite(ctx); err != nil {
			return nil, errors.Join(err, o.Close())
		}
	}
	o.site.Store(&site)
	if err = openAccounts(ctx, &o.book, dir, zap.NewNop); err != nil {
		return nil, errors.Join(err, o.Close())
	}
	return o, nil
}

// used reports whether there has been a gateway on the data folder dir.
func used(dir string) bool {
	for _, file := range []string{databasePath(dir), databaseNote(dir)} {
		if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
			return true
		}
	}
	return false
}

// lastSite returns the site of the gateway that last ran on the data folder.
func (o *Offline) lastSite(ctx context.Context) (Site, error) {
	s, _, err := o.store.Meta(ctx, metaSite)
	if err != nil {
		return Site{}, err
	}
	return ParseSite(s)
}

// Close closes the database and lets the data folder go.
func (o *Offline) Close() error {
	if o.accounts != nil {
		o.accounts.Close()
	}
	return errors.Join(o.store.Close(), o.lock.Close())
}

var _ control.Service = (*Offline)(nil)
