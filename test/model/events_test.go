// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package model

import (
	"sync"
	"testing"

	"github.com/culvertd/culvert/internal/hub"
)

// eventSum adds up what the connection log says of each connection.
type eventSum struct {
	mu       sync.Mutex // guards the fields below
	messages uint64
	open     int
}

// Record implements hub.Recorder.
func (s *eventSum) Record(e hub.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch e.Kind {
	case hub.Connected:
		s.open++
	case hub.Disconnected:
		s.open--
		s.messages += e.MessagesOut + e.Dropped
	}
}

func (s *eventSum) sum(t *testing.T) uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open < 0 {
		t.Errorf("%d more ends than beginnings in the log", -s.open)
	}
	return s.messages
}
