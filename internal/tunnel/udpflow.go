// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/culvertd/culvert/internal/datagram"
	"github.com/culvertd/culvert/internal/wire"
)

var errNoUDPSocket = errors.New("it is no UDP socket")

// serviceFlow is a flow at the provider: a socket that is connected to the
// service, so that the service sees one source for each of the visitor's.
type serviceFlow struct {
	g        *udpGrant
	n        uint8
	tally    *tally
	conn     atomic.Pointer[datagram.Conn] // nil while it is dialed
	used     atomic.Int64                  // in Unix nanoseconds
	streamed atomic.Bool                   // answers go through the stream
	waiting  held[uint32]                  // for the socket
	cancel   context.CancelFunc
}

// open begins a flow; nil if the service is not offered any more, or not to
// this visitor.
func (g *udpGrant) open(n uint8, streamed bool) *serviceFlow {
	v, ok := g.p.c.offers.find(g.ss.service.ID)
	if !ok || v.service.Transport() != wire.UDP || !g.mayOpen(v.service) {
		return nil
	}
	ctx, cancel := context.WithCancel(g.p.c.base)
	fl := &serviceFlow{g: g, n: n, tally: v.tally, cancel: cancel}
	fl.streamed.Store(streamed)
	fl.used.Store(time.Now().UnixNano())
	if !g.flows[n].CompareAndSwap(nil, fl) { // two packets came by two ways
		cancel()
		return g.flows[n].Load()
	}
	if g.ss.ended() || !g.p.c.spawn(func(context.Context) { fl.run(ctx, v) }) {
		g.flows[n].CompareAndSwap(fl, nil)
		cancel()
		return nil
	}
	return fl
}

// run connects to the service and forwards what it sends, until the flow ends.
func (fl *serviceFlow) run(ctx context.Context, v offer) {
	defer fl.cancel()
	tick := v.begin(&fl.g.p.busy)
	defer tick.end()
	nc, err := fl.g.p.c.dialUDPService(ctx, v.service)
	pc, ok := nc.(*net.UDPConn)
	if err == nil && !ok {
		_ = nc.Close()
		err = errNoUDPSocket
	}
	if ctx.Err() == nil && v.note(err) {
		fl.g.p.c.log.Warn("a service cannot be reached", zap.String("service", v.service.ID), zap.Error(err))
	}
	if err != nil {
		fl.g.flows[fl.n].CompareAndSwap(fl, nil) // the next packet tries again
		return
	}
	c := datagram.New(pc, datagram.Options{Buffer: udpBuffer})
	stop := context.AfterFunc(ctx, func() {
		fl.g.p.lose(int(c.Overflow()))
		_ = c.Close()
	})
	defer stop()
	defer c.Close()
	fl.conn.Store(c)
	fl.release()
	fl.read(c)
}

// release sends what waited for the socket.
func (fl *serviceFlow) release() {
	queue, old := fl.waiting.take()
	fl.g.p.lose(old)
	if len(queue) == 0 {
		return
	}
	k := fl.g.p.packers.Get().(*packer)
	for _, p := range queue {
		k.add(fl.conn.Load(), netip.AddrPort{}, headed{0, p.data})
	}
	k.flush()
	fl.g.p.packers.Put(k)
}

func (fl *serviceFlow) read(c *datagram.Conn) {
	p := fl.g.p
	for {
		in, err := c.ReceivePooled(p.pool)
		if err != nil {
			return // closed
		}
		now := time.Now()
		fl.used.Store(now.UnixNano())
		k := p.packers.Get().(*packer)
		for i := range in.Trains {
			k.count(fl.tally, 0, len(in.Trains[i].Data))
			packets(&in.Trains[i], func(b []byte) { fl.g.send(k, fl, b, now) })
		}
		k.flush()
		p.packers.Put(k)
		p.pool.Put(in)
	}
}
