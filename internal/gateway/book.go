// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/culvertd/culvert/internal/account"
	"github.com/culvertd/culvert/internal/control"
	"github.com/culvertd/culvert/internal/hub"
	"github.com/culvertd/culvert/internal/inventory"
	"github.com/culvertd/culvert/internal/publish"
	"github.com/culvertd/culvert/internal/signaling"
	"github.com/culvertd/culvert/internal/store"
)

// closeDeleted is the close code of an endpoint's connections when it is
// deleted, from the range that applications define.
const closeDeleted = 4410

// book does the operations on endpoints, accounts, client tokens and clients.
// Each changes the store first, because what the hub serves must survive a
// crash.
type book struct {
	store    *store.Store
	site     atomic.Pointer[Site]
	public   atomic.Pointer[PublicSite]
	accounts *account.Service

	// These are nil while no gateway runs.
	hub       *hub.Hub
	rec       *recorder
	tunnels   *signaling.Server
	publisher *publish.Publisher
	ledger    *ledger
	pulse     *pulse
	feed      *feed
	log       func() *zap.Logger

	blocks      blocks
	resolver    resolver                  // of the config in force
	idleRemoval atomic.Int64              // a duration
	quotaHook   atomic.Pointer[QuotaHook] // of the config in force
	owed        owed                      // changes of accounts that were not followed

	grants map[store.Grant]bool // in force; guarded by mu

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
	e, err := b.create(ctx, user.ID, name, s)
	if err != nil {
		return control.Endpoint{}, err
	}
	b.noteEndpoint(ctx, commands, "endpoint.create", nil, &e)
	return b.show(e), nil
}

// create makes an endpoint. mu is held, as for install and remove.
func (b *book) create(ctx context.Context, owner int64, name string, s control.Settings) (store.Endpoint, error) {
	id := newID()
	err := b.store.CreateEndpoint(ctx, store.Endpoint{
		ID: id, UserID: owner, Name: name, CreatedAt: time.Now(), Settings: toStore(s),
	})
	if err != nil {
		return store.Endpoint{}, err
	}
	e, err := b.store.Endpoint(ctx, id)
	if err != nil {
		return store.Endpoint{}, err
	}
	b.install(e)
	b.feed.tell(inventory.EndpointCreated, id, "", owner)
	return e, nil
}

// install puts in force what the store has of an endpoint. That of a disabled
// account waits.
func (b *book) install(e store.Endpoint) {
	if b.hub == nil {
		return
	}
	b.ledger.own(hub.ID(e.ID), e.UserID)
	if group, ok := b.ledger.group(e.UserID); ok {
		b.hub.Set(hub.ID(e.ID), toHub(e, group))
	}
}

// remove deletes an endpoint and closes its connections.
func (b *book) remove(ctx context.Context, e store.Endpoint) error {
	// The gateway's totals shall keep what the endpoint has counted.
	if err := b.flush(ctx); err != nil {
		return err
	}
	if err := b.store.DeleteEndpoint(ctx, e.ID); err != nil || b.hub == nil {
		return err
	}
	b.pulse.settle(hub.ID(e.ID), "")
	b.hub.Remove(hub.ID(e.ID), hub.Closing{Code: closeDeleted, Reason: "endpoint deleted"})
	b.ledger.disown(hub.ID(e.ID))
	b.feed.tell(inventory.EndpointDeleted, e.ID, "", e.UserID)
	return nil
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
	before := e
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
	b.install(e)
	b.feed.tell(inventory.EndpointChanged, id, "", e.UserID)
	b.noteEndpoint(ctx, commands, "endpoint.change", &before, &e)
	return b.show(e), nil
}

// DeleteEndpoint implements control.Endpoints.
func (b *book) DeleteEndpoint(ctx context.Context, id string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	e, err := b.find(ctx, id)
	if err != nil {
		return err
	}
	if err := b.remove(ctx, e); err != nil {
		return notFound(err, id)
	}
	b.noteEndpoint(ctx, commands, "endpoint.delete", &e, nil)
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
