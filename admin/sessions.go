// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package admin

import (
	"context"

	"github.com/culvertd/culvert/internal/inventory"
)

type sessionID struct {
	ID string `path:"id" maxLength:"128"`
}

func (a *API) sessions() {
	for _, s := range []side{own, every} {
		tag := s.tag + "Sessions"
		handle(a, tag, s.with(get, "/sessions", "list-sessions", s.read, "Lists the sessions between tunnel clients"),
			func(ctx context.Context, q *request, in *Paged) (*listOut[inventory.Session], error) {
				return listed(q.core.Sessions(ctx, s.scope(q), in.page()))
			})
		handle(a, tag, s.with(remove, "/sessions/{id}", "end-session", s.write, "Ends a session"),
			func(ctx context.Context, q *request, in *sessionID) (*none, error) {
				err := q.core.EndSession(ctx, s.scope(q), in.ID)
				if err == nil {
					q.note(ctx, "session.end", "session/"+in.ID, nil, nil)
				}
				return done(err)
			})
		handle(a, tag, s.with(get, "/session-log", "get-session-log", s.read, "Lists sessions that have ended, newest first"),
			func(ctx context.Context, q *request, in *Paged) (*listOut[inventory.PastSession], error) {
				return listed(q.core.SessionLog(ctx, s.scope(q), in.page()))
			})
	}
}
