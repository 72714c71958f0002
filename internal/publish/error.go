// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package publish

import (
	"context"
	"errors"
	"time"

	"github.com/culvertd/culvert/internal/stream"
	"github.com/culvertd/culvert/internal/tunnel"
	"github.com/culvertd/culvert/internal/wire"
)

// awayMost is for how long a client may be away until nobody waits for it any
// more.
const awayMost = 30 * time.Second

var errAway = errors.New("the client is offline")

// Kind says what is missing.
type Kind uint8

// The kinds.
const (
	// Offline is a client that is not there, or not known.
	Offline Kind = iota + 1
	// Refused is a client that does not publish the service, or cannot reach it.
	Refused
	// Timeout is one that does not answer in time.
	Timeout
)

// Error is why a service cannot be dialed.
type Error struct {
	Kind            Kind
	Client, Service string
	Err             error
}

// Error implements error.
func (e *Error) Error() string { return "dialing " + e.Client + "/" + e.Service + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// sort finds out what is missing.
func (p *Publisher) sort(ctx context.Context, client, id string, err error) error {
	e := &Error{Kind: Refused, Client: client, Service: id, Err: err}
	refused, isRefused := errors.AsType[*tunnel.Error](err)
	reset, isReset := errors.AsType[*stream.ResetError](err)
	no, isNo := errors.AsType[*wire.Refusal](err)
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return ctx.Err()
	case isRefused && (refused.Code == wire.CodeClientOffline || refused.Code == wire.CodeClientNotFound),
		isReset && (reset.Code == stream.CodeGone || reset.Code == stream.CodeStopping),
		isNo && no.Code == wire.RefusedOffline:
		e.Kind = Offline
	case isRefused && refused.Code == wire.CodeTimeout, isReset && reset.Code == stream.CodeTimeout,
		errors.Is(err, context.DeadlineExceeded):
		e.Kind = Timeout
	}
	// Whoever has left a moment ago is waited for; then that is why.
	if away, known := p.signaling.Away(client); e.Kind == Timeout && (!known || away > 0) {
		e.Kind, e.Err = Offline, errAway
	}
	return e
}
