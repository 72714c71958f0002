// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/culvertd/culvert/internal/datagram"
	"github.com/culvertd/culvert/internal/wire"
)

const (
	helloFirst    = 200 * time.Millisecond // until the next try; doubles
	helloPatience = 3 * time.Second        // then UDP counts as blocked
	keepalive     = 20 * time.Second
	// alivePatience is shorter: the address has been lost, or so it seems.
	alivePatience = 1500 * time.Millisecond
	// pathDoubt is how long we send without hearing anything before we ask
	// whether the relay still knows our address.
	pathDoubt = 3 * time.Second
	pathLook  = time.Second
	// pathAgain is when a path that is blocked is tried again.
	pathAgain = 30 * time.Second
)

// udpPath is the way to the relay by UDP: a socket whose address the relay has
// bound to a key.
//
//	hello ─▶ cookie ─▶ echo ─▶ bound: open ──keepalive unanswered──▶ hello again
//	  └── no answer for 3 s: blocked, a new socket in 30 s
type udpPath struct {
	dial    func(context.Context) (net.Conn, error)
	key     *channelKey
	pool    *datagram.Pool
	deliver func(t *datagram.Train) // of data; from one goroutine at a time
	away    func(id uint32)         // nobody is at the other end of id
	opened  func()                  // the path has become open

	bound    atomic.Pointer[datagram.Conn] // nil: closed
	heard    atomic.Int64                  // when the relay was, in Unix nanoseconds
	sent     atomic.Bool                   // something, since it was last looked at
	answered chan wire.ControlPacket
	renewed  chan struct{} // holds one: the address may be another
}

func newUDPPath(key *channelKey, pool *datagram.Pool, dial func(context.Context) (net.Conn, error)) *udpPath {
	return &udpPath{key: key, pool: pool, dial: dial, answered: make(chan wire.ControlPacket, 16), renewed: make(chan struct{}, 1)}
}

// renew has our address be proven again, without waiting for it to fail.
func (p *udpPath) renew() { nudge(p.renewed) }

// socket returns what to send through, or nil.
func (p *udpPath) socket() *datagram.Conn {
	c := p.bound.Load()
	if c != nil {
		p.sent.Store(true)
	}
	return c
}

// run keeps the path until ctx ends.
func (p *udpPath) run(ctx context.Context) {
	for ctx.Err() == nil {
		worked := p.once(ctx)
		p.bound.Store(nil)
		wait := pathAgain*3/4 + rand.N(pathAgain/2) //nolint:gosec // spreading, not secrecy
		if worked {
			wait = helloFirst // the network may have changed: a new socket will do
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
		}
	}
}

// once goes through the life of one socket, and reports whether it was bound.
func (p *udpPath) once(ctx context.Context) (worked bool) {
	nc, err := p.dial(ctx)
	if err != nil {
		return false
	}
	pc, ok := nc.(*net.UDPConn)
	if !ok {
		_ = nc.Close()
		return false
	}
	c := datagram.New(pc, datagram.Options{Buffer: udpBuffer, Wait: burstWait})
	var reader sync.WaitGroup
	reader.Go(func() { p.read(c) })
	defer reader.Wait()
	defer c.Close()
	for p.hello(ctx, c) {
		if p.bound.Swap(c) != c {
			p.opened()
		}
		worked = true
		p.attend(ctx, c)
	}
	return worked
}

func (p *udpPath) read(c *datagram.Conn) {
	for {
		in, err := c.ReceivePooled(p.pool)
		if err != nil {
			return // closed
		}
		p.heard.Store(time.Now().UnixNano())
		for i := range in.Trains {
			if t := &in.Trains[i]; len(t.Data) >= wire.PacketHeader && wire.PacketID(t.Data) == 0 {
				packets(t, p.control)
			} else {
				p.deliver(t)
			}
		}
		p.deliver(nil)
		p.pool.Put(in)
	}
}

func (p *udpPath) control(b []byte) {
	id, data, ok := wire.ParsePacket(b)
	if !ok || id != 0 {
		return
	}
	c, err := wire.ParseControl(data)
	if err != nil {
		return
	}
	if c.Kind == wire.Unreachable {
		p.away(uint32(c.Counter))
		return
	}
	select {
	case p.answered <- c.ControlPacket:
	default: // more than we have asked for
	}
}

// say sends a control packet with a fresh counter, unless it has one.
func (p *udpPath) say(c *datagram.Conn, m wire.ControlPacket) uint64 {
	m.Key = p.key.ID
	if m.Counter == 0 {
		m.Counter = p.key.counter.Add(1)
	}
	b := m.Append(nil, p.key.Secret)
	c.Send(datagram.NewOutbox(), []datagram.Train{{Data: b, Size: len(b)}}) // if it is lost there is another
	return m.Counter
}

// hello proves our address, and reports whether the relay took it. Answers to
// earlier tries of this one count too.
func (p *udpPath) hello(ctx context.Context, c *datagram.Conn) bool {
	return p.ask(ctx, c, wire.Hello, wire.Bound, helloPatience)
}

// ask sends a packet until the answer comes, and returns false if it does not.
func (p *udpPath) ask(ctx context.Context, c *datagram.Conn, question, answer wire.Kind, most time.Duration) bool {
	patience := time.NewTimer(most)
	defer patience.Stop()
	delay := helloFirst
	first := p.say(c, wire.ControlPacket{Kind: question})
	again := time.NewTimer(delay)
	defer again.Stop()
	for {
		select {
		case m := <-p.answered:
			switch {
			case m.Counter < first: // of another time
			case m.Kind == answer:
				return true
			case m.Kind == wire.Cookie && question == wire.Hello:
				p.say(c, wire.ControlPacket{Kind: wire.Echo, Counter: m.Counter, Cookie: m.Cookie})
			}
		case <-again.C:
			delay *= 2
			again.Reset(delay)
			p.say(c, wire.ControlPacket{Kind: question})
		case <-patience.C:
			return false
		case <-ctx.Done():
			return false
		}
	}
}

// attend keeps an open path alive, and returns when it does not answer.
func (p *udpPath) attend(ctx context.Context, c *datagram.Conn) {
	for {
		due := keepalive*3/4 + rand.N(keepalive/2) //nolint:gosec // spreading, not secrecy
		for wait := due; wait > 0; wait -= pathLook {
			p.sent.Store(false)
			select {
			case <-time.After(min(wait, pathLook)):
			case <-p.renewed:
				return
			case <-ctx.Done():
				return
			}
			if p.sent.Load() && time.Since(time.Unix(0, p.heard.Load())) > pathDoubt {
				break
			}
		}
		if !p.ask(ctx, c, wire.Keepalive, wire.Alive, alivePatience) {
			return
		}
	}
}

// dialUDP makes the dial function of a path.
func (c *Client) dialUDP(addr string) func(context.Context) (net.Conn, error) {
	return func(ctx context.Context) (net.Conn, error) {
		ctx, cancel := context.WithTimeout(ctx, dialTimeout)
		defer cancel()
		nc, err := c.cfg.Dial(ctx, "udp", addr)
		if err != nil {
			return nil, fmt.Errorf("reaching the relay by UDP: %w", err)
		}
		return nc, nil
	}
}
