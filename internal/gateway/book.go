// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/culvertd/culvert/internal/account"
	"github.com/culvertd/culvert/internal/control"
	"github.com/culvertd/culvert/internal/hub"
	"github.com/culvertd/culvert/internal/signaling"
	"github.com/culvertd/culvert/internal/store"
)

// closeDeleted is the close code of an endpoint's connections when it is
// deleted, from the range that applications define.
const closeDeleted = 4410

// book does the operations on endpoints, client tokens and clients. Each changes the store first, because
// what the hub serves must survive a crash.
type book struct {
	store    *store.Store
	site     atomic.Pointer[Site]
	accounts *account.Service
	hub     *hub.Hub          // nil while no gateway runs
	rec     *recorder         // nil while no gateway runs
	tunnels *signaling.Server // nil while no gateway runs

	// mu keeps two changes of one thing from reaching the hub or signaling in
	// another order than the store.
	mu sync.Mutex
}

// CreateEndpoint implements control.Endpoints.
func (b *book) CreateEndpoint(ctx context.Context, owner, name string, s control.Settings) (control.Endpoint, error) {
	if err := validate(name, s); err != nil {
		return control.Endpoint{}, err
	}
	user, err := b.owner(ctx, owner)
	if err != nil {
		return control.Endpoint{}, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	e := store.Endpoint{ID: newID(), UserID: user.ID, Name: name, CreatedAt: time.Now(), Settings: toStore(s)}
	if err := b.store.CreateEndpoint(ctx, e); err != nil {
		return control.Endpoint{}, err
	}
	if b.hub != nil {
		b.hub.Set(hub.ID(e.ID), toHub(e.Settings))
	}
	return b.show(e), nil
}

// Endpoints implements control.Endpoints.
func (b *book) Endpoints(ctx context.Context) ([]control.Endpoint, error) {
	if err := b.flush(ctx); err != nil {
		return nil, err
	}
	es, err := b.store.Endpoints(ctx)
	if err != nil {
		return nil, err
	}
	owners := make(directory)
	list := make([]control.Endpoint, len(es))
	for i, e := range es {
		list[i] = b.show(e)
		if list[i].Owner, err = owners.name(ctx, b.store, e.UserID); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// UpdateEndpoint implements control.Endpoints.
func (b *book) UpdateEndpoint(ctx context.Context, id string, c control.Changes) (control.Endpoint, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	e, err := b.find(ctx, id)
	if err != nil {
		return control.Endpoint{}, err
	}
	if c.Name != nil {
		e.Name = *c.Name
	}
	s := c.Apply(fromStore(e.Settings))
	if err := validate(e.Name, s); err != nil {
		return control.Endpoint{}, err
	}
	e, err = b.store.UpdateEndpoint(ctx, id, e.Version, func(kept *store.Endpoint) {
		kept.Name, kept.Settings = e.Name, toStore(s)
	})
	if err != nil {
		return control.Endpoint{}, notFound(err, id)
	}
	if b.hub != nil {
		b.hub.Set(hub.ID(id), toHub(e.Settings))
	}
	return b.show(e), nil
}

// DeleteEndpoint implements control.Endpoints.
func (b *book) DeleteEndpoint(ctx context.Context, id string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, err := b.find(ctx, id); err != nil {
		return err
	}
	// The gateway's totals shall keep what the endpoint has counted.
	if err := b.flush(ctx); err != nil {
		return err
	}
	if err := b.store.DeleteEndpoint(ctx, id); err != nil {
		return notFound(err, id)
	}
	if b.hub != nil {
		b.hub.Remove(hub.ID(id), hub.Closing{Code: closeDeleted, Reason: "endpoint deleted"})
	}
	return nil
}

// ConnectionLog implements control.Endpoints.
func (b *book) ConnectionLog(ctx context.Context, id string, limit int) ([]control.LogLine, error) {
	if limit < 1 || limit > control.MaxLogLines {
		p := problems{}
		p.add("limit", "is %d; use 1 to %d", limit, control.MaxLogLines)
		return nil, p.err()
	}
	if _, err := b.find(ctx, id); err != nil {
		return nil, err
	}
	if err := b.flush(ctx); err != nil {
		return nil, err
	}
	events, err := b.store.Connections(ctx, id, limit)
	if err != nil {
		return nil, err
	}
	lines := make([]control.LogLine, len(events))
	for i, e := range events {
		lines[i] = logLine(e)
	}
	return lines, nil
}

func (b *book) find(ctx context.Context, id string) (store.Endpoint, error) {
	if !control.ValidID(id) {
		return store.Endpoint{}, control.NotFound(id)
	}
	e, err := b.store.Endpoint(ctx, id)
	return e, notFound(err, id)
}

// flush brings the store up to date with the hub.
func (b *book) flush(ctx context.Context) error {
	if b.rec == nil {
		return nil
	}
	return b.rec.Flush(ctx)
}

// notFound translates the store's error.
func notFound(err error, id string) error {
	if errors.Is(err, store.ErrNotFound) {
		return control.NotFound(id)
	}
	return err
}
