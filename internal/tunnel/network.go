// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/culvertd/culvert/internal/stream"
	"github.com/culvertd/culvert/internal/wire"
)

const (
	// networkSettles is how long a change is given to be complete.
	networkSettles = 20 * time.Millisecond
	// networkEach is how often addresses are looked at where the system does
	// not tell of changes.
	networkEach = 2 * time.Second
	// signalDoubt is how long the gateway has to answer after a change.
	signalDoubt = 2 * time.Second
)

var errNetworkChanged = errors.New("the network has changed")

// watchNetwork has everything be questioned when the addresses of this machine
// have changed: waiting for silence to be noticed takes seconds.
func (c *Client) watchNetwork(ctx context.Context) {
	was := localAddrs()
	changes, stop := networkChanges()
	defer stop()
	for {
		select {
		case <-changes:
		case <-time.After(networkEach):
			if changes != nil {
				continue
			}
		case <-ctx.Done():
			return
		}
		select {
		case <-time.After(networkSettles):
		case <-ctx.Done():
			return
		}
		now := localAddrs()
		if now == nil || slices.Equal(was, now) {
			continue
		}
		was = now
		c.log.Info("the network has changed", zap.Int("addresses", len(now)))
		c.doubt(now)
	}
}

// doubt questions what goes over the network, and gives up what comes from an
// address that is gone.
func (c *Client) doubt(addrs []netip.Addr) {
	c.mu.Lock()
	s := c.signal
	c.mu.Unlock()
	if s != nil {
		s.doubt(addrs)
	}
	nudge(c.changedNet)
	c.way.reset()
	c.streams.Drop(errNetworkChanged, func(ch *stream.Channel) bool { return !stillHere(ch.Tag(), addrs) })
	c.streams.Doubt()
	c.recheck(0)
}

// recheck is called when the client has signed in again, perhaps from another
// network, and when the network has changed: what is ready may be dead, and what
// has failed may work. For least see reserve.refresh.
func (c *Client) recheck(least time.Duration) {
	c.sessions.refresh(least)
	c.parked.refresh(least)
	c.udp.recheck()
	for _, f := range c.allForwards() {
		f.carrier.recheck()
	}
}

// doubt ends a connection whose own address is gone, and has the gateway answer
// soon on any other.
func (s *signal) doubt(addrs []netip.Addr) {
	if !isHere(s.ws.LocalAddr(), addrs) {
		s.end(errNetworkChanged)
		_ = s.ws.NetConn().Close() // nobody hears a farewell
		return
	}
	_ = s.ws.SetReadDeadline(time.Now().Add(signalDoubt)) // until the next message
	_ = s.send(wire.TypeHeartbeat, "", wire.Heartbeat{Timestamp: time.Now().UnixMilli()})
}

// stillHere reports whether a channel comes from an address that we have.
func stillHere(tag any, addrs []netip.Addr) bool {
	switch tag := tag.(type) {
	case *pooled:
		return isHere(tag.local, addrs)
	case *served:
		return isHere(tag.local, addrs)
	}
	return true
}

func isHere(a net.Addr, addrs []netip.Addr) bool {
	t, ok := a.(*net.TCPAddr)
	if !ok {
		return true // of no network that changes
	}
	ip := t.AddrPort().Addr().Unmap().WithZone("")
	return ip.IsLoopback() || slices.Contains(addrs, ip) // of 127.0.0.0/8 one is listed
}

// localAddrs returns this machine's addresses, sorted; nil if the system does
// not tell.
func localAddrs() []netip.Addr {
	list, err := net.InterfaceAddrs()
	if err != nil {
		return nil
	}
	addrs := make([]netip.Addr, 0, len(list))
	for _, a := range list {
		if p, err := netip.ParsePrefix(a.String()); err == nil {
			addrs = append(addrs, p.Addr().Unmap().WithZone(""))
		}
	}
	slices.SortFunc(addrs, netip.Addr.Compare)
	return addrs
}
