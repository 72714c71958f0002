// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

const (
	maxFile  = 4 << 20 // tens of thousands of known keys
	lockWait = 5 * time.Second
)

// rights are what users other than the file's owner must not have.
type rights int

const (
	mayRead rights = 1 << iota
	mayWrite
)

// readOwn reads a file that others have no such rights to. Its errors name the
// file and the remedy.
func readOwn(path string, others rights) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	if err := checkOthers(f, others); err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(b) > maxFile {
		err = fmt.Errorf("%s has more than %d bytes; is it the right file?", path, maxFile)
	}
	return b, err
}

// replace makes the file whole or not at all, for its owner alone.
func replace(path string, content []byte) error {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target // the link stays a link
	}
	f, err := createOwn(filepath.Join(filepath.Dir(path), ".new-"+rand.Text()))
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	if d, err := os.Open(filepath.Dir(path)); err == nil { // not every system can sync a folder
		_ = d.Sync()
		_ = d.Close()
	}
	return nil
}

// locked runs do while no other process or goroutine changes the file. The lock
// is a file beside it, for the file itself is replaced.
func locked(path string, do func() error) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("making the folder of %s: %w", path, err)
	}
	l := flock.New(path+".lock", flock.SetPermissions(0o600))
	ctx, cancel := context.WithTimeout(context.Background(), lockWait)
	defer cancel()
	if _, err := l.TryLockContext(ctx, 10*time.Millisecond); err != nil {
		if errors.Is(err, context.DeadlineExceeded) {
			err = fmt.Errorf("another process has held it for %s", lockWait)
		}
		return fmt.Errorf("locking %s.lock: %w", path, err)
	}
	defer func() { err = errors.Join(err, l.Unlock()) }()
	return do()
}
