// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package login

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/culvertd/culvert/tunnelclient/internal/config"
	"github.com/culvertd/culvert/tunnelclient/internal/local"
)

// Login is a token that a gateway gave.
type Login struct {
	Server string    `json:"server"`           // as it was named
	Client string    `json:"client,omitempty"` // the only name that the token is good for
	Since  time.Time `json:"since"`

	file string
}

// kept is a login with its secret, as it is in its file.
type kept struct {
	Login
	Token string `json:"token"`
}

// Save keeps a token, in place of an older one for the same gateway, and
// returns the file.
func Save(home string, l Login, token string) (string, error) {
	server, err := config.ParseServer(l.Server)
	if err != nil {
		return "", fmt.Errorf("keeping the login: the server %w", err)
	}
	b, err := json.Marshal(kept{l, token})
	if err != nil {
		return "", fmt.Errorf("keeping the login: %w", err)
	}
	file := path(home, server)
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return "", fmt.Errorf("keeping the login: %w", err)
	}
	// A new name, made for its owner alone: the old file's mode may be another.
	tmp, err := os.CreateTemp(filepath.Dir(file), ".new-*")
	if err != nil {
		return "", fmt.Errorf("keeping the login: %w", err)
	}
	_, err = tmp.Write(b)
	err = errors.Join(err, tmp.Sync(), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), file)
	}
	if err != nil {
		return "", fmt.Errorf("keeping the login: %w", errors.Join(err, os.Remove(tmp.Name())))
	}
	return file, nil
}

// Find returns the login for a gateway; for nil, the only one that there is.
// It returns nil if there is none, and an error that names them if there are
// several.
func Find(home string, server *url.URL) (*Login, error) {
	if server != nil {
		l, err := read(path(home, server))
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil //nolint:nilnil // none is no error
		}
		if err != nil {
			return nil, err
		}
		return &l.Login, nil
	}
	list, err := all(home)
	switch {
	case err != nil || len(list) == 0:
		return nil, err
	case len(list) > 1:
		names := make([]string, len(list))
		for i, l := range list {
			names[i] = l.Server
		}
		slices.Sort(names)
		return nil, &SeveralError{names}
	}
	return &list[0], nil
}

// SeveralError says that a gateway has to be named.
type SeveralError struct{ Servers []string }

// Error implements error.
func (e *SeveralError) Error() string {
	return "this user has logged in to several gateways: " + strings.Join(e.Servers, ", ") + "; choose one with --server"
}

// Token reads the token.
func (l *Login) Token() (string, error) {
	k, err := read(l.file)
	if err != nil {
		return "", err
	}
	token, err := config.CheckToken(k.Token)
	if err != nil {
		return "", fmt.Errorf("the token in %s %w", l.file, err)
	}
	return token, nil
}

// Remove forgets the login.
func (l *Login) Remove() error {
	if err := os.Remove(l.file); err != nil {
		return fmt.Errorf("forgetting the login: %w", err)
	}
	return nil
}

const folder = "logins"

// path is the file for a gateway, however its URL is written.
func path(home string, server *url.URL) string {
	return filepath.Join(home, folder, local.HashServer(server)+".json")
}

func all(home string) ([]Login, error) {
	entries, err := os.ReadDir(filepath.Join(home, folder))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("looking for logins: %w", err)
	}
	var list []Login
	for _, e := range entries {
		if filepath.Ext(e.Name()) != ".json" {
			continue
		}
		l, err := read(filepath.Join(home, folder, e.Name()))
		if err != nil {
			return nil, err
		}
		list = append(list, l.Login)
	}
	return list, nil
}

// read returns a file's login, which nobody but its owner may read.
func read(file string) (kept, error) {
	b, err := config.ReadSecret(file)
	if err != nil {
		return kept{}, fmt.Errorf("the login %s %w", file, err)
	}
	var k kept
	if err := json.Unmarshal(b, &k); err != nil {
		return kept{}, fmt.Errorf("the login %s is damaged; run tunnelclient login again", file)
	}
	if _, err := config.ParseServer(k.Server); err != nil {
		return kept{}, fmt.Errorf("the login %s is damaged: its server %w", file, err)
	}
	k.file = file
	return k, nil
}
