// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"context"
	"errors"
	"net/netip"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/culvertd/culvert/internal/account"
	"github.com/culvertd/culvert/internal/control"
	"github.com/culvertd/culvert/internal/hub"
	"github.com/culvertd/culvert/internal/inventory"
	"github.com/culvertd/culvert/internal/store"
)

// API is what the REST API calls. A scope is an account, inventory.Operator or
// inventory.All: what is outside of it does not exist. Errors that a caller may
// act on are an *account.Error, a *control.Error, or one of the store's.
type API struct{ b *book }

// API returns the operations of the REST API, or nil before the first Push and
// after Close.
func (c *Core) API() *API {
	if r := c.run.Load(); r != nil {
		return &API{&r.book}
	}
	return nil
}

func missing(what string) error {
	return &account.Error{Code: account.CodeNotFound, Message: "There is no " + what + " of this name or id."}
}

// within reports whether what belongs to owner is within a scope.
func within(scope, owner int64) bool { return scope == inventory.All || scope == owner }

// storable reports whether every database can compare with s; nothing that is
// kept is another.
func storable(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }

// find returns an endpoint of the scope.
func (a *API) find(ctx context.Context, scope int64, id string) (store.Endpoint, error) {
	if !control.ValidID(id) {
		return store.Endpoint{}, missing("endpoint")
	}
	e, err := a.b.store.Endpoint(ctx, id)
	if errors.Is(err, store.ErrNotFound) || err == nil && !within(scope, e.UserID) {
		return store.Endpoint{}, missing("endpoint")
	}
	return e, err
}

// CreateEndpoint makes an endpoint, unless the account has as many as it may.
func (a *API) CreateEndpoint(ctx context.Context, owner int64, name string, s inventory.EndpointSettings) (inventory.Endpoint, error) {
	if err := validate(name, control.Settings(s)); err != nil {
		return inventory.Endpoint{}, err
	}
	a.b.mu.Lock()
	defer a.b.mu.Unlock()
	if limit := a.b.ledger.endpointLimit(owner); limit > 0 {
		n, err := a.b.store.CountEndpoints(ctx, owner)
		if err != nil {
			return inventory.Endpoint{}, err
		}
		if n >= limit {
			return inventory.Endpoint{}, &account.Error{
				Code:    account.CodeLimitReached,
				Message: "The account has as many endpoints as it may. Delete one, or ask an administrator to raise the limit.",
				Details: map[string]string{"limit": strconv.Itoa(limit)},
			}
		}
	}
	e, err := a.b.create(ctx, owner, name, control.Settings(s))
	return a.show(e), err
}

// Endpoints lists endpoints whose name or id has search in it.
func (a *API) Endpoints(ctx context.Context, scope int64, search string, p store.Page) ([]inventory.Endpoint, string, error) {
	if !storable(search) {
		return []inventory.Endpoint{}, "", nil
	}
	list, next, err := a.b.store.EndpointsOf(ctx, scope, search, p)
	if err != nil {
		return nil, "", err
	}
	out := make([]inventory.Endpoint, len(list))
	for i, e := range list {
		out[i] = a.show(e)
	}
	return out, next, nil
}

// Endpoint returns one endpoint.
func (a *API) Endpoint(ctx context.Context, scope int64, id string) (inventory.Endpoint, error) {
	e, err := a.find(ctx, scope, id)
	if err != nil {
		return inventory.Endpoint{}, err
	}
	return a.show(e), nil
}

// UpdateEndpoint changes what c names, if the version is right; 0 is any.
func (a *API) UpdateEndpoint(ctx context.Context, scope int64, id string, version int64, c inventory.EndpointChanges) (inventory.Endpoint, error) {
	return a.change(ctx, scope, id, version, func(e *store.Endpoint) error {
		if c.Name != nil {
			e.Name = *c.Name
		}
		s := control.Changes(c).Apply(fromStore(e.Settings))
		e.Settings = toStore(s)
		return validate(e.Name, s)
	})
}

// change does with an endpoint what f says, in the store and then in the hub.
func (a *API) change(ctx context.Context, scope int64, id string, version int64, f func(*store.Endpoint) error) (inventory.Endpoint, error) {
	a.b.mu.Lock()
	defer a.b.mu.Unlock()
	e, err := a.find(ctx, scope, id)
	if err != nil {
		return inventory.Endpoint{}, err
	}
	if err := f(&e); err != nil {
		return inventory.Endpoint{}, err
	}
	e, err = a.b.store.UpdateEndpoint(ctx, id, version, func(kept *store.Endpoint) {
		kept.Name, kept.Settings, kept.Private, kept.KeyHash = e.Name, e.Settings, e.Private, e.KeyHash
	})
	if err != nil {
		return inventory.Endpoint{}, err
	}
	a.b.install(e)
	a.b.feed.tell(inventory.EndpointChanged, id, "", e.UserID)
	return a.show(e), nil
}

// DeleteEndpoint removes an endpoint and closes its connections.
func (a *API) DeleteEndpoint(ctx context.Context, scope int64, id string, version int64) error {
	a.b.mu.Lock()
	defer a.b.mu.Unlock()
	e, err := a.find(ctx, scope, id)
	if err != nil {
		return err
	}
	if version != 0 && version != e.Version {
		return store.ErrConflict
	}
	return a.b.remove(ctx, e)
}

// RotateEndpoint gives an endpoint another id. The old one is unknown from then
// on, and its connections are closed.
func (a *API) RotateEndpoint(ctx context.Context, scope int64, id string) (inventory.Endpoint, error) {
	b := a.b
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, err := a.find(ctx, scope, id); err != nil {
		return inventory.Endpoint{}, err
	}
	if err := b.flush(ctx); err != nil {
		return inventory.Endpoint{}, err
	}
	now := newID()
	if err := b.store.RotateEndpoint(ctx, id, now); err != nil {
		return inventory.Endpoint{}, err
	}
	b.pulse.settle(hub.ID(id), hub.ID(now))
	b.hub.Remove(hub.ID(id), hub.Closing{Code: closeDeleted, Reason: "the endpoint has another id"})
	b.ledger.disown(hub.ID(id))
	e, err := b.store.Endpoint(ctx, now)
	if err != nil {
		return inventory.Endpoint{}, err
	}
	b.install(e)
	b.feed.tell(inventory.EndpointDeleted, id, "", e.UserID)
	b.feed.tell(inventory.EndpointCreated, now, "", e.UserID)
	return a.show(e), nil
}

// NewEndpointKey makes an endpoint private, or gives it another key, and closes
// its connections.
func (a *API) NewEndpointKey(ctx context.Context, scope int64, id string) (string, inventory.Endpoint, error) {
	key := hub.NewKey()
	hash := hub.HashKey(key)
	e, err := a.change(ctx, scope, id, 0, func(e *store.Endpoint) error {
		e.Private, e.KeyHash = true, hash[:]
		return nil
	})
	if err != nil {
		return "", inventory.Endpoint{}, err
	}
	a.b.hub.CloseAll(hub.ID(id), hub.Closing{Code: hub.CloseKey, Reason: "the endpoint has a new key"})
	return key, e, nil
}

// DropEndpointKey makes an endpoint public.
func (a *API) DropEndpointKey(ctx context.Context, scope int64, id string) (inventory.Endpoint, error) {
	return a.change(ctx, scope, id, 0, func(e *store.Endpoint) error {
		e.Private, e.KeyHash = false, nil
		return nil
	})
}

// EndpointTicket returns the leave to connect once to a private endpoint.
func (a *API) EndpointTicket(ctx context.Context, scope int64, id string) (string, time.Time, error) {
	e, err := a.find(ctx, scope, id)
	if err != nil {
		return "", time.Time{}, err
	}
	if !e.Private {
		return "", time.Time{}, &account.Error{Code: account.CodeInvalid, Message: "The endpoint is public: nobody needs a ticket."}
	}
	text, expires, ok := a.b.hub.Ticket(hub.ID(id))
	if !ok {
		return "", time.Time{}, missing("endpoint")
	}
	return text, expires, nil
}

// Blocked reports whether an address is on the block list.
func (a *API) Blocked(addr netip.Addr) bool { return a.b.blocks.has(addr) }

// Subscribe delivers what happens within the scope. After is the ID of the last
// change that was seen, or empty; what has come since is delivered first, or
// one change of the kind Missed if it is forgotten. The channel is closed when
// the subscriber is too slow, or the gateway closes. The function ends the
// subscription, and may be called twice.
func (a *API) Subscribe(scope int64, after string) (<-chan inventory.Change, func()) {
	return a.b.feed.subscribe(scope, after)
}

// Site returns where the gateway is reached.
func (a *API) Site() inventory.Site {
	s := *a.b.site.Load()
	return inventory.Site{URL: s.String(), WebSocketURL: s.WebSocket(), Relay: a.b.tunnels.RelayAddr(s.Host)}
}

// SaveIdempotent and Idempotent keep answers for requests that are repeated.
func (a *API) SaveIdempotent(ctx context.Context, i store.Idempotent) error {
	return a.b.store.SaveIdempotent(ctx, i)
}

// Idempotent returns the answer to an earlier request with this key.
func (a *API) Idempotent(ctx context.Context, user int64, key string) (store.Idempotent, error) {
	return a.b.store.Idempotent(ctx, user, key)
}
