// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/culvertd/culvert/internal/wire"
)

// Key is an end's own key. It prints as its fingerprint.
type Key struct {
	private  ed25519.PrivateKey
	rotation *wire.Rotation
	cert     tls.Certificate
}

// New makes a key that is in memory only.
func New() (*Key, error) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("making a key: %w", err)
	}
	return newKey(private, nil)
}

// LoadOrCreate returns the key in the file, which is made at first use. What it
// has returned is on the disk, and the same for all who ask at once.
func LoadOrCreate(path string) (*Key, error) {
	k, err := Load(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return k, err
	}
	err = locked(path, func() error {
		if k, err = Load(path); !errors.Is(err, fs.ErrNotExist) {
			return err // another process was faster
		}
		if k, err = New(); err != nil {
			return err
		}
		return k.save(path)
	})
	if err != nil {
		return nil, err
	}
	return k, nil
}

// Load returns the key in the file. The error wraps fs.ErrNotExist if there is
// no such file.
func Load(path string) (*Key, error) {
	text, err := readOwn(path, mayRead|mayWrite)
	if err != nil {
		return nil, fmt.Errorf("reading the key: %w", err)
	}
	k, err := parseKey(text)
	if err != nil {
		return nil, fmt.Errorf("reading the key: %s: %w; put the file back from a backup, or delete it: "+
			"then a new key is made, which the gateway and other clients have to accept", path, err)
	}
	return k, nil
}

// Rotate puts a new key into the file, which the old one has signed, and
// returns it. The old one is gone then.
func Rotate(path string) (*Key, error) {
	var next *Key
	err := locked(path, func() error {
		old, err := Load(path)
		if err != nil {
			return err
		}
		if next, err = New(); err != nil {
			return err
		}
		next.rotation = wire.Rotate(old.private, next.Public())
		return next.save(path)
	})
	if err != nil {
		return nil, err
	}
	return next, nil
}

// Public returns the public half.
func (k *Key) Public() wire.PublicKey {
	return wire.PublicKey(k.private.Public().(ed25519.PublicKey))
}

// Rotation returns the last key's word for this one; nil if it is the first.
func (k *Key) Rotation() *wire.Rotation { return k.rotation }

// Format implements fmt.Formatter for all verbs, so that no log holds the key.
func (k Key) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, k.String()) }

// String returns the fingerprint.
func (k Key) String() string { return k.Public().Fingerprint() }

func newKey(private ed25519.PrivateKey, rotation *wire.Rotation) (*Key, error) {
	cert, err := certificate(private)
	if err != nil {
		return nil, err
	}
	return &Key{private, rotation, cert}, nil
}

func (k *Key) save(path string) error {
	text, err := k.text()
	if err == nil {
		err = replace(path, text)
	}
	if err != nil {
		return fmt.Errorf("keeping the key: %w", err)
	}
	return nil
}
