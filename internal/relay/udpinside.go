// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package relay

import (
	"sync"

	"github.com/culvertd/culvert/internal/datagram"
	"github.com/culvertd/culvert/internal/wire"
)

// Packets is the way of a visitor within this process: its packets leave by the
// socket at which the provider was met, and the provider's are handed over where
// they were received. So they cost one system call each way, as those of no other
// visitor do, and there is no address to prove.
type Packets struct {
	deliver func(trains []datagram.Train)
	own     *leg

	sending sync.Mutex // guards the field below
	porter  porter

	receiving sync.Mutex // one call of deliver at a time
}

// Packets gives a visitor within this process its way, until the session ends.
// deliver gets what the provider sends, with the visitor's ids, and must be done
// with it when it returns; it is called for one batch at a time, by who reads the
// relay's sockets, so it must not wait. The error is a *wire.Refusal if the session is
// not known, or not for UDP.
func (r *Relay) Packets(key wire.KeyID, deliver func(trains []datagram.Train)) (*Packets, error) {
	s := r.session(key)
	if s == nil || s.udp.visitor == nil {
		return nil, refuseDenied
	}
	p := &Packets{deliver: deliver, own: s.udp.visitor}
	p.porter = porter{u: r.udp, outbox: datagram.NewOutbox(), inside: p}
	s.udp.binding.place.Store(&place{inside: p})
	return p, nil
}

// There reports whether the provider has an address to which packets can go.
func (p *Packets) There() bool {
	return p.own.peer.own.at(p.own.session.relay.now.Load()) != nil
}

// Send forwards the visitor's packets, whose ids it changes where they lie. What is
// dropped the relay counts; the trains' Lost and the outbox are left alone. It may be
// called from any goroutine.
func (p *Packets) Send(_ *datagram.Outbox, trains []datagram.Train) {
	p.sending.Lock()
	defer p.sending.Unlock()
	p.porter.now = p.porter.u.relay.now.Load()
	for i := range trains {
		p.porter.train(&trains[i])
	}
	p.porter.flush()
}

func (p *Packets) take(trains []datagram.Train) {
	p.receiving.Lock()
	defer p.receiving.Unlock()
	p.deliver(trains)
}
