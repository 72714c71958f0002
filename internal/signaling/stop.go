// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package signaling

import (
	"context"
	"fmt"
	"maps"
	"time"

	"github.com/culvertd/culvert/internal/wire"
)

// A few clients are asked to come back sooner than the window says, for their
// streams wait.
const (
	returns    = 200         // clients a second, which a gateway that has just started takes in with ease
	returnsFor = time.Second // at least, or they come in one heap
)

// Close refuses new clients, tells all to leave as cl says, waits for their
// closing handshakes until ctx ends, drops the rest, and returns when nothing
// of the server's runs any more. The relay goes on until it is closed.
func (s *Server) Close(ctx context.Context, cl Closing) error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	cl.Spread = min(cl.Spread, max(returnsFor, time.Duration(len(s.conns))*time.Second/returns))
	for c := range s.conns {
		text := cl.text()
		if cl.Code == wire.CloseRestart {
			c.send(wire.TypeError, "", &wire.ErrorPayload{Code: wire.CodeRestarting, Message: text})
		}
		s.endLocked(c, cl.Code, text)
	}
	for _, ss := range maps.Clone(s.sessions) {
		s.recordLocked(ss, cl.Reason)
	}
	s.unlock()
	err := s.drained(ctx)
	close(s.stop)
	s.loops.Wait()
	return err
}

// drained waits until no connection is left.
func (s *Server) drained(ctx context.Context) error {
	done := make(chan struct{})
	go func() {
		s.tasks.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
	}
	s.mu.Lock()
	n := len(s.conns)
	for c := range s.conns {
		_ = c.ws.NetConn().Close()
	}
	s.mu.Unlock()
	<-done
	return fmt.Errorf("closing signaling with %d clients left: %w", n, ctx.Err())
}
