// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package relay

import (
	"net"
	"time"

	"go.uber.org/zap"

	"github.com/culvertd/culvert/internal/splice"
)

// accept serves what comes on ln.
func (r *Relay) accept(ln net.Listener) error {
	inherited := inheritKeepAlive(ln)
	r.mover.Listen(ln, func(c splice.Conn) splice.Guest {
		if r.blocked(splice.Peer(c)) {
			r.count.refuse(refusedBlocked)
			_ = c.Reset()
			return nil
		}
		if r.short() {
			r.shed()
			if r.short() {
				r.count.shed.Add(1)
				r.refuse(c, refuseBusy)
				return nil
			}
		}
		if t, ok := c.(interface {
			SetKeepAliveConfig(net.KeepAliveConfig) error
		}); ok && !inherited {
			_ = t.SetKeepAliveConfig(keepAlive()) // fails on closed ones only
		}
		return r.begin(c)
	}, func(err error) {
		// Out of descriptors, most likely: make room, and do not spin.
		if r.shed() == 0 {
			r.log().Warn("accepting a relay connection failed; trying again", zap.Error(err))
		}
		time.Sleep(10 * time.Millisecond)
	})
	return nil
}

// short reports whether the relay holds all the descriptors that it may.
func (r *Relay) short() bool {
	limit := r.limits.Load().MaxDescriptors
	return limit > 0 && r.count.descriptors()+int(r.pending.n.Load()) > limit
}

// shed drops half of the parked channels, the older ones of each client: they
// are the cheapest to lose (rules R2).
func (r *Relay) shed() int {
	r.mu.Lock()
	clients := values(r.clients)
	r.mu.Unlock()
	n := 0
	for _, c := range clients {
		n += c.shed()
	}
	r.count.shed.Add(uint64(n))
	return n
}
