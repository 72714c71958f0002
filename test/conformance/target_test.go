// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"os"
	"testing"
	"time"

	"github.com/culvertd/culvert/internal/hub"
	"github.com/culvertd/culvert/test/hubserver"
)

// endpoint is what a case needs of its endpoint.
type endpoint struct {
	limit   int64  // message size; 0: the default, 1 MiB
	deflate bool   // compression is on
	offer   string // what the sender and the first receiver offer
	local   bool   // the case needs settings that a foreign server may not have
}

// target is where the cases run: a hub in this process, each case on an
// endpoint of its own, or one endpoint of a server elsewhere.
type target struct {
	url string            // elsewhere
	srv *hubserver.Server // here
}

func newTarget(t *testing.T) *target {
	t.Helper()
	if url := os.Getenv("CULVERT_CONFORMANCE_URL"); url != "" {
		return &target{url: url}
	}
	// The log holds two of the largest messages; a third that comes in at the
	// same time, in another case, fits into the memory of all.
	return &target{srv: hubserver.Start(t, hub.Config{LogSize: 64 << 20, Memory: 1 << 30})}
}

// run plays one case. On endpoints of their own, cases run side by side.
func (tg *target) run(t *testing.T, c testCase) {
	p := &play{T: t, c: c, url: tg.url}
	if tg.srv == nil {
		if c.set.local {
			t.Skip("needs settings of its own; CULVERT_CONFORMANCE_URL is set")
		}
		p.run()
		return
	}
	t.Parallel()
	id := hub.ID(c.id)
	p.url = tg.srv.URL(id, hub.Settings{
		Limits:      hub.Limits{MaxMessageSize: c.set.limit},
		Compression: c.set.deflate,
	})
	p.run()
	tg.balance(t, id)
}

// balance checks the counters of a case when its connections are gone: what was
// meant for somebody was delivered or dropped (rules H5). A writer brings what it
// has delivered into the counters when its turn ends, which may be a moment after
// the last connection is gone.
func (tg *target) balance(t *testing.T, id hub.ID) {
	t.Helper()
	var s hub.Stats
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(2 * time.Millisecond) {
		s, _ = tg.srv.Hub.Stats(id)
		if s.Connections == 0 && s.Queued == 0 && s.Eligible == s.MessagesOut+s.Dropped.Total() {
			break
		}
		if time.Now().After(end) {
			t.Errorf("the counters do not add up: %+v", s)
			break
		}
	}
	tg.srv.Hub.Remove(id, hub.Closing{Code: 1001})
}
