// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package publish

import (
	"context"
	"fmt"
	"net"
	"net/netip"

	"github.com/culvertd/culvert/internal/signaling"
	"github.com/culvertd/culvert/internal/tunnel"
	"github.com/culvertd/culvert/internal/wire"
)

// listenUDP opens a public UDP port. Each source of datagrams is a flow to the
// service whose the port is at that time; see tunnel.Public.
func (p *Publisher) listenUDP(number int) error {
	pc, err := new(net.ListenConfig).ListenPacket(context.Background(), "udp", fmt.Sprintf(":%d", number))
	if err != nil {
		return err
	}
	name := wire.PublicPort(wire.UDP, number)
	f, err := p.client.Public(pc.(*net.UDPConn), tunnel.Public{ //nolint:forcetypeassert // of the network udp
		Owner:   func() (target, service string, ok bool) { return p.owner(number) },
		Refuses: func(a netip.AddrPort) bool { return p.refuses(a) || p.forbids(number, name, a.Addr()) },
		Drops:   &p.drops,
	})
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		_ = f.Close()
		return net.ErrClosed
	}
	p.packets[number] = f
	p.here.add(number)
	return nil
}

// unlistenUDP closes it, and ends the flows.
func (p *Publisher) unlistenUDP(number int) {
	p.mu.Lock()
	f := p.packets[number]
	delete(p.packets, number)
	p.mu.Unlock()
	p.here.remove(number)
	if f != nil {
		_ = f.Close() // never fails
	}
}

// owner returns whose a UDP port is, unless nobody is to be waited for there.
func (p *Publisher) owner(number int) (client, service string, ok bool) {
	n, ok := p.signaling.NamedPort(signaling.Port{Protocol: wire.UDP, Number: number})
	if !ok {
		return "", "", false
	}
	away, known := p.signaling.Away(n.Client)
	return n.Client, n.Service, known && away < awayMost
}

// refuses reports whether datagrams are neither taken from an address nor sent there.
func (p *Publisher) refuses(a netip.AddrPort) bool {
	return reflectors[a.Port()] || p.blocked(a.Addr()) || p.here.is(a)
}

// forbids reports whether the rules of a port keep an address out.
func (p *Publisher) forbids(number int, name string, a netip.Addr) bool {
	if rules := p.gate.rules.Load(); rules == nil || len(*rules) == 0 {
		return false // as nearly everywhere, and this is asked for each datagram
	}
	n, ok := p.signaling.NamedPort(signaling.Port{Protocol: wire.UDP, Number: number})
	return ok && p.gate.Refuse(Key{n.Owner, name}, a)
}

// reflectors are the ports of services that answer whoever asks. What comes from
// there was not sent to us by anybody who wanted an answer of ours (rules U5).
var reflectors = map[uint16]bool{
	0:     true, // nobody's
	7:     true, // echo
	13:    true, // daytime
	17:    true, // quote of the day
	19:    true, // chargen
	53:    true, // DNS
	69:    true, // TFTP
	111:   true, // port mapper
	123:   true, // NTP
	137:   true, // NetBIOS names
	138:   true, // NetBIOS datagrams
	161:   true, // SNMP
	389:   true, // CLDAP
	1900:  true, // SSDP
	3702:  true, // WS-Discovery
	5353:  true, // multicast DNS
	5355:  true, // LLMNR
	11211: true, // memcached
}

// Drops are the datagrams that were dropped at public UDP ports, by the reason.
func (p *Publisher) Drops() map[string]uint64 {
	return map[string]uint64{
		"refused":    p.drops.Refused.Load(),
		"flows":      p.drops.Flows.Load(),
		"unanswered": p.drops.Unanswered.Load(),
		"lost":       p.drops.Lost.Load(),
	}
}
