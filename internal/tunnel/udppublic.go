// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync/atomic"

	"github.com/culvertd/culvert/internal/datagram"
	"github.com/culvertd/culvert/internal/wire"
)

// maxPerSource bounds the flows of one address, of IPv6 one /64: a stranger who
// takes port after port must not have all flows of a forward, which maxLegs bounds.
const maxPerSource = 1024

var errNobodys = errors.New("nobody's service is published there, or its client is away")

// Public is a UDP port for everybody.
type Public struct {
	// Owner returns whose service datagrams go to; false: to nobody's now. It may be
	// another one at another time, and is asked when a session is wanted.
	Owner func() (target, service string, ok bool)
	// Refuses reports whether nothing is taken from an address, nor sent there. It is
	// asked for each datagram, so it must be quick.
	Refuses func(netip.AddrPort) bool
	// Drops counts; several ports may share it.
	Drops *PublicDrops
}

// PublicDrops counts datagrams that were dropped at public ports, by the reason.
type PublicDrops struct {
	Refused    atomic.Uint64 // addresses that are not to come
	Flows      atomic.Uint64 // new sources, with the table of flows full
	Unanswered atomic.Uint64 // to sources that have proven nothing
	Lost       atomic.Uint64 // all others that could not be passed on
}

// Public returns a forward whose applications are everybody who sends to pc, which
// belongs to it from now on. It asks for a session when there is something to carry,
// and does without encryption where the service does.
func (c *Client) Public(pc *net.UDPConn, p Public) (*Forward, error) {
	f := &Forward{
		c: c, spec: ForwardSpec{Encryption: wire.EncryptionNone}, owner: p.Owner, asking: make(chan struct{}, 1), protocol: wire.ServiceUDP,
	}
	f.ctx, f.cancel = context.WithCancel(c.base)
	f.asking <- struct{}{}
	v := newVisitorAt(f, pc)
	v.guard = &guard{refuse: p.Refuses, drops: p.Drops, sources: make(map[netip.Prefix]int)}
	f.carrier = v
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.draining || c.stopped {
		f.cancel()
		v.close()
		return nil, errStopped
	}
	c.forwards[f] = struct{}{}
	c.tasks.Go(func() { v.serve(f.ctx) })
	return f, nil
}

// wish is what the forward asks for.
func (f *Forward) wish() (ForwardSpec, error) {
	spec := f.spec
	if f.owner != nil {
		var ok bool
		if spec.Target, spec.Service, ok = f.owner(); !ok {
			return spec, &Error{Kind: TargetRefused, Err: errNobodys}
		}
	}
	return spec, nil
}

// guard is between strangers and a forward. Its methods do nothing without one.
type guard struct {
	refuse func(netip.AddrPort) bool
	drops  *PublicDrops

	sources map[netip.Prefix]int // flows; the visitor's mu guards it
}

// refuses drops what comes from an address that is not to come.
func (g *guard) refuses(t *datagram.Train) bool {
	if g == nil || !g.refuse(t.Addr) {
		return false
	}
	g.drops.Refused.Add(uint64(t.Packets()))
	return true
}

// hasRoom reports whether an address may have another flow.
func (g *guard) hasRoom(a netip.Addr) bool {
	return g == nil || g.sources[sourceOf(a)] < maxPerSource
}

func (g *guard) began(a netip.Addr) {
	if g != nil {
		g.sources[sourceOf(a)]++
	}
}

func (g *guard) ended(a netip.Addr) {
	if g == nil {
		return
	}
	s := sourceOf(a)
	if g.sources[s]--; g.sources[s] <= 0 {
		delete(g.sources, s)
	}
}

// sourceOf returns what somebody has who has an address.
func sourceOf(a netip.Addr) netip.Prefix {
	a = a.Unmap().WithZone("")
	bits := a.BitLen()
	if a.Is6() {
		bits = 64
	}
	return netip.PrefixFrom(a, bits).Masked()
}
