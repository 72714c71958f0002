// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package publish

import (
	"net"
	"net/netip"
	"sync"
	"time"
)

// hereAge is how long this machine's addresses are not looked up again.
const hereAge = 10 * time.Second

// here knows the public UDP ports of this machine. A datagram that seems to come
// from one would have two services answer each other for ever. The zero value knows
// none.
type here struct {
	mu    sync.RWMutex // guards the fields below
	ports map[uint16]bool
	addrs map[netip.Addr]bool
	seen  time.Time
}

func (h *here) add(port int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ports == nil {
		h.ports = make(map[uint16]bool)
	}
	h.ports[uint16(port)] = true
}

func (h *here) remove(port int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.ports, uint16(port))
}

// is reports whether a is one of the ports. Other programs of this machine are not.
func (h *here) is(a netip.AddrPort) bool {
	h.mu.RLock()
	suspect := h.ports[a.Port()]
	h.mu.RUnlock()
	if !suspect {
		return false
	}
	addr := a.Addr().Unmap().WithZone("")
	if addr.IsLoopback() {
		return true
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if now := time.Now(); h.addrs == nil || now.Sub(h.seen) > hereAge {
		h.addrs, h.seen = interfaceAddrs(), now
	}
	return h.addrs[addr]
}

// interfaceAddrs returns this machine's addresses; none if the system does not tell.
func interfaceAddrs() map[netip.Addr]bool {
	addrs := make(map[netip.Addr]bool)
	list, err := net.InterfaceAddrs()
	if err != nil {
		return addrs
	}
	for _, a := range list {
		if p, err := netip.ParsePrefix(a.String()); err == nil {
			addrs[p.Addr().Unmap().WithZone("")] = true
		}
	}
	return addrs
}
