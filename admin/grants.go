// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package admin

import (
	"context"
	"net/http"
	"time"

	"github.com/culvertd/culvert/internal/store"
)

// Grant is the leave of one account to use a service of another.
type Grant struct {
	ID        int64     `json:"id"`
	Owner     string    `json:"owner" doc:"The account that gives it."`
	Grantee   string    `json:"grantee" doc:"The account that has it."`
	Client    string    `json:"client"`
	Service   string    `json:"service"`
	CreatedAt time.Time `json:"created_at"`
	Given     bool      `json:"given" doc:"Whether it is given by who asks; else it is received."`
}

type newGrantIn struct {
	Repeatable
	Body struct {
		Grantee string `json:"grantee" minLength:"1" maxLength:"64" doc:"The name of the account that may use the service."`
		Client  string `json:"client" minLength:"1" maxLength:"64" doc:"One's own client that offers it."`
		Service string `json:"service" minLength:"1" maxLength:"64"`
	}
}

// NumericID names what is counted.
type NumericID struct {
	ID int64 `path:"id" minimum:"1"`
}

func (a *API) grants() {
	const tag = "Grants"
	handle(a, tag, route{method: get, path: "/grants", id: "list-grants", access: reader, summary: "Lists grants, given and received"},
		func(ctx context.Context, q *request, _ *none) (*listOut[Grant], error) {
			list, err := q.accounts.Grants(ctx, q.who)
			return shown(list, func(g store.Grant) Grant { return showGrant(g, q.who.User.ID) }, "", err)
		})
	handle(a, tag, route{
		method: post, path: "/grants", id: "create-grant", access: manager, status: http.StatusCreated, create: true,
		summary: "Lets another account use a service",
	}, func(ctx context.Context, q *request, in *newGrantIn) (*out[Grant], error) {
		g, err := q.accounts.Give(ctx, q.who, in.Body.Grantee, in.Body.Client, in.Body.Service, q.from())
		return answered(showGrant(g, q.who.User.ID), err)
	})
	handle(a, tag, route{
		method: remove, path: "/grants/{id}", id: "withdraw-grant", access: manager,
		summary: "Withdraws a grant, and ends the sessions that it allowed",
	}, func(ctx context.Context, q *request, in *NumericID) (*none, error) {
		return done(q.accounts.Withdraw(ctx, q.who, in.ID, q.from()))
	})
}

func showGrant(g store.Grant, asks int64) Grant {
	return Grant{
		ID: g.ID, Owner: g.OwnerName, Grantee: g.GranteeName, Client: g.Client, Service: g.Service,
		CreatedAt: g.CreatedAt, Given: g.OwnerID == asks,
	}
}
