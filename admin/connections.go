// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package admin

import (
	"context"
	"strconv"

	"github.com/culvertd/culvert/internal/inventory"
)

type endpointPage struct {
	EndpointID
	Paged
}

type connectionID struct {
	EndpointID
	Connection uint64 `path:"connection"`
}

// connections are the routes to who is connected to an endpoint, and was.
func (a *API) connections(s side) {
	tag := s.tag + "Endpoints"
	handle(a, tag, s.with(get, "/endpoints/{id}/connections", "list-connections", s.read, "Lists the open connections of an endpoint"),
		func(ctx context.Context, q *request, in *endpointPage) (*listOut[inventory.Connection], error) {
			return listed(q.core.Connections(ctx, s.scope(q), in.ID, in.page()))
		})
	handle(a, tag, s.with(remove, "/endpoints/{id}/connections/{connection}", "kick-connection", s.write, "Closes a connection"),
		func(ctx context.Context, q *request, in *connectionID) (*none, error) {
			err := q.core.Kick(ctx, s.scope(q), in.ID, in.Connection)
			if err == nil {
				q.note(ctx, "endpoint.kick", inventory.EndpointTarget(in.ID), nil, map[string]string{"connection": strconv.FormatUint(in.Connection, 10)})
			}
			return done(err)
		})
	handle(a, tag, s.with(get, "/endpoints/{id}/log", "get-connection-log", s.read, "Lists who connected and how connections ended, newest first"),
		func(ctx context.Context, q *request, in *endpointPage) (*listOut[inventory.ConnectionEvent], error) {
			return listed(q.core.ConnectionLog(ctx, s.scope(q), in.ID, in.page()))
		})
}
