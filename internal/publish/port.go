// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package publish

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/culvertd/culvert/internal/signaling"
	"github.com/culvertd/culvert/internal/splice"
	"github.com/culvertd/culvert/internal/wire"
)

const (
	// maxPerPort bounds the connections of a public port that wait for their
	// service; more are reset.
	maxPerPort = 256
	// acceptPause is after a failure to accept, which most likely is a lack of
	// descriptors.
	acceptPause = 50 * time.Millisecond
)

// port is a public TCP port.
type port struct {
	p      *Publisher
	number int
	ln     net.Listener
	ctx    context.Context
	cancel context.CancelFunc
	room   chan struct{} // has maxPerPort places
	tasks  sync.WaitGroup
}

// Listen implements signaling.Ports. What connects to the port goes as it is to
// the service whose it is at that time.
func (p *Publisher) Listen(at signaling.Port) error {
	if at.Protocol == wire.UDP {
		return p.listenUDP(at.Number)
	}
	lc := net.ListenConfig{KeepAlive: -1}
	lc.SetMultipathTCP(false) // as for the relay's port (rules R7)
	ln, err := lc.Listen(context.Background(), "tcp", fmt.Sprintf(":%d", at.Number))
	if err != nil {
		return err
	}
	o := &port{p: p, number: at.Number, ln: ln, room: make(chan struct{}, maxPerPort)}
	o.ctx, o.cancel = context.WithCancel(context.Background())
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		_ = ln.Close()
		return net.ErrClosed
	}
	p.ports[at.Number] = o
	o.tasks.Go(o.accept)
	return nil
}

// Unlisten implements signaling.Ports. What came by a TCP port goes on.
func (p *Publisher) Unlisten(at signaling.Port) {
	if at.Protocol == wire.UDP {
		p.unlistenUDP(at.Number)
		return
	}
	p.mu.Lock()
	o := p.ports[at.Number]
	delete(p.ports, at.Number)
	p.mu.Unlock()
	if o != nil {
		o.close()
	}
}

func (p *Publisher) closePorts() {
	p.mu.Lock()
	ports := p.ports
	p.ports, p.closed = nil, true
	p.mu.Unlock()
	for _, o := range ports {
		o.close()
	}
}

func (o *port) close() {
	o.cancel()
	_ = o.ln.Close()
	o.tasks.Wait()
}

// accept takes connections until close.
func (o *port) accept() {
	for {
		nc, err := o.ln.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			time.Sleep(acceptPause)
			continue
		}
		tcp := nc.(*net.TCPConn)              //nolint:forcetypeassert // a TCP listener's
		_ = tcp.SetKeepAliveConfig(keepAlive) // fails on closed ones only
		c := splice.TCP(tcp)
		if o.p.blocked(splice.Peer(c)) {
			_ = c.Reset()
			continue
		}
		select {
		case o.room <- struct{}{}:
		default:
			_ = c.Reset()
			continue
		}
		o.tasks.Go(func() {
			defer func() { <-o.room }()
			o.serve(c)
		})
	}
}

// serve hands a connection over. The visitor of a service that is not there sees
// a reset.
func (o *port) serve(c splice.Conn) {
	ctx, cancel := context.WithTimeout(o.ctx, portPatience)
	defer cancel()
	n, ok := o.p.signaling.NamedPort(signaling.Port{Protocol: wire.TCP, Number: o.number})
	if ok && o.p.gate.Refuse(Key{n.Owner, wire.PublicPort(wire.TCP, o.number)}, splice.Peer(c)) {
		ok = false
	}
	if ok {
		away, known := o.p.signaling.Away(n.Client)
		ok = known && away < awayMost
	}
	if !ok {
		_ = c.Reset()
		return
	}
	v, err := o.p.take(n.Client, n.Service)
	if err != nil {
		_ = c.Reset()
		return
	}
	defer o.p.release(n.Client + "/" + n.Service)
	_ = v.Serve(ctx, c, o.p.guests.add) // which resets it
}

// portPatience bounds how long a visitor waits until it is handed over.
const portPatience = 10 * time.Second

// keepAlive finds out that a visitor has vanished.
var keepAlive = net.KeepAliveConfig{Enable: true, Idle: 2 * time.Minute, Interval: 15 * time.Second}

// SetBlocked has connections from addresses for which f is true be reset at public
// ports; nil lets all in.
func (p *Publisher) SetBlocked(f func(netip.Addr) bool) {
	if f == nil {
		p.block.Store(nil)
	} else {
		p.block.Store(&f)
	}
}

func (p *Publisher) blocked(a netip.Addr) bool {
	f := p.block.Load()
	return f != nil && (*f)(a)
}
