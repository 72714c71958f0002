// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package admin

import (
	"context"

	"github.com/culvertd/culvert/internal/inventory"
)

// ClientName names one of the account's own clients.
type ClientName struct {
	Name string `path:"name" maxLength:"64"`
}

type anyClient struct {
	Owner int64  `path:"owner" minimum:"0" doc:"The id of its account; 0 is the operator."`
	Name  string `path:"name" maxLength:"64"`
}

func (a *API) clients() {
	for _, s := range []side{own, every} {
		handle(a, s.tag+"Clients", s.with(get, "/clients", "list-clients", s.read, "Lists tunnel clients"),
			func(ctx context.Context, q *request, in *Searched) (*listOut[inventory.Client], error) {
				return listed(q.core.Clients(ctx, s.scope(q), in.Search, in.page()))
			})
	}
	clientRoutes(a, own, "/clients/{name}", func(q *request, in *ClientName) (int64, string) {
		return q.who.User.ID, in.Name
	})
	clientRoutes(a, every, "/clients/{owner}/{name}", func(_ *request, in *anyClient) (int64, string) {
		return in.Owner, in.Name
	})
	handle(a, "Clients", route{
		method: get, path: "/services", id: "list-services", access: reader,
		summary: "Lists the services that one may use: one's own, and those granted",
	}, func(ctx context.Context, q *request, _ *none) (*listOut[inventory.Service], error) {
		list, err := q.core.Services(ctx, q.who.User.ID)
		return listed(list, "", err)
	})
}

// clientRoutes are those to one client, whose account and name which tells.
func clientRoutes[I any](a *API, s side, path string, which func(*request, *I) (owner int64, name string)) {
	tag := s.tag + "Clients"
	handle(a, tag, s.with(get, path, "get-client", s.read, "Shows a tunnel client"),
		func(ctx context.Context, q *request, in *I) (*out[inventory.Client], error) {
			owner, name := which(q, in)
			return answered(q.core.Client(ctx, owner, name))
		})
	handle(a, tag, s.with(post, path+"/kick", "kick-client", s.write, "Parts from a tunnel client and its sessions; it may come back"),
		func(ctx context.Context, q *request, in *I) (*none, error) {
			owner, name := which(q, in)
			err := q.core.KickClient(ctx, owner, name)
			if err == nil {
				q.note(ctx, "client.kick", inventory.ClientTarget(owner, name), nil, nil)
			}
			return done(err)
		})
	handle(a, tag, s.with(get, path+"/streams", "get-client-streams", s.read, "Shows the streams of a tunnel client, as it has told last"),
		func(ctx context.Context, q *request, in *I) (*out[inventory.Streams], error) {
			owner, name := which(q, in)
			return answered(q.core.Streams(ctx, owner, name))
		})
	handle(a, tag, s.with(remove, path+"/key", "forget-client-key", s.write, "Forgets the key that a tunnel client's name is bound to; the next that it comes with takes its place"),
		func(ctx context.Context, q *request, in *I) (*none, error) {
			owner, name := which(q, in)
			was, err := q.core.ForgetClientKey(ctx, owner, name)
			if err == nil {
				q.note(ctx, "client.forget_key", inventory.ClientTarget(owner, name), inventory.AuditedKey{Fingerprint: was}, nil)
			}
			return done(err)
		})
	handle(a, tag, s.with(remove, path, "revoke-client", s.write, "Revokes the token that a tunnel client signs in with, and parts from it"),
		func(ctx context.Context, q *request, in *I) (*none, error) {
			owner, name := which(q, in)
			c, err := q.core.Client(ctx, owner, name)
			if err != nil {
				return nil, err
			}
			return done(q.accounts.RevokeClientToken(ctx, q.who, owner, c.TokenID, q.from()))
		})
}
