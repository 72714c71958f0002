// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"strings"
	"sync"

	"go.uber.org/zap"

	"github.com/culvertd/culvert/internal/identity"
	"github.com/culvertd/culvert/internal/wire"
	"github.com/culvertd/culvert/tunnelclient/internal/local"
)

// hosted is a client of this process.
type hosted struct {
	engine
	failed    *failures
	instance  *local.Instance
	tokenHash string
	key       *identity.Key
	log       *zap.Logger
}

// host signs in and answers other commands while work runs. Whichever of the
// two ends first ends the other; the engine then drains, so that work need not
// close what it has opened.
func (a *app) host(ctx context.Context, s *settings, command string, services []wire.Service, work func(context.Context, *hosted) error) error {
	cfg, err := s.client(services, a.log)
	if err != nil {
		return err
	}
	if cfg.Key, err = s.key(); err != nil {
		return err
	}
	if tokenInTheOpen(s.server) {
		a.log.Warn("the token crosses the network unencrypted; use wss:// outside a trusted network",
			zap.String("server", s.server.String()))
	}
	id := local.Identity{
		Server: local.Canonical(s.server), ClientID: s.clientID, TokenHash: local.HashToken(cfg.Token),
	}
	instance, err := local.Acquire(ctx, s.home, local.Info{Identity: id, Command: command, Config: s.path})
	if err != nil {
		return err
	}
	defer a.close("letting the state's folder go", instance.Close)
	h := &hosted{engine: a.engine(cfg), failed: newFailures(), instance: instance, tokenHash: id.TokenHash, key: cfg.Key, log: a.log}
	server, err := instance.Serve(reporting{h.engine, h.failed}, version(), a.log)
	if err != nil {
		return err
	}
	defer a.close("closing the control socket", server.Close)

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var calming sync.WaitGroup
	defer calming.Wait()
	calming.Go(func() { calm(ctx) })
	ran := make(chan error, 1)
	go func() {
		defer cancel()
		ran <- h.Run(ctx)
	}()
	worked := work(ctx, h)
	cancel()
	if err := <-ran; err != nil {
		return err // work's error, if any, came of it
	}
	return worked
}

// online waits for the first sign-in; false means that ctx ended before.
func (h *hosted) online(ctx context.Context) bool {
	select {
	case <-h.Ready():
	case <-ctx.Done():
		return false
	}
	h.noteName()
	return true
}

// noteName makes this process known by the name that the gateway gave.
func (h *hosted) noteName() {
	if err := h.instance.SetClientID(h.Status().ClientID); err != nil {
		// Commands without --config may then not find this process.
		h.log.Warn("noting the client's name", zap.Error(err))
	}
}

// find returns the client that runs here and that the settings mean, or nil.
func (a *app) find(ctx context.Context, s *settings) (*local.Found, error) {
	want, err := s.wanted()
	if err != nil {
		return nil, err
	}
	found, err := local.Find(ctx, s.home, want)
	switch {
	case err != nil:
		return nil, err
	case len(found) == 0:
		return nil, nil //nolint:nilnil // none is no error
	case len(found) > 1:
		names := make([]string, len(found))
		for i, f := range found {
			names[i] = f.String()
		}
		return nil, usagef("several clients run here: %s; choose one with --config or --client", strings.Join(names, ", "))
	}
	return &found[0], nil
}

// close is for what is deferred: its error changes nothing any more.
func (a *app) close(what string, closer func() error) {
	if err := closer(); err != nil {
		a.log.Warn(what, zap.Error(err))
	}
}
