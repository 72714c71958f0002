// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"context"
	"errors"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

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
	path   *udpPath // nil if UDP is not to be used
	stream atomic.Pointer[udpStream]
	wanted chan struct{} // a stream is
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
	l := &udpLeg{v: v, ss: ss, wanted: make(chan struct{}, 1), begun: time.Now()}
	for n := range wire.FlowsPerBlock {
		l.free = append(l.free, uint8(n))
	}
	if ss.relay == "" || v.f.c.cfg.Transport == WebSocket {
		return l
	}
	l.path = newUDPPath(ss.key, v.pool, v.f.c.dialUDP(ss.relay))
	k := newPacker(v.lose)
	l.path.deliver = func(t *datagram.Train) {
		if t == nil {
			k.flush()
			return
		}
		l.avoid.end()
		now := time.Now()
		packets(t, func(b []byte) {
			if id, data, ok := wire.ParsePacket(b); ok && id&^0xff == ss.block {
				l.receive(k, id, data, now)
			}
		})
	}
	l.path.away = func(uint32) {
		l.avoid.begin(l.begun)
		nudge(l.wanted)
	}
	l.path.opened = l.release
	return l
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
	if l.path != nil && len(p.data) <= maxPacket-wire.PacketHeader && !l.avoid.holds(now) {
		if c := l.path.socket(); c != nil {
			k.add(c, netip.AddrPort{}, p)
			return
		}
	}
	if s := l.stream.Load(); s != nil {
		s.push(p)
		return
	}
	l.v.lose(l.waiting.put(p.id, p.data))
	nudge(l.wanted)
	if l.stream.Load() != nil || l.path != nil && l.path.bound.Load() != nil {
		l.release() // it came up meanwhile, and may have looked before
	}
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
	for _, p := range queue {
		s := l.stream.Load()
		if s == nil && len(p.data) > maxPacket-wire.PacketHeader {
			l.v.lose(l.waiting.put(p.what, p.data)) // for the stream, which is on its way
			continue
		}
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
	fl.used.Store(now.UnixNano())
	k.add(l.v.local, fl.addr, headed{0, data})
	k.count(&l.v.f.tally, 0, len(data))
}

// keepStream keeps a channel while there are flows: it carries what does not
// fit a packet either way, and only this end can open it.
func (l *udpLeg) keepStream(ctx context.Context) {
	b := backoff{first: refillFirst}
	for {
		select {
		case <-l.wanted:
		case <-ctx.Done():
			return
		}
		begun := time.Now()
		heard, err := l.useStream(ctx)
		var no *wire.Refusal
		switch {
		case ctx.Err() != nil:
			return
		case errors.As(err, &no) && (no.Code == wire.RefusedDenied || no.Code == wire.RefusedClosed):
			l.v.f.c.sessions.drop(l.ss, no)
			return
		case heard:
			b.reset()
			continue // it was idle, most likely
		}
		l.v.f.c.log.Debug("a channel for datagrams", zap.Error(err))
		nudge(l.wanted)
		select {
		case <-time.After(b.next(time.Since(begun))):
		case <-ctx.Done():
			return
		}
	}
}

func (l *udpLeg) useStream(ctx context.Context) (heard bool, err error) {
	ch, err := l.v.f.c.openChannel(ctx, opening{
		relay: l.ss.relay, key: l.ss.key, role: wire.Open, protocol: wire.UDP, session: l.ss.id,
	})
	if err != nil {
		return false, err
	}
	k := newPacker(l.v.lose)
	s := newUDPStream(ch.Conn, l.v.lose, func(id uint32, data []byte) {
		if id == 0 {
			k.flush()
			return
		}
		l.receive(k, id, data, time.Now())
	})
	l.stream.Store(s)
	l.release()
	err = s.run(ctx, l.ss.done, nil, true)
	l.stream.CompareAndSwap(s, nil)
	return s.heard.Load(), err
}
