// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package relay

import (
	"errors"
	"fmt"
	"net"

	"github.com/culvertd/culvert/internal/datagram"
	"github.com/culvertd/culvert/internal/wire"
)

const (
	// udpBuffer is what the kernel may hold for us: all flows share it, so it
	// bounds both what a burst loses and how long it delays the others.
	udpBuffer = 4 << 20
	// inboxTrains is how many trains are received with a call, each up to
	// 64 KiB. What is received goes out before more is.
	inboxTrains = 32
)

// porter forwards the packets of one socket. Everything of a packet is done at
// once, in order, by one goroutine: nothing is queued, so no flow can fill a
// queue for others.
type porter struct {
	u      *udpRelay
	socket *datagram.Conn
	inbox  *datagram.Inbox
	outbox *datagram.Outbox
	now    int64

	inside *Packets // in place of a socket and an inbox

	// What goes out next, all through the same socket or to the same visitor.
	to     *place
	trains []datagram.Train
	loads  []load // of the trains
	run    run
}

// load is what a train is counted as; no leg for an answer of ours.
type load struct {
	leg            *leg
	packets, bytes int
}

// run is a series of packets within one train that are all treated alike.
type run struct {
	block   uint32
	leg     *leg // nil: dropped, for the reason
	reason  int
	to      *place
	data    []byte // the packets so far
	size    int
	packets int
}

func (u *udpRelay) serve(pc *net.UDPConn) error {
	p := u.newPorter(datagram.New(pc, datagram.Options{Buffer: udpBuffer}))
	u.addSocket(p.socket)
	defer u.removeSocket(p.socket)
	for {
		if err := p.socket.Receive(p.inbox); err != nil {
			if errors.Is(err, net.ErrClosed) {
				return nil
			}
			return fmt.Errorf("receiving UDP packets: %w", err)
		}
		p.now = u.relay.now.Load()
		for i := range p.inbox.Trains {
			p.train(&p.inbox.Trains[i])
		}
		p.flush()
	}
}

func (u *udpRelay) newPorter(socket *datagram.Conn) *porter {
	return &porter{u: u, socket: socket, inbox: datagram.NewInbox(inboxTrains), outbox: datagram.NewOutbox()}
}

func (u *udpRelay) addSocket(c *datagram.Conn) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.sockets[c] = 0
}

func (u *udpRelay) removeSocket(c *datagram.Conn) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.lost += u.sockets[c]
	delete(u.sockets, c)
}

// train sorts the packets of a train into runs. The ids are rewritten where
// they lie, and the packets leave in the trains they came in, unless they part.
func (p *porter) train(t *datagram.Train) {
	rest := t.Data
	for range t.Packets() {
		packet := rest[:min(t.Size, len(rest))]
		rest = rest[len(packet):]
		id, _, ok := wire.ParsePacket(packet)
		if !ok {
			p.u.count.drop(dropMalformed, 1)
			p.endRun()
			continue
		}
		if id>>8 == 0 {
			p.endRun()
			p.control(t, id, packet)
			continue
		}
		r := &p.run
		if r.packets == 0 || r.block != id>>8 {
			p.endRun()
			p.beginRun(id, t)
			r.data = packet[:0]
		}
		r.packets++
		if r.leg != nil {
			wire.PutPacketID(packet, r.leg.peer.block<<8|id&0xff)
			r.data = r.data[:len(r.data)+len(packet)]
			p.note(r.leg, id)
		}
	}
	p.endRun()
}

// beginRun decides what happens to packets of one block from one source.
func (p *porter) beginRun(id uint32, t *datagram.Train) {
	r := &p.run
	*r = run{block: id >> 8, size: t.Size}
	l := p.u.leg(id)
	if l == nil {
		r.reason = dropUnknown
		return
	}
	if at := l.own.at(p.now); at == nil || at.addr != t.Addr || at.socket != p.socket || at.inside != p.inside {
		r.reason = dropUnbound
		return
	}
	if r.to = l.peer.own.at(p.now); r.to == nil {
		r.reason = dropPeer
		p.tellUnreachable(l, id, t)
		return
	}
	r.leg = l
}

// endRun hands the run's packets on, as many as the session's limits allow.
func (p *porter) endRun() {
	r := &p.run
	if r.packets == 0 {
		return
	}
	if r.leg == nil {
		p.u.count.drop(r.reason, r.packets)
	} else if n, bytes := p.allow(r); n > 0 {
		data := r.data[:min(n*r.size, len(r.data))]
		p.push(r.to, datagram.Train{Addr: r.to.addr, Data: data, Size: r.size}, load{r.leg, n, bytes})
	}
	*r = run{}
}

// allow asks the session's meter for the run's bytes, and returns how many of
// its packets may go.
func (p *porter) allow(r *run) (packets, bytes int) {
	m := &r.leg.session.meter
	want := len(r.data) - r.packets*wire.PacketHeader
	if want == 0 {
		return r.packets, 0 // they carry nothing
	}
	got, wait := m.Allow(want)
	if got == want {
		return r.packets, want
	}
	each := r.size - wire.PacketHeader
	packets = got / max(each, 1) // the last packet, which may be shorter, is not among them
	bytes = packets * each
	m.GiveBack(got - bytes)
	reason := dropRate
	if limit := r.leg.session.relay.limits.Load().MaxBytesPerSession; got == 0 && wait == 0 ||
		limit > 0 && limit-m.granted.Load() < int64(each) {
		reason = dropLimit
		defer r.leg.session.endByQuota()
	}
	p.u.count.drop(reason, r.packets-packets)
	return packets, bytes
}

// push has a train sent with the next call.
func (p *porter) push(to *place, t datagram.Train, l load) {
	if p.to == nil || p.to.socket != to.socket || p.to.inside != to.inside {
		p.flush()
		p.to = to
	}
	p.trains, p.loads = append(p.trains, t), append(p.loads, l)
}

// flush sends what waits, and counts it.
func (p *porter) flush() {
	if len(p.trains) == 0 {
		return
	}
	if p.to.inside != nil {
		p.to.inside.take(p.trains)
	} else {
		p.to.socket.Send(p.outbox, p.trains)
	}
	for i := range p.trains {
		p.account(&p.trains[i], p.loads[i])
	}
	clear(p.loads)
	p.trains, p.loads = p.trains[:0], p.loads[:0]
}

func (p *porter) account(t *datagram.Train, l load) {
	if l.leg == nil {
		return
	}
	sent, bytes := l.packets-t.Lost, l.bytes
	m := &l.leg.session.meter
	if t.Lost > 0 {
		// Which ones were lost is not known; they are of one size but the last.
		bytes = max(0, l.bytes-t.Lost*(t.Size-wire.PacketHeader))
		m.GiveBack(l.bytes - bytes)
		p.u.count.drop(dropSend, t.Lost)
	}
	p.u.count.packets.Add(uint64(sent))
	p.u.count.bytes.Add(uint64(bytes))
	m.Moved(bytes, l.leg.direction)
}

// note counts flows: one begins with its first packet from the visitor, and
// again after it was idle for as long as a flow may be.
func (p *porter) note(l *leg, id uint32) {
	if l != l.session.udp.visitor {
		return
	}
	last := &l.session.udp.flows[id&0xff]
	if was := last.Load(); was != p.now {
		last.Store(p.now)
		if was == 0 || p.now-was > flowIdle {
			l.session.opened.Add(1)
		}
	}
}

// endByQuota ends a session that has used up its bytes.
func (s *Session) endByQuota() {
	limit := s.relay.limits.Load().MaxBytesPerSession
	s.end(wire.CodeLimit, fmt.Sprintf("the session has carried %d bytes, which is the limit max_bytes_per_session; the gateway's operator can raise it", limit))
}
