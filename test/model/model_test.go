// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package model

import (
	"testing"
	"time"

	"github.com/culvertd/culvert/internal/hub"
	"github.com/culvertd/culvert/test/hubserver"
)

// TestHub runs the model against a bare hub whose limits change all the time.
func TestHub(t *testing.T) {
	const id hub.ID = "modelmodelmodelmodelmo"
	cfg := hub.Config{LogSize: 1 << 20, CloseTimeout: time.Second, Limits: hub.Limits{MaxMessageSize: 64 << 10}}
	s := hubserver.Start(t, cfg)
	var eligible eventSum
	cfg.Recorder = &eligible
	s.Hub.Configure(cfg)
	Run(t, World{
		URL:       s.URL(id, hub.Settings{}),
		Seed:      Seed(t),
		Senders:   32,
		Receivers: 32,
		Messages:  Messages,
		Stats:     func() hub.Stats { st, _ := s.Hub.Stats(id); return st },
		Disturb: func(round int) {
			cfg.Limits.MaxConnections = 1000 + round
			s.Hub.Configure(cfg)
		},
	})
	// The connection log tells the same story as the counters.
	st, _ := s.Hub.Stats(id)
	for range 500 {
		if eligible.sum(t) == st.Eligible {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("the log's lines add up to %d messages, %d were eligible", eligible.sum(t), st.Eligible)
}
