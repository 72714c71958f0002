// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package admin

import (
	"context"
	"net/http"
	"time"

	"github.com/culvertd/culvert/internal/inventory"
)

// side is one of the two sets of routes to the same things: an account's own,
// and everything for administrators.
type side struct {
	prefix, id, tag string
	read, write     access
	all             bool
}

var (
	own   = side{read: reader, write: manager}
	every = side{prefix: "/admin", id: "any-", tag: "Administration: ", read: adminReader, write: adminManager, all: true}
)

func (s side) scope(q *request) int64 {
	if s.all {
		return inventory.All
	}
	return q.who.User.ID
}

// with completes a route for this side.
func (s side) with(method, path, id string, x access, summary string) route {
	return route{method: method, path: s.prefix + path, id: s.id + id, access: x, summary: summary}
}

// EndpointID names an endpoint.
type EndpointID struct {
	ID string `path:"id" maxLength:"64"`
}

type newEndpointIn struct {
	Repeatable
	Body inventory.EndpointChanges
}

type changeEndpointIn struct {
	EndpointID
	Match
	Body inventory.EndpointChanges
}

type deleteEndpointIn struct {
	EndpointID
	Match
}

// EndpointKey is the key of a private endpoint at the only moment that it can
// be seen.
type EndpointKey struct {
	Key      string             `json:"key" doc:"For clients: the subprotocol culvert.key.KEY, or Authorization: Bearer. It is shown this once."`
	Endpoint inventory.Endpoint `json:"endpoint"`
}

// EndpointTicket lets one client in, once.
type EndpointTicket struct {
	Ticket    string    `json:"ticket" doc:"For the query parameter ticket of the endpoint's URL."`
	ExpiresAt time.Time `json:"expires_at"`
}

type endpointOut = tagged[inventory.Endpoint]

func (a *API) endpoints() {
	handle(a, "Endpoints", route{
		method: post, path: "/endpoints", id: "create-endpoint", access: manager, status: http.StatusCreated, create: true,
		summary: "Creates an endpoint",
	}, func(ctx context.Context, q *request, in *newEndpointIn) (*endpointOut, error) {
		name, s := in.Body.Apply("", inventory.EndpointSettings{})
		e, err := q.core.CreateEndpoint(ctx, q.who.User.ID, name, s)
		return changed(ctx, q, "endpoint.create", nil, e, err)
	})
	for _, s := range []side{own, every} {
		a.readEndpoints(s)
		a.changeEndpoints(s)
		a.keys(s)
		a.connections(s)
	}
}

func (a *API) readEndpoints(s side) {
	tag := s.tag + "Endpoints"
	handle(a, tag, s.with(get, "/endpoints", "list-endpoints", s.read, "Lists endpoints"),
		func(ctx context.Context, q *request, in *Searched) (*listOut[inventory.Endpoint], error) {
			return listed(q.core.Endpoints(ctx, s.scope(q), in.Search, in.page()))
		})
	handle(a, tag, s.with(get, "/endpoints/{id}", "get-endpoint", s.read, "Shows an endpoint"),
		func(ctx context.Context, q *request, in *EndpointID) (*endpointOut, error) {
			return endpoint(q.core.Endpoint(ctx, s.scope(q), in.ID))
		})
}

func (a *API) changeEndpoints(s side) {
	tag := s.tag + "Endpoints"
	handle(a, tag, s.with(patch, "/endpoints/{id}", "change-endpoint", s.write, "Changes an endpoint, for live connections too"),
		func(ctx context.Context, q *request, in *changeEndpointIn) (*endpointOut, error) {
			version, err := in.version()
			if err != nil {
				return nil, err
			}
			before, err := q.core.Endpoint(ctx, s.scope(q), in.ID)
			if err != nil {
				return nil, err
			}
			e, err := q.core.UpdateEndpoint(ctx, s.scope(q), in.ID, version, in.Body)
			return changed(ctx, q, "endpoint.change", before, e, err)
		})
	handle(a, tag, s.with(remove, "/endpoints/{id}", "delete-endpoint", s.write, "Deletes an endpoint and closes its connections"),
		func(ctx context.Context, q *request, in *deleteEndpointIn) (*none, error) {
			version, err := in.version()
			if err != nil {
				return nil, err
			}
			before, err := q.core.Endpoint(ctx, s.scope(q), in.ID)
			if err != nil {
				return nil, err
			}
			if err := q.core.DeleteEndpoint(ctx, s.scope(q), in.ID, version); err != nil {
				return nil, err
			}
			q.note(ctx, "endpoint.delete", inventory.EndpointTarget(in.ID), before.Audited(), nil)
			return done(nil)
		})
	handle(a, tag, s.with(post, "/endpoints/{id}/rotate", "rotate-endpoint", s.write, "Gives an endpoint a new id; connections of the old one end"),
		func(ctx context.Context, q *request, in *EndpointID) (*endpointOut, error) {
			before, err := q.core.Endpoint(ctx, s.scope(q), in.ID)
			if err != nil {
				return nil, err
			}
			e, err := q.core.RotateEndpoint(ctx, s.scope(q), in.ID)
			return changed(ctx, q, "endpoint.rotate", before, e, err)
		})
}

func (a *API) keys(s side) {
	tag := s.tag + "Endpoints"
	handle(a, tag, s.with(post, "/endpoints/{id}/key", "new-endpoint-key", s.write, "Makes an endpoint private, with a new key; connections end"),
		func(ctx context.Context, q *request, in *EndpointID) (*out[EndpointKey], error) {
			before, err := q.core.Endpoint(ctx, s.scope(q), in.ID)
			if err != nil {
				return nil, err
			}
			key, e, err := q.core.NewEndpointKey(ctx, s.scope(q), in.ID)
			if err == nil {
				q.note(ctx, "endpoint.key", inventory.EndpointTarget(in.ID), before.Audited(), e.Audited())
			}
			return answered(EndpointKey{Key: key, Endpoint: e}, err)
		})
	handle(a, tag, s.with(remove, "/endpoints/{id}/key", "drop-endpoint-key", s.write, "Makes an endpoint public"),
		func(ctx context.Context, q *request, in *EndpointID) (*endpointOut, error) {
			before, err := q.core.Endpoint(ctx, s.scope(q), in.ID)
			if err != nil {
				return nil, err
			}
			e, err := q.core.DropEndpointKey(ctx, s.scope(q), in.ID)
			return changed(ctx, q, "endpoint.public", before, e, err)
		})
	handle(a, tag, s.with(post, "/endpoints/{id}/tickets", "create-endpoint-ticket", s.write, "Makes a ticket for one connection to a private endpoint"),
		func(ctx context.Context, q *request, in *EndpointID) (*out[EndpointTicket], error) {
			ticket, expires, err := q.core.EndpointTicket(ctx, s.scope(q), in.ID)
			return answered(EndpointTicket{ticket, expires}, err)
		})
}

// endpoint is an answer with an endpoint and its ETag.
func endpoint(e inventory.Endpoint, err error) (*endpointOut, error) {
	if err != nil {
		return nil, err
	}
	return &endpointOut{ETag: etag(e.Version), Body: e}, nil
}

// changed is endpoint after a change, which is written into the audit log.
func changed(ctx context.Context, q *request, action string, before any, e inventory.Endpoint, err error) (*endpointOut, error) {
	if err == nil {
		if b, ok := before.(inventory.Endpoint); ok {
			before = b.Audited()
		}
		q.note(ctx, action, inventory.EndpointTarget(e.ID), before, e.Audited())
	}
	return endpoint(e, err)
}
