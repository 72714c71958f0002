// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package auth

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"
)

// KeyFolder keeps keys as files that only their owner may read.
type KeyFolder struct {
	dir string
	mu  sync.Mutex // guards the folder: two callers must not make one key twice
}

// NewKeyFolder returns the keys in dir, which is created with the first one.
func NewKeyFolder(dir string) *KeyFolder { return &KeyFolder{dir: dir} }

// LoadOrCreate returns the key of this name, and makes it first if there is
// none. What it has returned is on the disk.
func (k *KeyFolder) LoadOrCreate(_ context.Context, name string, create func() ([]byte, error)) ([]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	path := filepath.Join(k.dir, name)
	key, err := readKey(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	if key, err = create(); err != nil {
		return nil, fmt.Errorf("making key %s: %w", name, err)
	}
	if err := os.MkdirAll(k.dir, 0o700); err != nil {
		return nil, fmt.Errorf("keeping key %s: %w", name, err)
	}
	if err := writeKey(path, key); err != nil {
		return nil, fmt.Errorf("keeping key %s: %w", name, err)
	}
	return key, nil
}

// readKey refuses a file that others can read, as ssh does: whoever has seen
// the key can be anyone.
func readKey(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("reading key: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 && runtime.GOOS != "windows" {
		return nil, fmt.Errorf("reading key: %s has mode %04o; take the others' rights away (chmod 600), or delete it, which ends all log-ins", path, mode)
	}
	key, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading key: %w", err)
	}
	return key, nil
}

// writeKey makes the file whole or not at all.
func writeKey(path string, key []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*") // of mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(key)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
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
