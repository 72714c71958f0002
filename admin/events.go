// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/culvertd/culvert/internal/account"
	"github.com/culvertd/culvert/internal/inventory"
)

const (
	liveEach = time.Second
	// heartbeatAfter is short enough for proxies that cut what is silent.
	heartbeatAfter = 15 * time.Second
	// writeTimeout ends the stream of a client that does not read.
	writeTimeout = 10 * time.Second
)

type eventsIn struct {
	LastEventID string `header:"Last-Event-ID" maxLength:"128" doc:"What came after it is delivered first."`
}

type eventsOut struct {
	Body func(huma.Context)
}

func (a *API) events() {
	schemas := a.huma.OpenAPI().Components.Schemas
	described := map[string]*huma.Response{"200": {
		Description: "A stream of server-sent events. Events of the name change hold a Change, those of the name live hold Live: " +
			"the numbers of this second, whenever they differ from those before.",
		// Without a schema: some programs would take it for that of one event.
		Content: map[string]*huma.MediaType{"text/event-stream": {}},
	}}
	schemas.Schema(reflect.TypeFor[inventory.Change](), true, "")
	schemas.Schema(reflect.TypeFor[inventory.Live](), true, "")
	for _, s := range []side{own, every} {
		rt := s.with(get, "/events", "get-events", s.read, "Streams live numbers and changes, as server-sent events")
		rt.responses = described
		handle(a, s.tag+"Events", rt, func(_ context.Context, q *request, in *eventsIn) (*eventsOut, error) {
			end, err := a.streams.begin(q.who.User.ID)
			if err != nil {
				return nil, err
			}
			return &eventsOut{func(ctx huma.Context) {
				defer end()
				a.serveEvents(ctx, q, s, in.LastEventID)
			}}, nil
		})
	}
}

// stream is one client's event stream.
type stream struct {
	ans   *answer
	ctl   *http.ResponseController
	core  Core
	scope int64
	wrote time.Time
	last  string // live numbers, to send them only when they change
}

// serveEvents streams until one of the two sides has enough. It runs on the
// request's own goroutine, so nothing is left when it returns.
func (a *API) serveEvents(ctx huma.Context, q *request, side side, after string) {
	ans := answerOf(ctx)
	head := ans.Header()
	head.Set("Content-Type", "text/event-stream")
	head.Set("X-Accel-Buffering", "no") // nginx would hold events back
	ans.WriteHeader(http.StatusOK)
	if q.http.Method == http.MethodHead {
		return
	}
	s := &stream{ans: ans, ctl: ans.stream(), core: q.core, scope: side.scope(q)}
	changes, stop := s.core.Subscribe(s.scope, after)
	defer stop()
	defer s.allow() // for the end: a stream that ends without it looks cut off
	// Clients that are parted from together shall not come back together.
	if s.write(fmt.Sprintf("retry: %d\n\n", 1000+rand.IntN(2000))) != nil { //nolint:gosec // it is to be spread, not secret
		return
	}
	tick := time.NewTicker(liveEach)
	defer tick.Stop()
	for {
		var err error
		select {
		case <-ctx.Context().Done():
			return
		case <-a.streams.over:
			return
		case c, ok := <-changes:
			if !ok {
				return // too slow, or the core closes: it may come back
			}
			err = s.change(c)
		case <-tick.C:
			if !a.stillAllowed(ctx.Context(), q, side) {
				return
			}
			err = s.tick()
		}
		if err != nil {
			return
		}
	}
}

// stillAllowed asks again who q comes from. Answers are remembered for
// seconds, and forgotten at once when something of the account changes. While
// the database is away, whoever is in stays in.
func (a *API) stillAllowed(ctx context.Context, q *request, s side) bool {
	who, err := q.accounts.Authenticate(ctx, q.token)
	if e, ok := errors.AsType[*account.Error](err); ok && e.Code == account.CodeUnavailable {
		return true
	}
	return err == nil && s.read.allows(who) == nil && !q.core.Blocked(q.client.Addr)
}

func (s *stream) change(c inventory.Change) error {
	data, err := json.Marshal(c)
	if err != nil {
		return err
	}
	return s.write("id: " + c.ID + "\nevent: change\ndata: " + string(data) + "\n\n")
}

// tick sends the numbers of this second, or now and then a sign of life.
func (s *stream) tick() error {
	data, err := json.Marshal(s.core.Live(s.scope))
	if err != nil {
		return err
	}
	if text := string(data); text != s.last {
		s.last = text
		return s.write("event: live\ndata: " + text + "\n\n")
	}
	if time.Since(s.wrote) >= heartbeatAfter {
		return s.write(": still here\n\n")
	}
	return nil
}

// allow gives the next write its time. Not every writer knows deadlines; then
// the connection's own hold.
func (s *stream) allow() { _ = s.ctl.SetWriteDeadline(time.Now().Add(writeTimeout)) }

func (s *stream) write(text string) error {
	s.allow()
	if _, err := s.ans.Write([]byte(text)); err != nil {
		return err
	}
	s.wrote = time.Now()
	return s.ctl.Flush()
}
