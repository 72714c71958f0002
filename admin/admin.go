// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package admin

import (
	"net/http"
	"reflect"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"go.uber.org/zap"
)

const (
	contentType = "application/json"
	// prefix is where the routes are; the document's paths come after it.
	prefix = "/api/v1"
	// maxBody bounds what a request may bring.
	maxBody = 64 << 10
)

var errorType = reflect.TypeFor[Error]()

// Config is what an API needs.
type Config struct {
	// Core and Accounts return nil while no gateway runs.
	Core     func() Core
	Accounts func() Accounts
	Logger   func() *zap.Logger
	// Origins are those of other sites whose pages may use the API, with tokens
	// of their own: cookies count for the gateway's own pages alone.
	Origins []string
	// Version is the program's.
	Version string
}

// API serves everything below /api/. It belongs to one configuration of the
// server, and ends its event streams with Close.
type API struct {
	cfg     Config
	guard   *http.CrossOriginProtection
	origins map[string]bool

	// build makes the fields below. It takes some ten milliseconds, which a
	// config should not cost before somebody asks: reloads are to be quick.
	build         func()
	huma          huma.API
	mux           *http.ServeMux
	errorResponse *huma.Response
	// pages are the document and its readable form, by path. They take more yet.
	pages func() (map[string]page, error)

	streams  streams
	inFlight inFlight
}

// New returns the API of cfg. An origin that no browser could send is an error.
func New(cfg Config) (*API, error) {
	a := &API{
		cfg: cfg, guard: http.NewCrossOriginProtection(),
		origins: make(map[string]bool, len(cfg.Origins)),
		streams: newStreams(),
	}
	for _, o := range cfg.Origins {
		if err := a.guard.AddTrustedOrigin(o); err != nil {
			return nil, err
		}
		a.origins[o] = true
	}
	a.build = sync.OnceFunc(a.routes)
	return a, nil
}

// routes is called by build.
func (a *API) routes() {
	a.mux = http.NewServeMux()
	a.huma = huma.NewAPI(humaConfig(), humago.NewAdapter(a.mux, prefix))
	a.errorResponse = newErrorResponse(a.huma)
	a.huma.UseMiddleware(a.authorize, a.once)
	a.pages = sync.OnceValues(func() (map[string]page, error) { return describe(a.huma.OpenAPI()) })
	a.registration()
	a.ownAccount()
	a.tokens()
	a.devices()
	a.endpoints()
	a.clients()
	a.sessions()
	a.grants()
	a.published()
	a.domains()
	a.history()
	a.events()
	a.invites()
	a.users()
	a.operation()
	a.settings()
	a.blocks()
	a.audit()
}

// Close ends all event streams; from then on there are no new ones. Everything
// else still works, since a server that shuts down finishes its requests.
func (a *API) Close() { a.streams.close() }

// OpenAPI returns the document.
func (a *API) OpenAPI() *huma.OpenAPI {
	a.build()
	return a.huma.OpenAPI()
}
