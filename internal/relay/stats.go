// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package relay

import (
	"maps"
	"sync"
	"sync/atomic"

	"github.com/culvertd/culvert/internal/splice"
)

// counters are the relay's totals.
type counters struct {
	parked, warm, linked atomic.Int64
	answering            atomic.Int64 // refusals under way
	opened, junk, shed   atomic.Uint64
	bytes                [2]atomic.Uint64

	mu      sync.Mutex // guards the fields below
	refused map[string]uint64
}

func (c *counters) refuse(code string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.refused == nil {
		c.refused = make(map[string]uint64)
	}
	c.refused[code]++
}

// descriptors is how many sockets the known channels hold.
func (c *counters) descriptors() int {
	return int(c.parked.Load() + c.warm.Load() + 2*c.linked.Load())
}

// Stats returns the totals.
func (r *Relay) Stats() Stats {
	c := &r.count
	st := Stats{
		Pending:   int(r.pending.n.Load()),
		Parked:    int(c.parked.Load()),
		Warm:      int(c.warm.Load()),
		Linked:    int(c.linked.Load()),
		Opened:    c.opened.Load(),
		BytesUp:   c.bytes[splice.Forward].Load(),
		BytesDown: c.bytes[splice.Backward].Load(),
		Refused:   make(map[string]uint64),
		Junk:      c.junk.Load(),
		Shed:      c.shed.Load(),
	}
	c.mu.Lock()
	maps.Copy(st.Refused, c.refused)
	c.mu.Unlock()
	r.udp.addStats(&st)
	return st
}
