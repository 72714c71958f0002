// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package admin

import (
	"net/http"
	"sync"
	"time"
)

// How many event streams there may be.
const (
	maxStreamsOfUser = 8
	maxStreams       = 512
)

// streams counts the event streams that are open, and ends them together.
type streams struct {
	over chan struct{} // closed when all shall end

	mu     sync.Mutex // guards the fields below
	closed bool
	all    int
	of     map[int64]int
}

func newStreams() streams {
	return streams{over: make(chan struct{}), of: make(map[int64]int)}
}

// begin counts a stream of user; end takes it back.
func (s *streams) begin(user int64) (end func(), err *Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return nil, &Error{
			status: http.StatusServiceUnavailable, Code: codeStopping, retry: time.Second,
			Message: "The gateway is stopping, or has a new configuration. Try again in a moment.",
		}
	case s.of[user] >= maxStreamsOfUser:
		return nil, tooManyStreams("of one account", maxStreamsOfUser)
	case s.all >= maxStreams:
		return nil, tooManyStreams("in all", maxStreams)
	}
	s.all++
	s.of[user]++
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.all--
		if s.of[user]--; s.of[user] == 0 {
			delete(s.of, user)
		}
	}, nil
}

func tooManyStreams(whose string, n int) *Error {
	e := fail(http.StatusTooManyRequests, codeLimit, "There are %d event streams %s already.", n, whose)
	e.retry = 10 * time.Second
	return e
}

func (s *streams) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.closed = true
		close(s.over)
	}
}
