// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/culvertd/culvert/internal/identity"
	"github.com/culvertd/culvert/tunnelclient/internal/config"
	"github.com/culvertd/culvert/tunnelclient/internal/local"
)

// knownKey is a known key as it is printed.
type knownKey struct {
	identity.KnownKey
	Fingerprint string `json:"fingerprint"`
}

func (a *app) listKnown(s *settings) error {
	keys, err := s.known().List()
	if err != nil {
		return usageError{err}
	}
	list := make([]knownKey, len(keys))
	for i, k := range keys {
		list[i] = knownKey{k, k.Key.Fingerprint()}
	}
	if a.flags.json {
		return a.printJSON(list)
	}
	return a.table("CLIENT\tSERVER\tFINGERPRINT", func(w io.Writer) {
		for _, k := range list {
			row(w, k.Client, k.Server, k.Fingerprint)
		}
	})
}

// forgetKey forgets a client at the server that the settings name, or at the
// only one where it is known.
func (a *app) forgetKey(s *settings, client string) error {
	if err := config.CheckTarget(client); err != nil {
		return usageError{err}
	}
	known := s.known()
	keys, err := known.List()
	if err != nil {
		return usageError{err}
	}
	var found []identity.KnownKey
	var servers []string
	for _, k := range keys {
		if k.Client == client && s.means(k.Server) {
			found, servers = append(found, k), append(servers, k.Server)
		}
	}
	switch {
	case len(found) == 0:
		return usagef("no key of %s is known; tunnelclient key known lists those that are", client)
	case len(found) > 1:
		return usagef("keys of %s are known at several gateways: %s; choose one with --server", client, strings.Join(servers, ", "))
	}
	// Another process may have been faster; then it is forgotten all the same.
	if _, err := known.Forget(found[0].Server, client); err != nil {
		return usageError{err}
	}
	if a.flags.json {
		return a.printJSON(knownKey{found[0], found[0].Key.Fingerprint()})
	}
	_, err = fmt.Fprintf(a.stdout, "Forgot the key of %s at %s, %s; the next one that it shows is accepted\n",
		client, found[0].Server, found[0].Key.Fingerprint())
	return err
}

// means tells whether a server of the known keys is the one that the settings
// name; any is, if they name none.
func (s *settings) means(server string) bool {
	if s.server == nil || s.implied {
		return true
	}
	u, err := config.ParseServer(server)
	return err == nil && local.Canonical(u) == local.Canonical(s.server)
}
