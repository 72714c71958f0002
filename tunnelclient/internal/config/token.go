// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

// maxToken is many times what the gateway makes.
const maxToken = 4096

// ReadToken reads a token's file, which nobody but its owner may read: whoever
// reads it can be this client. The file has no lines but the token.
func ReadToken(path string) (string, error) {
	b, err := ReadSecret(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("the token file %s %w; make one with `(umask 077; culvert client token create > %s)`", path, err, path)
	case err != nil:
		return "", fmt.Errorf("the token file %s %w", path, err)
	}
	token, err := CheckToken(string(b))
	if err != nil {
		return "", fmt.Errorf("the token file %s %w", path, err)
	}
	return token, nil
}

// ReadSecret reads a file that others must not be able to read; its beginning,
// if it is larger than any secret. Its errors go on where the file is named.
func ReadSecret(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, unreadable(err)
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return nil, unreadable(err)
	}
	if info.Mode().IsRegular() && permissions(info)&0o077 != 0 {
		return nil, fmt.Errorf("can be read by other users (mode %04o); run `chmod 600 %s`", info.Mode().Perm(), path)
	}
	b, err := io.ReadAll(io.LimitReader(f, 2*maxToken))
	if err != nil {
		return nil, unreadable(err)
	}
	return b, nil
}

// unreadableError says why without repeating the file's name.
type unreadableError struct{ error }

func unreadable(err error) error { return unreadableError{err} }

// Error implements error.
func (e unreadableError) Error() string { return "cannot be read: " + reason(e.error) }

// Unwrap returns the cause.
func (e unreadableError) Unwrap() error { return e.error }

// CheckToken returns the token without the space around it, if it can be one.
// Its errors do not repeat it.
func CheckToken(s string) (string, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return "", errors.New("is empty; `culvert client token create` prints a token")
	}
	if len(s) > maxToken {
		return "", fmt.Errorf("holds more than %d bytes; is it a token?", maxToken)
	}
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return "", errors.New("holds more than a token; it must have one line and no spaces")
		}
	}
	return s, nil
}
