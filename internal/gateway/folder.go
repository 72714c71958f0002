// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// DataDir returns the identity of a data folder: its absolute path without
// symlinks. The folder, and any above it, may not exist yet.
func DataDir(path string) (string, error) {
	if path == "" {
		return "", errors.New("the data folder has no name; set data")
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("resolving the data folder: %w", err)
	}
	// Only what exists can be a symlink: resolve that part.
	for dir, rest := abs, ""; ; {
		real, err := filepath.EvalSymlinks(dir)
		if err == nil {
			return filepath.Join(real, rest), nil
		}
		parent := filepath.Dir(dir)
		if !errors.Is(err, fs.ErrNotExist) || parent == dir {
			return "", fmt.Errorf("resolving the data folder: %w", err)
		}
		rest = filepath.Join(filepath.Base(dir), rest)
		dir = parent
	}
}

// errLocked says that another process holds a data folder.
var errLocked = errors.New("locked")

// lockFolder makes the data folder if need be and takes its lock. It keeps
// trying for a moment, because a command may hold it for an instant.
func lockFolder(ctx context.Context, dir string, patience time.Duration) (*flock.Flock, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the data folder: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	l := flock.New(filepath.Join(dir, "lock"), flock.SetPermissions(0o600))
	ok, err := l.TryLockContext(ctx, 20*time.Millisecond)
	switch {
	case ok:
		return l, nil
	case err == nil || errors.Is(err, context.DeadlineExceeded):
		return nil, fmt.Errorf("the data folder %s is in use by another gateway: %w; "+
			"stop that one, or give this one a folder of its own with the option data or CULVERT_DATA", dir, errLocked)
	default:
		return nil, fmt.Errorf("locking the data folder %s: %w", dir, err)
	}
}

// writeFile writes a file of mode 0600 in one step: it is the old one, or the
// whole new one.
func writeFile(path string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-") // 0600
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
