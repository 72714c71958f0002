// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"github.com/culvertd/culvert/internal/wire"
)

// Known is the known-keys file, like SSH's: one line "SERVER CLIENT PUBLICKEY"
// each, and comments. Several goroutines and processes may use one file.
type Known struct {
	path string
	mu   sync.Mutex // for writers of this process, so that only one waits for the file's lock
}

// KnownKey is one line of the file.
type KnownKey struct {
	Server string         `json:"server"`
	Client string         `json:"client"`
	Key    wire.PublicKey `json:"publicKey"`
}

// ChangedError says that a client has another key than the one that is known.
type ChangedError struct {
	Server, Client string
	Was, Is        wire.PublicKey
}

// Error implements error: what to compare, and how to accept the new key.
func (e *ChangedError) Error() string {
	return fmt.Sprintf("the key of %s at %s has changed from %s to %s: either that client has a new key, "+
		"or somebody pretends to be it; run `tunnelclient key show` on that machine, and only if it says %s "+
		"accept it here with `tunnelclient key forget %s`",
		e.Client, e.Server, e.Was.Fingerprint(), e.Is.Fingerprint(), e.Is.Fingerprint(), e.Client)
}

// OpenKnown returns the keys in the file, which is made with the first one.
func OpenKnown(path string) *Known { return &Known{path: path} }

// Check returns nil if key is the one that is known for the client at the
// server. If none is known, it remembers this one (trust on first use), and
// first is true; so the peer must have proved it. Another key than the known
// one is a *ChangedError.
func (k *Known) Check(server, client string, key wire.PublicKey) (first bool, err error) {
	if err := checkNames(server, client); err != nil {
		return false, err
	}
	lines, err := k.read()
	if err != nil {
		return false, err
	}
	if i := find(lines, server, client); i >= 0 {
		return false, lines[i].compare(key)
	}
	err = k.change(func(lines []knownLine) ([]knownLine, error) {
		if i := find(lines, server, client); i >= 0 { // another process was faster
			return nil, lines[i].compare(key)
		}
		first = true
		return append(lines, newLine(KnownKey{server, client, key})), nil
	})
	return first && err == nil, err
}

// Lookup returns the key that is known. A file that cannot be read knows none;
// Check says why.
func (k *Known) Lookup(server, client string) (wire.PublicKey, bool) {
	lines, err := k.read()
	if err != nil {
		return wire.PublicKey{}, false
	}
	if i := find(lines, server, client); i >= 0 {
		return lines[i].Key, true
	}
	return wire.PublicKey{}, false
}

// Forget removes what is known of the client at the server, and tells whether
// there was anything.
func (k *Known) Forget(server, client string) (was bool, err error) {
	err = k.change(func(lines []knownLine) ([]knownLine, error) {
		i := find(lines, server, client)
		if i < 0 {
			return nil, nil
		}
		was = true
		return slices.Delete(lines, i, i+1), nil
	})
	return was && err == nil, err
}

// List returns all that is known, in the order of the file.
func (k *Known) List() ([]KnownKey, error) {
	lines, err := k.read()
	if err != nil {
		return nil, err
	}
	var keys []KnownKey
	for _, l := range lines {
		if l.Client != "" {
			keys = append(keys, l.KnownKey)
		}
	}
	return keys, nil
}

// read needs no lock: writers replace the whole file.
func (k *Known) read() ([]knownLine, error) {
	text, err := readOwn(k.path, mayWrite)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the known keys: %w", err)
	}
	lines, err := parseKnown(string(text))
	if err != nil {
		return nil, fmt.Errorf("reading the known keys: %s:%w", k.path, err)
	}
	return lines, nil
}

// change writes what edit returns, unless it is nil.
func (k *Known) change(edit func([]knownLine) ([]knownLine, error)) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return locked(k.path, func() error {
		lines, err := k.read()
		if err == nil {
			lines, err = edit(lines)
		}
		if err != nil || lines == nil {
			return err
		}
		var text strings.Builder
		for _, l := range lines {
			text.WriteString(l.text + "\n")
		}
		if err := replace(k.path, []byte(text.String())); err != nil {
			return fmt.Errorf("keeping the known keys: %w", err)
		}
		return nil
	})
}
