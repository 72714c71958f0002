// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"

	"github.com/culvertd/culvert/internal/tunnel"
	"github.com/culvertd/culvert/internal/wire"
	"github.com/culvertd/culvert/tunnelclient/internal/local"
)

// engine is what the commands need of a tunnel.Client.
type engine interface {
	local.Engine
	Run(ctx context.Context) error
	Ready() <-chan struct{}
	SetServices(services []wire.Service) error
}

// realEngine makes a tunnel.Client an engine: its Forward returns a type of its
// own, which Go does not take for the interface.
type realEngine struct{ *tunnel.Client }

// Forward implements local.Engine.
func (e realEngine) Forward(ctx context.Context, spec tunnel.ForwardSpec) (local.Forward, error) {
	f, err := e.Client.Forward(ctx, spec)
	if err != nil {
		return nil, err
	}
	return f, nil
}
