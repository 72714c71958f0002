// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package admin

import (
	"context"
	"net/http"
	"time"

	"github.com/culvertd/culvert/internal/inventory"
)

// maxPoints bounds an answer: a day of minutes, 90 days of hours.
const maxPoints = 24 * 91

// Span is the span of a history.
type Span struct {
	Resolution string    `query:"resolution" enum:"minute,hour" default:"hour"`
	From       time.Time `query:"from" doc:"Default: a day before to."`
	To         time.Time `query:"to" doc:"Default: now."`
}

func (h Span) query(kind, subject string, of int64) (inventory.HistoryQuery, error) {
	q := inventory.HistoryQuery{Kind: kind, Subject: subject, Of: of, Resolution: time.Hour, From: h.From, To: h.To}
	if h.Resolution == "minute" {
		q.Resolution = time.Minute
	}
	if q.To.IsZero() {
		q.To = time.Now()
	}
	if q.From.IsZero() {
		q.From = q.To.Add(-24 * time.Hour)
	}
	problem := ""
	switch span := q.To.Sub(q.From); {
	case span < 0:
		problem = "is after to"
	case span > maxPoints*q.Resolution:
		problem = "is too long before to for this resolution"
	}
	if problem != "" {
		e := fail(http.StatusUnprocessableEntity, codeInvalid, "from %s", problem)
		e.Details = map[string]string{"query.from": problem}
		return q, e
	}
	return q, nil
}

type endpointHistoryIn struct {
	EndpointID
	Span
}

type serviceHistoryIn struct {
	ClientName
	Service string `path:"service" maxLength:"64"`
	Span
}

type userHistoryIn struct {
	NumericID
	Span
}

type historyOut = listOut[inventory.Point]

func (a *API) history() {
	for _, s := range []side{own, every} {
		handle(a, s.tag+"Endpoints", s.with(get, "/endpoints/{id}/history", "get-endpoint-history", s.read, "Shows an endpoint's traffic over time"),
			func(ctx context.Context, q *request, in *endpointHistoryIn) (*historyOut, error) {
				return past(ctx, q, s.scope(q), in.Span, "endpoint", in.ID, q.who.User.ID)
			})
	}
	handle(a, "Clients", own.with(get, "/clients/{name}/services/{service}/history", "get-service-history", reader, "Shows a service's traffic over time"),
		func(ctx context.Context, q *request, in *serviceHistoryIn) (*historyOut, error) {
			return past(ctx, q, q.who.User.ID, in.Span, "service", in.Name+"/"+in.Service, q.who.User.ID)
		})
	handle(a, "Own account", own.with(get, "/history", "get-history", reader, "Shows the account's traffic over time"),
		func(ctx context.Context, q *request, in *Span) (*historyOut, error) {
			return past(ctx, q, q.who.User.ID, *in, "user", "", q.who.User.ID)
		})
	handle(a, "Own account", own.with(get, "/usage", "get-usage", reader, "Shows what the account has used of what it may"),
		func(ctx context.Context, q *request, _ *none) (*out[inventory.Usage], error) {
			return answered(q.core.Usage(ctx, q.who.User.ID))
		})
	handle(a, every.tag+"Users", every.with(get, "/users/{id}/history", "get-user-history", adminReader, "Shows an account's traffic over time"),
		func(ctx context.Context, q *request, in *userHistoryIn) (*historyOut, error) {
			return past(ctx, q, inventory.All, in.Span, "user", "", in.ID)
		})
	handle(a, every.tag+"Users", every.with(get, "/users/{id}/usage", "get-user-usage", adminReader, "Shows what an account has used of what it may"),
		func(ctx context.Context, q *request, in *NumericID) (*out[inventory.Usage], error) {
			return answered(q.core.Usage(ctx, in.ID))
		})
}

func past(ctx context.Context, q *request, scope int64, in Span, kind, subject string, of int64) (*historyOut, error) {
	hq, err := in.query(kind, subject, of)
	if err != nil {
		return nil, err
	}
	list, err := q.core.History(ctx, scope, hq)
	return listed(list, "", err)
}
