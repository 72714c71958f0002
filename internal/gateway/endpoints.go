// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"context"

	"github.com/culvertd/culvert/internal/control"
)

// CreateEndpoint implements control.Endpoints.
func (c *Core) CreateEndpoint(ctx context.Context, owner, name string, s control.Settings) (control.Endpoint, error) {
	b, err := c.book()
	if err != nil {
		return control.Endpoint{}, err
	}
	return b.CreateEndpoint(ctx, owner, name, s)
}

// Endpoints implements control.Endpoints.
func (c *Core) Endpoints(ctx context.Context) ([]control.Endpoint, error) {
	b, err := c.book()
	if err != nil {
		return nil, err
	}
	return b.Endpoints(ctx)
}

// UpdateEndpoint implements control.Endpoints.
func (c *Core) UpdateEndpoint(ctx context.Context, id string, ch control.Changes) (control.Endpoint, error) {
	b, err := c.book()
	if err != nil {
		return control.Endpoint{}, err
	}
	return b.UpdateEndpoint(ctx, id, ch)
}

// DeleteEndpoint implements control.Endpoints.
func (c *Core) DeleteEndpoint(ctx context.Context, id string) error {
	b, err := c.book()
	if err != nil {
		return err
	}
	return b.DeleteEndpoint(ctx, id)
}

// ConnectionLog implements control.Endpoints.
func (c *Core) ConnectionLog(ctx context.Context, id string, limit int) ([]control.LogLine, error) {
	b, err := c.book()
	if err != nil {
		return nil, err
	}
	return b.ConnectionLog(ctx, id, limit)
}

// CreateClientToken implements control.Clients.
func (c *Core) CreateClientToken(ctx context.Context, owner, client string) (control.NewClientToken, error) {
	b, err := c.book()
	if err != nil {
		return control.NewClientToken{}, err
	}
	return b.CreateClientToken(ctx, owner, client)
}

// ClientTokens implements control.Clients.
func (c *Core) ClientTokens(ctx context.Context) ([]control.ClientToken, error) {
	b, err := c.book()
	if err != nil {
		return nil, err
	}
	return b.ClientTokens(ctx)
}

// RevokeClientToken implements control.Clients.
func (c *Core) RevokeClientToken(ctx context.Context, id string) error {
	b, err := c.book()
	if err != nil {
		return err
	}
	return b.RevokeClientToken(ctx, id)
}

// ForgetClientKey implements control.Clients.
func (c *Core) ForgetClientKey(ctx context.Context, client string) error {
	b, err := c.book()
	if err != nil {
		return err
	}
	return b.ForgetClientKey(ctx, client)
}

// Clients implements control.Clients.
func (c *Core) Clients(ctx context.Context) ([]control.TunnelClient, error) {
	b, err := c.book()
	if err != nil {
		return nil, err
	}
	return b.Clients(ctx)
}

var (
	_ control.Endpoints = (*Core)(nil)
	_ control.Clients   = (*Core)(nil)
)
