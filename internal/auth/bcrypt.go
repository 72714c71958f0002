// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package auth

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/bcrypt"
)

// DefaultCost makes one hash take about a third of a second of one core.
const DefaultCost = 12

// Hasher turns passwords into what may be kept. Its methods burn a core for as
// long as they take: callers go through a Gate.
type Hasher interface {
	// Hash returns the hash of a password that CheckPassword has passed.
	Hash(password string) (string, error)
	// Check reports whether the hash is that of the password. An empty hash is
	// nobody's, and takes as long to find out.
	Check(hash, password string) (bool, error)
}

// Bcrypt is the Hasher of bcrypt at one cost.
type Bcrypt struct {
	cost   int
	nobody string
}

// NewBcrypt returns a hasher of the cost, which is DefaultCost but in tests.
func NewBcrypt(cost int) *Bcrypt {
	// A salt and a sum that no password is known for.
	return &Bcrypt{cost: cost, nobody: fmt.Sprintf("$2a$%02d$%s", cost, strings.Repeat(".", 53))}
}

// Hash implements Hasher.
func (b *Bcrypt) Hash(password string) (string, error) {
	hash, err := bcrypt.GenerateFromPassword([]byte(password), b.cost)
	if err != nil {
		return "", fmt.Errorf("hashing password: %w", err)
	}
	return string(hash), nil
}

// Check implements Hasher.
func (b *Bcrypt) Check(hash, password string) (bool, error) {
	// bcrypt reads 72 bytes and, behind a zero byte, its own beginning again:
	// such passwords would fit the hash of a shorter one.
	fits := hash != "" && len(password) <= MaxPassword && strings.IndexByte(password, 0) < 0
	if !fits {
		hash = b.nobody
	}
	err := bcrypt.CompareHashAndPassword([]byte(hash), []byte(password))
	switch {
	case err == nil:
		return fits, nil
	case errors.Is(err, bcrypt.ErrMismatchedHashAndPassword):
		return false, nil
	default:
		return false, fmt.Errorf("checking password: %w", err)
	}
}
