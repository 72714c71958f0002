// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package admin

import (
	"context"
	"net/netip"
	"time"

	"github.com/culvertd/culvert/internal/account"
	"github.com/culvertd/culvert/internal/inventory"
	"github.com/culvertd/culvert/internal/store"
)

// Core is what the API needs of the gateway besides accounts. A scope is an
// account's id, inventory.Operator or inventory.All; what is outside of it does
// not exist. Errors that a client may act on are *account.Error, *control.Error
// or those of the store.
type Core interface {
	Endpoints
	Tunnels
	Publishing

	History(ctx context.Context, scope int64, q inventory.HistoryQuery) ([]inventory.Point, error)
	Usage(ctx context.Context, user int64) (inventory.Usage, error)
	Load(ctx context.Context) (inventory.Load, error)

	// Live reads memory alone: it is called each second for every event stream.
	Live(scope int64) inventory.Live
	// Subscribe delivers what happens within the scope from now on. after, if
	// not empty, is the ID of the last change seen: what came after it is
	// delivered first, or one change of kind Missed if it is not remembered.
	// The channel is closed when the subscriber is too slow for it and when the
	// core closes. stop must be called, and may be called twice.
	Subscribe(scope int64, after string) (changes <-chan inventory.Change, stop func())

	// Site says where the gateway is reached. It reads memory alone.
	Site() inventory.Site

	// Blocked reports whether the block list holds for addr.
	Blocked(addr netip.Addr) bool

	// SaveIdempotent and Idempotent keep answers for repeated requests.
	SaveIdempotent(ctx context.Context, i store.Idempotent) error
	Idempotent(ctx context.Context, userID int64, key string) (store.Idempotent, error)
}

// Endpoints is everything that can be done with broadcast endpoints.
type Endpoints interface {
	CreateEndpoint(ctx context.Context, owner int64, name string, s inventory.EndpointSettings) (inventory.Endpoint, error)
	Endpoints(ctx context.Context, scope int64, search string, p store.Page) (list []inventory.Endpoint, next string, err error)
	Endpoint(ctx context.Context, scope int64, id string) (inventory.Endpoint, error)
	// UpdateEndpoint and DeleteEndpoint fail if the endpoint has another
	// version than this one, unless it is 0.
	UpdateEndpoint(ctx context.Context, scope int64, id string, version int64, c inventory.EndpointChanges) (inventory.Endpoint, error)
	DeleteEndpoint(ctx context.Context, scope int64, id string, version int64) error
	// RotateEndpoint gives it a new id; connections of the old one end.
	RotateEndpoint(ctx context.Context, scope int64, id string) (inventory.Endpoint, error)
	// NewEndpointKey makes it private, DropEndpointKey public.
	NewEndpointKey(ctx context.Context, scope int64, id string) (key string, e inventory.Endpoint, err error)
	DropEndpointKey(ctx context.Context, scope int64, id string) (inventory.Endpoint, error)
	EndpointTicket(ctx context.Context, scope int64, id string) (ticket string, expires time.Time, err error)

	Connections(ctx context.Context, scope int64, id string, p store.Page) (list []inventory.Connection, next string, err error)
	Kick(ctx context.Context, scope int64, id string, conn uint64) error
	// ConnectionLog has the newest lines first.
	ConnectionLog(ctx context.Context, scope int64, id string, p store.Page) (list []inventory.ConnectionEvent, next string, err error)
}

// Tunnels is everything that can be done with tunnel clients and sessions.
type Tunnels interface {
	Clients(ctx context.Context, scope int64, search string, p store.Page) (list []inventory.Client, next string, err error)
	// Client and KickClient take the one account that owns the client.
	Client(ctx context.Context, owner int64, name string) (inventory.Client, error)
	// KickClient parts from a client and its sessions; it may come back.
	KickClient(ctx context.Context, owner int64, name string) error
	// ForgetClientKey has the next key that a client comes with be its own, and
	// returns the fingerprint of the last.
	ForgetClientKey(ctx context.Context, owner int64, name string) (fingerprint string, err error)
	// Streams returns what a client has told last of its streams.
	Streams(ctx context.Context, owner int64, name string) (inventory.Streams, error)
	// Services returns the user's own and those granted to the user.
	Services(ctx context.Context, user int64) ([]inventory.Service, error)

	Sessions(ctx context.Context, scope int64, p store.Page) (list []inventory.Session, next string, err error)
	// EndSession is for both sides' accounts.
	EndSession(ctx context.Context, scope int64, id string) error
	// SessionLog has the newest lines first.
	SessionLog(ctx context.Context, scope int64, p store.Page) (list []inventory.PastSession, next string, err error)
}

// Publishing is what the public can reach.
type Publishing interface {
	// Published lists public names and ports.
	Published(ctx context.Context, scope int64, search string, p store.Page) (list []inventory.Publication, next string, err error)
	// PublicRequests has the newest first. It fails if the account has no such
	// name.
	PublicRequests(ctx context.Context, owner int64, name string) ([]inventory.PublicRequest, error)
	// Visit lets p on to a website that asks for a log-in here.
	Visit(ctx context.Context, p account.Principal, host, state, to string) (account.Visit, error)
}
