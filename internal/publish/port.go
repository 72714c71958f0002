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
	"github.com/culvertd/culvert/internal/tunnel"
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
	ln     net.Listener
	serve  func(ctx context.Context, c splice.Conn) // which owns c
	ctx    context.Context
	cancel context.CancelFunc
	room   chan struct{} // has maxPerPort places
	tasks  sync.WaitGroup
	traffic
}

// newPort binds an address. Until accept is called, who connects waits.
func (p *Publisher) newPort(addr string, serve func(context.Context, splice.Conn)) (*port, error) {
	lc := net.ListenConfig{KeepAlive: -1}
	lc.SetMultipathTCP(false) // as for the relay's port (rules R7)
	ln, err := lc.Listen(context.Background(), "tcp", addr)
	if err != nil {
		return nil, err
	}
	o := &port{p: p, ln: ln, serve: serve, room: make(chan struct{}, maxPerPort)}
	o.ctx, o.cancel = context.WithCancel(context.Background())
	return o, nil
}

// Listen implements signaling.Ports. What connects to the port goes as it is to
// the service whose it is at that time.
func (p *Publisher) Listen(at signaling.Port) error {
	if at.Protocol == wire.UDP {
		return p.listenUDP(at.Number)
	}
	var o *port
	o, err := p.newPort(fmt.Sprintf(":%d", at.Number), func(ctx context.Context, c splice.Conn) { o.serveNamed(ctx, c, at.Number) })
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		o.close()
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
			ctx, cancel := context.WithTimeout(o.ctx, portPatience)
			defer cancel()
			o.serve(ctx, c)
		})
	}
}

// serveNamed hands a connection of a client's own port over. The visitor of a
// service that is not there sees a reset.
func (o *port) serveNamed(ctx context.Context, c splice.Conn, number int) {
	p := o.p
	n, ok := p.signaling.NamedPort(signaling.Port{Protocol: wire.TCP, Number: number})
	if ok && p.gate.Refuse(Key{n.Owner, wire.PublicPort(wire.TCP, number)}, splice.Peer(c)) {
		ok = false
	}
	if ok {
		away, known := p.signaling.Away(n.Client)
		ok = known && away < awayMost
	}
	if !ok {
		_ = c.Reset()
		return
	}
	head, err := proxyHeader(p.signaling.ProxyProtocol(n), c)
	end := o.begin()
	if err == nil {
		err = p.pass(ctx, c, n, tunnel.Serving{First: head, Done: func(bool) { end() }})
	}
	if err != nil {
		end()
		_ = c.Reset()
	}
}

// pass has a service serve a connection, which is still the caller's if there is an
// error.
func (p *Publisher) pass(ctx context.Context, c splice.Conn, n signaling.Named, o tunnel.Serving) error {
	v, err := p.take(n.Client, n.Service)
	if err != nil {
		return err
	}
	defer p.release(n.Client + "/" + n.Service)
	o.Wrap = func(c splice.Conn) splice.Conn {
		g := p.guests.add(c)
		if p.blocked(splice.Peer(c)) { // since it was let in, and before it was listed
			_ = g.Reset()
		}
		return g
	}
	return v.Serve(ctx, c, o)
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
