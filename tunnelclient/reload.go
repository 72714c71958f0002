// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"reflect"
	"slices"
	"strings"

	"go.uber.org/zap"

	"github.com/culvertd/culvert/internal/wire"
	"github.com/culvertd/culvert/tunnelclient/internal/local"
)

// reread reads the settings again and changes the services if they did. The
// connects are the caller's.
func (a *app) reread(h *hosted, old *settings) (*settings, error) {
	next, err := a.settings()
	if err != nil {
		return nil, err
	}
	cfg, err := next.client(next.file.Services, nil)
	if err != nil {
		return nil, err
	}
	key, err := next.key()
	if err != nil {
		return nil, err
	}
	restart := needRestart(old, next)
	if key.Public() != h.key.Public() {
		restart = append(restart, "keyFile")
	}
	if local.HashToken(cfg.Token) != h.tokenHash {
		restart = append(restart, "token")
	}
	if !sameServices(old.file.Services, next.file.Services) {
		if err := h.SetServices(next.file.Services); err != nil {
			return nil, err
		}
	}
	h.log.Info("read the configuration again",
		zap.Int("services", len(next.file.Services)), zap.Int("connects", len(next.file.Connects)))
	if len(restart) > 0 {
		h.log.Warn("some changes need a restart", zap.Strings("keys", restart))
		// They count as changed until then.
		next.server, next.clientID, next.tokenFrom = old.server, old.clientID, old.tokenFrom
		next.transport, next.noReconnect = old.transport, old.noReconnect
		next.file.ReconnectInterval, next.file.ResumeWindow = old.file.ReconnectInterval, old.file.ResumeWindow
	}
	return next, nil
}

// needRestart names the keys whose change the running client cannot follow.
func needRestart(old, next *settings) []string {
	var keys []string
	for _, k := range []struct {
		name    string
		changed bool
	}{
		{"serverUrl", local.Canonical(old.server) != local.Canonical(next.server)},
		{"clientId", old.clientID != next.clientID},
		{"transport", old.transport != next.transport},
		{"autoReconnect", old.noReconnect != next.noReconnect},
		{"reconnectInterval", old.file.ReconnectInterval != next.file.ReconnectInterval},
		{"resumeWindow", old.file.ResumeWindow != next.file.ResumeWindow},
	} {
		if k.changed {
			keys = append(keys, k.name)
		}
	}
	return keys
}

// sameServices tells whether nothing changed; the order means nothing.
func sameServices(a, b []wire.Service) bool {
	byID := func(x, y wire.Service) int { return strings.Compare(x.ID, y.ID) }
	a, b = slices.Clone(a), slices.Clone(b)
	slices.SortFunc(a, byID)
	slices.SortFunc(b, byID)
	return slices.EqualFunc(a, b, func(x, y wire.Service) bool { return reflect.DeepEqual(x, y) })
}
