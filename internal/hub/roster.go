// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package hub

import (
	"cmp"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"
)

// Close codes of the range that applications define, beside wire.CloseDeleted.
const (
	CloseForbidden = 4403 // the address was blocked, or the account disabled
	CloseKicked    = 4411
	CloseKey       = 4412 // the endpoint became private, or has a new key
	CloseQuota     = 4429 // the account has used up its traffic
)

// Connection is one member of an endpoint.
type Connection struct {
	ID    uint64 // unique within the process, and larger than those before it
	Addr  netip.Addr
	Since time.Time

	MessagesIn, BytesIn   uint64 // from the client
	MessagesOut, BytesOut uint64 // to the client
	Lag                   uint64 // messages that wait for it
}

// Counts are sums since the hub began.
type Counts struct {
	Kicks    uint64 // connections closed by Kick
	Blocked  uint64 // requests refused because of their address
	Exceeded uint64 // requests refused because of a quota
	Cut      uint64 // connections closed by CloseAddr and CloseAll
}

// counts are those of Counts.
type counts struct{ kicks, blocked, exceeded, cut atomic.Uint64 }

// Counts returns the sums.
func (h *Hub) Counts() Counts {
	return Counts{
		Kicks: h.counts.kicks.Load(), Blocked: h.counts.blocked.Load(),
		Exceeded: h.counts.exceeded.Load(), Cut: h.counts.cut.Load(),
	}
}

// Connections returns the members of an endpoint with ids above after, oldest
// first, at most limit; false if the endpoint is unknown.
func (h *Hub) Connections(id ID, after uint64, limit int) ([]Connection, bool) {
	ep := h.find(id)
	if ep == nil {
		return nil, false
	}
	members := slices.DeleteFunc(ep.all(), func(c *conn) bool { return c.id <= after })
	slices.SortFunc(members, func(a, b *conn) int { return cmp.Compare(a.id, b.id) })
	members = members[:min(limit, len(members))]
	list := make([]Connection, len(members))
	for i, c := range members {
		list[i] = c.show()
	}
	return list, true
}

func (c *conn) show() Connection {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := Connection{ID: c.id, Addr: c.addr, Since: c.opened, MessagesOut: c.delivered, BytesOut: c.out}
	c.ep.mu.Lock()
	k.MessagesIn, k.BytesIn = c.messages, c.bytes
	end := c.ep.log.end
	c.ep.mu.Unlock()
	k.Lag = c.queuedLocked(end)
	return k
}

// Kick closes one connection of an endpoint with 4411, and reports whether it
// was there.
func (h *Hub) Kick(id ID, conn uint64) bool {
	ep := h.find(id)
	if ep == nil {
		return false
	}
	for _, c := range ep.all() {
		if c.id == conn {
			if c.part(Closing{Code: CloseKicked, Reason: "kicked"}.ending()) {
				h.counts.kicks.Add(1)
			}
			return true
		}
	}
	return false
}

// CloseAll closes the connections of an endpoint, those that are being upgraded
// included, and voids its tickets; the endpoint stays. What is to keep them
// from coming back is put in force before.
func (h *Hub) CloseAll(id ID, c Closing) {
	ep := h.find(id)
	if ep == nil {
		return
	}
	ep.mu.Lock()
	ep.cuts.Add(1)
	ep.tickets = nil
	ep.mu.Unlock()
	for _, m := range ep.all() {
		h.cut(m, c)
	}
}

// CloseAddr closes the connections from addresses that match, for a block list
// that has grown; Config.Blocked knows of them already.
func (h *Hub) CloseAddr(match func(netip.Addr) bool) {
	for _, ep := range h.all() {
		for _, c := range ep.all() {
			if match(c.addr) {
				h.cut(c, blocked)
			}
		}
	}
}

var blocked = Closing{Code: CloseForbidden, Reason: "blocked"}

func (h *Hub) cut(c *conn, how Closing) {
	if c.part(how.ending()) {
		h.counts.cut.Add(1)
	}
}
