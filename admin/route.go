// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package admin

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// route is a line of the API: what the document says of it, and who may use it.
type route struct {
	method, path string
	id           string // of the operation; also names it in logs
	summary      string
	access       access
	status       int // of success; 0 is 200 with a body, 204 without
	// create is set for routes that take an Idempotency-Key.
	create    bool
	responses map[string]*huma.Response
}

const routeKey = "route"

func routeOf(op *huma.Operation) route {
	rt, _ := op.Metadata[routeKey].(route) // none: nobody may use it
	return rt
}

// handle adds a route to the API.
func handle[I, O any](a *API, tag string, rt route, serve func(context.Context, *request, *I) (*O, error)) {
	op := huma.Operation{
		OperationID: rt.id, Method: rt.method, Path: rt.path, Summary: rt.summary, Tags: []string{tag},
		DefaultStatus: rt.status, Responses: rt.responses,
		MaxBodyBytes: maxBody + 1, // what is larger never gets here
		Metadata:     map[string]any{routeKey: rt},
		Description:  rt.access.words(),
	}
	if rt.access != public {
		op.Security = []map[string][]string{{"bearer": {}}, {"cookie": {}}}
	}
	if op.Responses == nil {
		op.Responses = make(map[string]*huma.Response)
	}
	op.Responses["default"] = a.errorResponse
	huma.Register(a.huma, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := serve(ctx, requestOf(ctx), in)
		if err != nil {
			return nil, a.translate(ctx, rt.id, err)
		}
		return out, nil
	})
}

// words is what the document says about access.
func (x access) words() string {
	switch x {
	case public:
		return "For everyone."
	case reader:
		return "For every account; API tokens of any scope."
	case manager:
		return "For every account; API tokens with the scope manage."
	case person:
		return "For every account that is logged in; no API tokens."
	case adminReader:
		return "For administrators; API tokens of any scope."
	case adminManager:
		return "For administrators; API tokens with the scope manage."
	case adminPerson:
		return "For administrators who are logged in; no API tokens."
	default:
		return ""
	}
}

// errorResponse is the answer of every route to what goes wrong.
func newErrorResponse(api huma.API) *huma.Response {
	schema := api.OpenAPI().Components.Schemas.Schema(errorType, true, "")
	return &huma.Response{
		Description: "Anything but success.",
		Headers: map[string]*huma.Param{
			"Retry-After": {Description: "Seconds until it may be different.", Schema: &huma.Schema{Type: huma.TypeInteger}},
		},
		Content: map[string]*huma.MediaType{contentType: {Schema: schema}},
	}
}

// answerOf returns the answer that ctx writes to.
func answerOf(ctx huma.Context) *answer {
	_, w := humago.Unwrap(ctx)
	return w.(*answer)
}

// Methods, short enough for tables of routes.
const (
	get    = http.MethodGet
	post   = http.MethodPost
	put    = http.MethodPut
	patch  = http.MethodPatch
	remove = http.MethodDelete
)
