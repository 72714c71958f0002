// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"errors"
	"sync"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyevents"
	"go.uber.org/zap"

	"github.com/culvertd/culvert/internal/gateway"
)

// The events that operators can hook with Caddy's global option events. Their
// data are account, month, bytes and monthly_bytes.
const (
	eventQuotaWarning  = "culvert_quota_warning"
	eventQuotaExceeded = "culvert_quota_exceeded"
)

const (
	// eventQueue is how many events may wait for handlers, which may be slow:
	// traffic must not wait for them.
	eventQueue = 64
	// eventPatience is how long a config that ends waits for a handler.
	eventPatience = 2 * time.Second
)

// emitter hands the core's events to the handlers of one config.
type emitter struct {
	ctx    caddy.Context
	events *caddyevents.App
	queue  chan gateway.QuotaEvent
	start  sync.Once
	stop   sync.Once
	quit   chan struct{}
	done   chan struct{} // closed when run has ended
}

func newEmitter(ctx caddy.Context) (*emitter, error) {
	v, err := ctx.App("events")
	if err != nil {
		return nil, err
	}
	events, ok := v.(*caddyevents.App)
	if !ok {
		return nil, errors.New("the app events is another module's")
	}
	return &emitter{
		ctx: ctx, events: events,
		queue: make(chan gateway.QuotaEvent, eventQueue), quit: make(chan struct{}), done: make(chan struct{}),
	}, nil
}

// quota is the config's gateway.QuotaHook.
func (e *emitter) quota(q gateway.QuotaEvent) {
	select {
	case e.queue <- q:
	default:
		e.ctx.Logger().Warn("an event is lost because handlers of others take too long", zap.String("account", q.Account))
	}
}

// run emits until close.
func (e *emitter) run() {
	e.start.Do(func() {
		go func() {
			defer close(e.done)
			for {
				select {
				case q := <-e.queue:
					e.emit(q)
				case <-e.quit:
					return
				}
			}
		}()
	})
}

func (e *emitter) emit(q gateway.QuotaEvent) {
	name := eventQuotaWarning
	if q.Exceeded {
		name = eventQuotaExceeded
	}
	e.events.Emit(e.ctx, name, map[string]any{
		"account": q.Account, "month": q.Month, "bytes": q.Bytes, "monthly_bytes": q.MonthlyBytes,
	})
}

// close waits for the handler that is running, but not for ever. It may be
// called twice, and without run.
func (e *emitter) close() {
	e.stop.Do(func() { close(e.quit) })
	e.start.Do(func() { close(e.done) })
	select {
	case <-e.done:
	case <-time.After(eventPatience):
	}
}
