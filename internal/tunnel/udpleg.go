// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/culvertd/culvert/internal/datagram"
	"github.com/culvertd/culvert/internal/wire"
)

// How long UDP is not used after the relay said that the other end is not
// there. Each look costs a datagram, so there are few of them; but in the first
// seconds of a session that end may just be proving its address.
const (
	avoidFor  = 30 * time.Second
	avoidOnce = time.Second
)

// udpLeg is one session of a UDP forward: 256 ids, and the ways to the relay.
type udpLeg struct {
	v      *udpVisitor
	ss     *session
	path   *udpPath      // nil if UDP is not to be used, or inside is there
	inside InsidePackets // in place of a path, in the process of the relay
	stream atomic.Pointer[udpStream]
	keys   *udpKeys
	wanted chan struct{} // a stream is
	renew  chan struct{} // holds one: another stream is, for its keys
	avoid  avoidance
	begun  time.Time

	flows   [wire.FlowsPerBlock]atomic.Pointer[localFlow] // written under v.mu
	waiting held[uint32]                                  // what came while there was no way for it

	// Guarded by v.mu.
	free    []uint8
	resting []restingFlow // oldest first
}

type restingFlow struct {
	n     uint8
	since time.Time
}

// avoidance is until when UDP is not used. The zero value does not avoid it.
type avoidance struct{ until atomic.Int64 }

// begin is told when the session began.
func (a *avoidance) begin(session time.Time) {
	now := time.Now()
	if a.holds(now) {
		return // the relay says it of every datagram
	}
	d := avoidFor
	if now.Sub(session) < helloPatience && a.until.Load() == 0 {
		d = avoidOnce
	}
	a.until.Store(now.Add(d).UnixNano())
}

func (a *avoidance) end() {
	if a.until.Load() != 0 {
		a.until.Store(0)
	}
}

func (a *avoidance) holds(now time.Time) bool {
	until := a.until.Load()
	return until != 0 && now.UnixNano() < until
}

func newUDPLeg(v *udpVisitor, ss *session) *udpLeg {
	l := &udpLeg{v: v, ss: ss, wanted: make(chan struct{}, 1), renew: make(chan struct{}, 1), begun: time.Now()}
	l.keys = newUDPKeys(ss, func() {
		nudge(l.renew)
		nudge(l.wanted)
	})
	for n := range wire.FlowsPerBlock {
		l.free = append(l.free, uint8(n))
	}
	k := newPacker(v.lose)
	if within := v.f.c.cfg.Within; within != nil {
		// Without it, since the session has ended, all goes through the stream, and
		// that hears of it.
		l.inside, _ = within.Packets(ss.key.ID, func(trains []datagram.Train) {
			for i := range trains {
				l.train(k, &trains[i])
			}
			k.flush()
		})
		return l
	}
	if ss.relay == "" || v.f.c.cfg.Transport == WebSocket {
		return l
	}
	l.path = newUDPPath(ss.key, v.pool, v.f.c.dialUDP(ss.relay))
	l.path.deliver = func(t *datagram.Train) {
		if t == nil {
			k.flush()
			return
		}
		l.train(k, t)
	}
	l.path.away = func(uint32) {
		l.avoid.begin(l.begun)
		nudge(l.wanted)
	}
	l.path.opened = l.release
	return l
}

// train gives the packets of a train to the applications.
func (l *udpLeg) train(k *packer, t *datagram.Train) {
	now := time.Now()
	packets(t, func(b []byte) {
		id, data, ok := wire.ParsePacket(b)
		if !ok || id&^0xff != l.ss.block {
			return
		}
		if data, ok = l.keys.open(b, data); !ok {
			l.v.lose(1)
			return
		}
		l.avoid.end()
		l.receive(k, id, data, now)
	})
}

// run keeps the ways of a session until it ends, or ctx.
func (l *udpLeg) run(ctx context.Context) {
	defer l.v.remove(l)
	ctx, cancel := context.WithCancel(ctx)
	var tasks sync.WaitGroup
	defer tasks.Wait()
	defer cancel()
	if l.path != nil {
		tasks.Go(func() { l.path.run(ctx) })
	}
	tasks.Go(func() { l.keepStream(ctx) })
	select {
	case <-l.ss.done:
	case <-ctx.Done():
		l.v.f.c.leave(l.ss)
	}
}

// send sends an application's datagram, by UDP if that works and it fits.
func (l *udpLeg) send(k *packer, p headed, now time.Time) {
	if l.byUDP(now) && len(p.data) <= l.keys.most() {
		if way := l.way(); way != nil && l.keys.add(k, way, p) {
			return
		}
	}
	if s := l.stream.Load(); s != nil {
		s.push(p)
		return
	}
	l.v.lose(l.waiting.put(p.id, p.data))
	nudge(l.wanted)
	if l.stream.Load() != nil || len(p.data) <= l.keys.most() && l.byUDP(time.Now()) {
		l.release() // it came up meanwhile, and may have looked before
	}
}

// byUDP reports whether datagrams can go by UDP, if they fit.
func (l *udpLeg) byUDP(now time.Time) bool {
	open := l.inside != nil && l.inside.There() || l.path != nil && l.path.bound.Load() != nil
	return open && !l.avoid.holds(now) && l.keys.ready()
}

// way returns what packets go by; nil if there is nothing.
func (l *udpLeg) way() sink {
	if l.inside != nil {
		return l.inside
	}
	if c := l.path.socket(); c != nil {
		return c
	}
	return nil
}

// release sends what waited for a way.
func (l *udpLeg) release() {
	queue, old := l.waiting.take()
	l.v.lose(old)
	if len(queue) == 0 {
		return
	}
	k := newPacker(l.v.lose)
	now := time.Now()
	for _, p := range queue { // what is for the other way is held again
		l.send(k, headed{p.what, p.data}, now)
	}
	k.flush()
}

// receive gives a datagram to the application whose flow it is.
func (l *udpLeg) receive(k *packer, id uint32, data []byte, now time.Time) {
	fl := l.flows[id&0xff].Load()
	if fl == nil {
		l.v.lose(1)
		return
	}
	// Even if it is dropped: the provider has its end of the flow for as long as the
	// service speaks, so the id must not become somebody else's.
	fl.used.Store(now.UnixNano())
	if !l.v.mayReach(fl, len(data), now) {
		return
	}
	k.add(l.v.local, fl.addr, headed{0, data})
	k.count(&l.v.f.tally, 0, len(data))
}
