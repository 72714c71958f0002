// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/culvertd/culvert/internal/datagram"
	"github.com/culvertd/culvert/internal/wire"
)

const (
	// maxLegs bounds the sessions of a forward, and so its flows to some 10,000.
	maxLegs = 40
	// spareFlows is how many ids are left when another session is asked for.
	spareFlows = 32
	// flowRest is how long an id is not used again: the provider has closed
	// its socket by then.
	flowRest = 15 * time.Second
	// legPause is between two requests for a session.
	legPause = time.Second
)

// udpVisitor listens for applications' datagrams.
type udpVisitor struct {
	f     *Forward
	local *datagram.Conn
	idle  time.Duration
	pool  *datagram.Pool
	wake  chan struct{} // another session is wanted
	busy  busy          // a shutdown does not wait for flows: they have no end
	lost  atomic.Uint64 // datagrams dropped here
	first *session      // nil: asked for when it is needed
	guard *guard        // nil: the applications are our own

	waiting held[netip.AddrPort] // what came while there was no id for it

	mu    sync.Mutex // guards the fields below
	flows map[netip.AddrPort]*localFlow
	legs  []*udpLeg
}

// localFlow is one application's address.
type localFlow struct {
	addr netip.AddrPort
	leg  *udpLeg
	n    uint8
	used atomic.Int64 // in Unix nanoseconds
	tick *flow        // in the forward's tally
	due  allowance    // if there is a guard
}

func newUDPVisitor(f *Forward, ss *session, where local) (carrier, error) {
	if where.unix {
		return nil, errors.New("listening: a UDP service needs a port, not the path of a socket")
	}
	var lc net.ListenConfig
	pc, err := lc.ListenPacket(f.ctx, "udp", where.addr)
	if err != nil {
		return nil, fmt.Errorf("listening: %w", err)
	}
	uc, ok := pc.(*net.UDPConn)
	if !ok {
		_ = pc.Close()
		return nil, fmt.Errorf("listening: %T is no UDP socket", pc)
	}
	v := newVisitorAt(f, uc)
	v.first = ss
	return v, nil
}

func newVisitorAt(f *Forward, pc *net.UDPConn) *udpVisitor {
	return &udpVisitor{
		f:     f,
		local: datagram.New(pc, datagram.Options{Buffer: udpBuffer}),
		idle:  f.c.cfg.UDPIdle,
		pool:  datagram.NewPool(16),
		wake:  make(chan struct{}, 1),
		flows: make(map[netip.AddrPort]*localFlow),
	}
}

func (v *udpVisitor) addr() net.Addr { return v.local.LocalAddr() }

func (v *udpVisitor) close() { _ = v.local.Close() }

// recheck implements carrier.
func (v *udpVisitor) recheck() {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, l := range v.legs {
		if l.path != nil {
			l.path.renew()
		}
		if s := l.stream.Load(); s != nil {
			nudge(s.recheck)
		}
	}
}

// serve reads datagrams until the socket is closed.
func (v *udpVisitor) serve(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(ctx, v.close)
	defer stop()
	var tasks sync.WaitGroup
	defer tasks.Wait()
	defer cancel()
	tasks.Go(func() { v.attend(ctx) })
	k := newPacker(v.lose)
	in := datagram.NewInbox(32)
	for {
		if err := v.local.Receive(in); err != nil {
			if !errors.Is(err, net.ErrClosed) {
				v.f.report(fmt.Errorf("reading datagrams: %w", err))
			}
			return
		}
		now := time.Now()
		for i := range in.Trains {
			v.train(k, &in.Trains[i], now)
		}
		k.flush()
	}
}

// train sends what came from one application.
func (v *udpVisitor) train(k *packer, t *datagram.Train, now time.Time) {
	if v.guard.refuses(t) {
		return
	}
	fl, refused := v.flow(t.Addr, now)
	if refused {
		v.guard.drops.Flows.Add(uint64(t.Packets()))
		return
	}
	if fl == nil {
		packets(t, func(b []byte) { v.lose(v.waiting.put(t.Addr, b)) })
		return
	}
	if v.guard != nil {
		fl.due.took(len(t.Data), now, v.idle)
	}
	packets(t, func(b []byte) { fl.leg.send(k, headed{fl.leg.ss.block | uint32(fl.n), b}, now) })
	k.count(&v.f.tally, len(t.Data), 0)
}

// flow returns the flow of an address, or nil if there is no id for a new one yet;
// refused is that there is to be none.
func (v *udpVisitor) flow(addr netip.AddrPort, now time.Time) (fl *localFlow, refused bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	fl = v.flows[addr]
	if fl != nil {
		fl.used.Store(now.UnixNano())
		return fl, false
	}
	if !v.guard.hasRoom(addr.Addr()) {
		return nil, true
	}
	free := 0
	for _, l := range v.legs {
		if fl == nil && len(l.free) > 0 {
			fl = &localFlow{addr: addr, leg: l, n: l.free[0], tick: v.f.tally.begin(&v.busy)}
			l.free = l.free[1:]
			fl.used.Store(now.UnixNano())
			l.flows[fl.n].Store(fl)
			v.flows[addr] = fl
			v.guard.began(addr.Addr())
			nudge(l.wanted)
		}
		free += len(l.free)
	}
	if free < spareFlows {
		nudge(v.wake)
	}
	return fl, v.guard != nil && fl == nil && len(v.legs) >= maxLegs
}

// attend keeps as many sessions as flows need, and ends idle flows.
func (v *udpVisitor) attend(ctx context.Context) {
	var legs sync.WaitGroup
	defer legs.Wait()
	start := func(ss *session) {
		l := newUDPLeg(v, ss)
		v.mu.Lock()
		v.legs = append(v.legs, l)
		v.mu.Unlock()
		legs.Go(func() { l.run(ctx) })
		v.release()
	}
	if v.first != nil {
		start(v.first)
	}
	sweep := time.NewTicker(udpSweep)
	defer sweep.Stop()
	for {
		select {
		case <-v.wake:
			ss, err := v.another(ctx)
			if ss != nil {
				start(ss)
			}
			if err != nil {
				select { // datagrams are no reason to press
				case <-time.After(legPause):
				case <-ctx.Done():
				}
			}
		case now := <-sweep.C:
			v.sweep(now)
		case <-ctx.Done():
			return
		}
	}
}

// another gets a session, if one is needed and allowed.
func (v *udpVisitor) another(ctx context.Context) (*session, error) {
	v.mu.Lock()
	n, free := len(v.legs), 0
	for _, l := range v.legs {
		free += len(l.free)
	}
	v.mu.Unlock()
	switch {
	case n >= maxLegs || free >= spareFlows:
		return nil, nil
	case n == 0:
		ss, err := v.f.acquire(ctx)
		if err != nil {
			v.f.report(err)
		}
		return ss, err
	}
	spec, err := v.f.wish()
	if err != nil {
		return nil, err
	}
	ss, err := v.f.c.ask(ctx, spec)
	if err != nil && ctx.Err() == nil {
		v.f.c.log.Warn("no further session for more flows", zap.String("to", v.f.spec.Target+"/"+v.f.spec.Service), zap.Error(err))
	}
	return ss, err
}

// release sends what waited for an id.
func (v *udpVisitor) release() {
	queue, old := v.waiting.take()
	v.lose(old)
	if len(queue) == 0 {
		return
	}
	k := newPacker(v.lose)
	now := time.Now()
	for _, p := range queue {
		t := datagram.Train{Addr: p.what, Data: p.data, Size: len(p.data)}
		v.train(k, &t, now)
	}
	k.flush()
}

// sweep ends flows that were idle for too long, and the sessions of none but
// the first.
func (v *udpVisitor) sweep(now time.Time) {
	v.mu.Lock()
	for _, fl := range v.flows {
		if now.Sub(time.Unix(0, fl.used.Load())) > v.idle {
			v.endLocked(fl)
			fl.leg.resting = append(fl.leg.resting, restingFlow{fl.n, now})
		}
	}
	var idle []*session
	for i, l := range v.legs {
		for len(l.resting) > 0 && now.Sub(l.resting[0].since) > flowRest {
			l.free = append(l.free, l.resting[0].n)
			l.resting = l.resting[1:]
		}
		if i > 0 && len(l.free) == wire.FlowsPerBlock && now.Sub(l.begun) > v.idle {
			l.free = nil // nobody takes one any more
			idle = append(idle, l.ss)
		}
	}
	v.mu.Unlock()
	for _, ss := range idle {
		v.f.c.leave(ss)
	}
}

// remove forgets a session that has ended, with its flows; their next
// datagrams begin new ones.
func (v *udpVisitor) remove(l *udpLeg) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for i := range v.legs {
		if v.legs[i] == l {
			v.legs = append(v.legs[:i], v.legs[i+1:]...)
			break
		}
	}
	for _, fl := range v.flows {
		if fl.leg == l {
			v.endLocked(fl)
		}
	}
}

func (v *udpVisitor) endLocked(fl *localFlow) {
	delete(v.flows, fl.addr)
	v.guard.ended(fl.addr.Addr())
	fl.leg.flows[fl.n].Store(nil)
	fl.tick.end()
}

// status returns whether UDP is in use, and the datagrams dropped here.
func (v *udpVisitor) status() (udp bool, dropped uint64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	now := time.Now()
	for _, l := range v.legs {
		udp = udp || l.byUDP(now)
	}
	return udp, v.lost.Load() + v.local.Overflow()
}

func (v *udpVisitor) lose(packets int) {
	v.lost.Add(uint64(packets))
	if v.guard != nil {
		v.guard.drops.Lost.Add(uint64(packets))
	}
}
