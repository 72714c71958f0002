// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package admin

import (
	"context"
	"net/http"
	"time"

	"github.com/culvertd/culvert/internal/account"
	"github.com/culvertd/culvert/internal/store"
)

// APIToken is a token of the API without itself.
type APIToken struct {
	ID         string    `json:"id"`
	Name       string    `json:"name"`
	Scope      string    `json:"scope" enum:"read,manage"`
	CreatedAt  time.Time `json:"created_at"`
	ExpiresAt  time.Time `json:"expires_at,omitzero"`
	LastUsedAt time.Time `json:"last_used_at,omitzero"`
}

// NewAPIToken is one at the only moment that it can be seen.
type NewAPIToken struct {
	APIToken
	Token string `json:"token" doc:"For Authorization: Bearer. It is shown this once."`
}

// ClientToken is a token that tunnel clients sign in with, without itself.
type ClientToken struct {
	ID         string    `json:"id"`
	Name       string    `json:"name"`
	Client     string    `json:"client,omitempty" doc:"The only client name that it is good for."`
	CreatedAt  time.Time `json:"created_at"`
	LastUsedAt time.Time `json:"last_used_at,omitzero"`
}

// NewClientToken is one at the only moment that it can be seen.
type NewClientToken struct {
	ClientToken
	Token string `json:"token" doc:"For the client's configuration. It is shown this once."`
}

type newAPITokenIn struct {
	Repeatable
	Body struct {
		Name      string    `json:"name" minLength:"1" maxLength:"100" doc:"What it is for."`
		Scope     string    `json:"scope" enum:"read,manage"`
		ExpiresAt time.Time `json:"expires_at,omitzero" doc:"Without it, it does not expire."`
	}
}

type newClientTokenIn struct {
	Repeatable
	Body struct {
		Name   string `json:"name,omitempty" maxLength:"100" doc:"What it is for."`
		Client string `json:"client,omitempty" maxLength:"64" doc:"The only client name that it shall be good for."`
	}
}

type tokenID struct {
	ID string `path:"id" maxLength:"64"`
}

func (a *API) tokens() {
	const tag = "Tokens"
	handle(a, tag, route{method: get, path: "/tokens/api", id: "list-api-tokens", access: person, summary: "Lists API tokens"},
		func(ctx context.Context, q *request, _ *none) (*listOut[APIToken], error) {
			list, err := q.accounts.APITokens(ctx, q.who)
			return shown(list, showAPIToken, "", err)
		})
	handle(a, tag, route{
		method: post, path: "/tokens/api", id: "create-api-token", access: person, status: http.StatusCreated, create: true,
		summary: "Makes an API token",
	}, func(ctx context.Context, q *request, in *newAPITokenIn) (*out[NewAPIToken], error) {
		b := &in.Body
		t, text, err := q.accounts.CreateAPIToken(ctx, q.who, b.Name, account.Scope(b.Scope), b.ExpiresAt, q.from())
		return answered(NewAPIToken{showAPIToken(t), text}, err)
	})
	handle(a, tag, route{method: remove, path: "/tokens/api/{id}", id: "revoke-api-token", access: person, summary: "Revokes an API token"},
		func(ctx context.Context, q *request, in *tokenID) (*none, error) {
			return done(q.accounts.RevokeAPIToken(ctx, q.who, in.ID, q.from()))
		})
	handle(a, tag, route{method: get, path: "/tokens/client", id: "list-client-tokens", access: reader, summary: "Lists client tokens"},
		func(ctx context.Context, q *request, _ *none) (*listOut[ClientToken], error) {
			list, err := q.accounts.ClientTokens(ctx, q.who, q.who.User.ID)
			return shown(list, showClientToken, "", err)
		})
	handle(a, tag, route{
		method: post, path: "/tokens/client", id: "create-client-token", access: manager, status: http.StatusCreated, create: true,
		summary: "Makes a client token",
	}, func(ctx context.Context, q *request, in *newClientTokenIn) (*out[NewClientToken], error) {
		t, text, err := q.accounts.CreateClientToken(ctx, q.who, q.who.User.ID, in.Body.Client, in.Body.Name, q.from())
		return answered(NewClientToken{showClientToken(t), text}, err)
	})
	handle(a, tag, route{
		method: remove, path: "/tokens/client/{id}", id: "revoke-client-token", access: manager,
		summary: "Revokes a client token, and parts from the clients that use it",
	}, func(ctx context.Context, q *request, in *tokenID) (*none, error) {
		return done(q.accounts.RevokeClientToken(ctx, q.who, q.who.User.ID, in.ID, q.from()))
	})
}

func showAPIToken(t store.APIToken) APIToken {
	return APIToken{
		ID: t.ID, Name: t.Name, Scope: t.Scope,
		CreatedAt: t.CreatedAt, ExpiresAt: t.ExpiresAt, LastUsedAt: t.LastUsedAt,
	}
}

func showClientToken(t store.ClientToken) ClientToken {
	return ClientToken{ID: t.ID, Name: t.Name, Client: t.Client, CreatedAt: t.CreatedAt, LastUsedAt: t.LastUsedAt}
}
