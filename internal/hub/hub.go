// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package hub

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// Hub is the registry of endpoints and everything that runs for them.
type Hub struct {
	config  atomic.Pointer[Config] // with its defaults filled in
	conns   atomic.Uint64          // ids given out
	live    atomic.Int64           // connections
	used    atomic.Int64           // bytes of logs and of half-received messages
	counts  counts
	clock   clock
	queue   laneQueue
	packers chan *packer // free ones
	stop    chan struct{}
	wg      sync.WaitGroup // writers, the clock, readers, drains

	shedding sync.Mutex // one at a time looks for the largest log

	mu        sync.RWMutex // guards the fields below; never held with another
	endpoints map[ID]*endpoint
	closed    bool
}

// Closing says how Close and Remove part from connections.
type Closing struct {
	// Code is the close code, such as 1012.
	Code int
	// Reason is at most 80 bytes of text.
	Reason string
	// Spread, if not zero, appends "; retry-after=S" to each reason, S being
	// seconds uniform in [0, Spread), so that clients do not return at once.
	Spread time.Duration
}

func (c Closing) ending() ending {
	say := c.Reason
	if c.Spread > 0 {
		tenths := rand.Int64N(max(int64(c.Spread/(100*time.Millisecond)), 1)) //nolint:gosec // it is to be spread, not secret
		say = fmt.Sprintf("%s; retry-after=%d.%d", say, tenths/10, tenths%10)
	}
	return ending{code: c.Code, reason: c.Reason, say: say, drop: dropKicked}
}

// New starts a hub; Close ends it.
func New(cfg Config) *Hub {
	h := &Hub{endpoints: map[ID]*endpoint{}, packers: newPackers(), stop: make(chan struct{})}
	h.queue.init(runtime.GOMAXPROCS(0))
	h.clock.init(h)
	h.Configure(cfg)
	for range runtime.GOMAXPROCS(0) {
		h.wg.Go(h.write)
	}
	h.wg.Go(h.clock.run)
	return h
}

// Configure puts a new config in force, for live connections too.
func (h *Hub) Configure(cfg Config) {
	cfg = cfg.withDefaults()
	h.config.Store(&cfg)
	h.mu.RLock()
	defer h.mu.RUnlock()
	for _, ep := range h.endpoints {
		ep.limits.Store(newLimits(ep.limits.Load().own, &cfg))
	}
}

func (h *Hub) settings() *Config { return h.config.Load() }

// Set adds an endpoint or changes the settings of one that is known.
func (h *Hub) Set(id ID, s Settings) {
	h.mu.Lock()
	defer h.mu.Unlock()
	ep := h.endpoints[id]
	if ep == nil {
		ep = newEndpoint(h, id)
		h.endpoints[id] = ep
	}
	ep.limits.Store(newLimits(s, h.settings()))
}

// Remove forgets an endpoint and closes its connections as c says. It reports
// whether the endpoint was known.
func (h *Hub) Remove(id ID, c Closing) bool {
	h.mu.Lock()
	ep := h.endpoints[id]
	delete(h.endpoints, id)
	h.mu.Unlock()
	if ep == nil {
		return false
	}
	ep.close(c)
	return true
}

func (h *Hub) find(id ID) *endpoint {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.endpoints[id]
}

// Stats returns the counters of one endpoint; false if it is unknown.
func (h *Hub) Stats(id ID) (Stats, bool) {
	ep := h.find(id)
	if ep == nil {
		return Stats{}, false
	}
	return ep.stats(), true
}

// Each calls f for every endpoint until f returns false.
func (h *Hub) Each(f func(ID, Stats) bool) {
	for _, ep := range h.all() {
		if !f(ep.id, ep.stats()) {
			return
		}
	}
}

// EachSum is Each without Queued, which alone costs a look at each connection.
func (h *Hub) EachSum(f func(ID, Stats) bool) {
	for _, ep := range h.all() {
		if !f(ep.id, ep.sums()) {
			return
		}
	}
}

func (h *Hub) all() []*endpoint {
	h.mu.RLock()
	defer h.mu.RUnlock()
	all := make([]*endpoint, 0, len(h.endpoints))
	for _, ep := range h.endpoints {
		all = append(all, ep)
	}
	return all
}

// Close refuses new connections, closes all as c says, waits for their closing
// handshakes until ctx ends, resets the rest, and returns when nothing of the
// hub runs any more.
func (h *Hub) Close(ctx context.Context, c Closing) error {
	h.mu.Lock()
	first := !h.closed
	h.closed = true
	h.mu.Unlock()
	if !first {
		return nil
	}
	for _, ep := range h.all() {
		ep.close(c)
	}
	err := h.drained(ctx)
	for h.live.Load() > 0 { // again for those that the clock had in its hands
		for _, c := range h.clock.all() {
			reset(c.nc)
			_ = c.nc.Close()
		}
		time.Sleep(time.Millisecond)
	}
	close(h.stop)
	h.queue.close()
	h.wg.Wait()
	return err
}

// drained waits until no connection is left.
func (h *Hub) drained(ctx context.Context) error {
	t := time.NewTicker(5 * time.Millisecond)
	defer t.Stop()
	for h.live.Load() > 0 {
		select {
		case <-ctx.Done():
			return fmt.Errorf("closing the hub with %d connections left: %w", h.live.Load(), ctx.Err())
		case <-t.C:
		}
	}
	return nil
}

// ended takes the last word of a connection.
func (h *Hub) ended(c *conn, ev Event) {
	h.clock.remove(c)
	c.group.give()
	h.record(ev)
	h.live.Add(-1)
}

func (h *Hub) record(ev Event) {
	if r := h.settings().Recorder; r != nil {
		r.Record(ev)
	}
}

// admit counts a connection in, unless the hub is closing; ended or dismiss
// count it out.
func (h *Hub) admit() bool {
	h.mu.RLock()
	defer h.mu.RUnlock()
	if h.closed {
		return false
	}
	h.live.Add(1)
	return true
}

func (h *Hub) dismiss() { h.live.Add(-1) }
