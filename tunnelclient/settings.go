// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"net/url"
	"path/filepath"

	"go.uber.org/zap"

	"github.com/culvertd/culvert/internal/identity"
	"github.com/culvertd/culvert/internal/tunnel"
	"github.com/culvertd/culvert/internal/wire"
	"github.com/culvertd/culvert/tunnelclient/internal/config"
	"github.com/culvertd/culvert/tunnelclient/internal/local"
	"github.com/culvertd/culvert/tunnelclient/internal/login"
)

// settings is what flags, environment and file say together, in this order.
type settings struct {
	file        *config.Config // the defaults if there is none
	path        string         // of the file
	home        string
	server      *url.URL // nil if nothing names it
	implied     bool     // the server is that of the only login
	clientID    string
	transport   tunnel.Transport
	noReconnect bool
	keyFile     string
	tokenFrom   func() (string, error) // nil if nothing names it
	loggedIn    bool                   // the token is a login's
	noLogin     error                  // why none was taken, for who would need one
}

func (a *app) settings() (*settings, error) {
	s := &settings{file: config.Default(), path: a.flags.config, clientID: a.flags.client}
	var err error
	if s.home, err = local.Home(a.getenv); err != nil {
		return nil, usageError{err}
	}
	if s.path != "" {
		if s.file, err = config.Load(s.path); err != nil {
			return nil, err
		}
	}
	if err := s.setServer(a.flags.server, a.getenv("CULVERT_SERVER")); err != nil {
		return nil, err
	}
	if s.clientID == "" {
		s.clientID = s.file.ClientID
	} else if err := config.CheckName(s.clientID); err != nil {
		return nil, usagef("--client: %w", err)
	}
	s.transport = s.file.Transport
	if a.flags.transport != "" {
		s.transport = tunnel.Transport(a.flags.transport)
		if err := config.CheckTransport(s.transport); err != nil {
			return nil, usagef("--transport: %w", err)
		}
	}
	s.keyFile = cmp.Or(s.file.KeyFile, filepath.Join(s.home, "key"))
	s.noReconnect = a.flags.noReconnect || !s.file.AutoReconnect
	s.setToken(a.flags.tokenFile, a.getenv("CULVERT_TOKEN"))
	if s.tokenFrom == nil {
		s.noLogin = s.setLogin()
	}
	return s, nil
}

// setLogin takes what tunnelclient login has kept.
func (s *settings) setLogin() error {
	l, err := login.Find(s.home, s.server)
	if err != nil || l == nil {
		return err
	}
	if s.server == nil {
		if s.server, err = config.ParseServer(l.Server); err != nil {
			return fmt.Errorf("the login's server %w", err)
		}
		s.implied = true
	}
	s.tokenFrom, s.loggedIn = l.Token, true
	return nil
}

func (s *settings) setServer(flag, env string) error {
	for _, from := range []struct{ name, url string }{
		{"--server", flag}, {"CULVERT_SERVER", env}, {"serverUrl", s.file.ServerURL},
	} {
		if from.url == "" {
			continue
		}
		u, err := config.ParseServer(from.url)
		if err != nil {
			return usagef("%s: %w", from.name, err)
		}
		s.server = u
		return nil
	}
	return nil
}

// setToken notes where the token is; only who signs in reads it.
func (s *settings) setToken(flag, env string) {
	file := flag
	if file == "" && env == "" {
		file = s.file.TokenFile
	}
	switch {
	case file != "":
		s.tokenFrom = func() (string, error) { return config.ReadToken(file) }
	case env != "":
		s.tokenFrom = func() (string, error) {
			token, err := config.CheckToken(env)
			if err != nil {
				return "", usagef("CULVERT_TOKEN %w", err)
			}
			return token, nil
		}
	}
}

// token reads the token.
func (s *settings) token() (string, error) {
	if s.tokenFrom == nil {
		return "", usagef("no token: set tokenFile in the configuration, --token-file, or CULVERT_TOKEN; " +
			"`tunnelclient login URL` gets one from your account, `culvert client token create` on the gateway prints one")
	}
	token, err := s.tokenFrom()
	if err != nil {
		return "", usageError{err}
	}
	return token, nil
}

// wanted is what is known of the running client that a command is to reach.
// Without a name the token tells whose it is; what is only taken for want of
// anything else tells nothing.
func (s *settings) wanted() (local.Identity, error) {
	id := local.Identity{ClientID: s.clientID}
	if s.server != nil && !s.implied {
		id.Server = local.Canonical(s.server)
	}
	if id.ClientID == "" && s.tokenFrom != nil && !s.loggedIn {
		token, err := s.token()
		if err != nil {
			return id, err
		}
		id.TokenHash = local.HashToken(token)
	}
	return id, nil
}

// canSignIn tells whether there is all that signing in needs.
func (s *settings) canSignIn() bool { return s.server != nil && s.tokenFrom != nil }

// known are the keys of other clients that this user has met.
func (s *settings) known() *identity.Known {
	return identity.OpenKnown(filepath.Join(s.home, "known_keys"))
}

// key returns this user's key, which is made if there is none.
func (s *settings) key() (*identity.Key, error) {
	k, err := identity.LoadOrCreate(s.keyFile)
	if err != nil {
		return nil, usageError{err}
	}
	return k, nil
}

// checkKey fails if there is a key that could not be used.
func (s *settings) checkKey() error {
	if _, err := identity.Load(s.keyFile); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return usageError{err}
	}
	return nil
}

// client is the configuration of the engine, but for the key.
func (s *settings) client(services []wire.Service, log *zap.Logger) (tunnel.Config, error) {
	switch {
	case s.noLogin != nil && s.tokenFrom == nil:
		return tunnel.Config{}, usageError{s.noLogin}
	case s.server == nil:
		return tunnel.Config{}, usagef("no gateway: set serverUrl in the configuration, --server, or CULVERT_SERVER; " +
			"or run `tunnelclient login URL`")
	}
	token, err := s.token()
	if err != nil {
		return tunnel.Config{}, err
	}
	return tunnel.Config{
		Server:            s.server,
		Token:             token,
		ClientID:          s.clientID,
		Services:          services,
		NoReconnect:       s.noReconnect,
		ReconnectInterval: s.file.ReconnectInterval,
		Transport:         s.transport,
		Known:             s.known(),
		Window:            s.file.ResumeWindow,
		Logger:            log,
	}, nil
}

// tokenInTheOpen tells whether the token crosses a network without TLS.
func tokenInTheOpen(server *url.URL) bool {
	if server.Scheme != "ws" && server.Scheme != "http" || server.Hostname() == "localhost" {
		return false
	}
	ip, err := netip.ParseAddr(server.Hostname())
	return err != nil || !ip.IsLoopback()
}

var errNotRunning = &tunnel.Error{
	Kind: tunnel.Unreachable,
	Err:  errors.New("no tunnelclient runs here for that; start one with tunnelclient --config FILE"),
}
