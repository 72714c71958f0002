// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"cmp"
	"context"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/culvertd/culvert/internal/datagram"
	"github.com/culvertd/culvert/internal/wire"
)

// grantPatience is how long a channel waits for word of its session, which
// travels another way.
const grantPatience = 5 * time.Second

// udpProvider is the provider's end of all UDP sessions.
type udpProvider struct {
	c       *Client
	pool    *datagram.Pool
	packers sync.Pool     // of *packer
	lost    atomic.Uint64 // datagrams dropped here
	busy    busy          // a shutdown does not wait for flows

	mu      sync.Mutex // guards the fields below
	key     *channelKey
	paths   map[string]providerPath // by the relay's address
	grants  map[string]*udpGrant    // by session
	changed chan struct{}           // closed, and replaced, when there is another grant

	blocks atomic.Pointer[map[uint32]*udpGrant] // never written; replaced under mu
}

type providerPath struct {
	*udpPath
	cancel context.CancelFunc
}

func newUDPProvider(c *Client) *udpProvider {
	p := &udpProvider{
		c: c, pool: datagram.NewPool(16), paths: make(map[string]providerPath),
		grants: make(map[string]*udpGrant), changed: make(chan struct{}),
	}
	p.packers.New = func() any { return newPacker(p.lose) }
	p.blocks.Store(&map[uint32]*udpGrant{})
	return p
}

func (p *udpProvider) lose(packets int) { p.lost.Add(uint64(packets)) }

// recheck has the paths by UDP and the channels prove that they are alive.
func (p *udpProvider) recheck() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, path := range p.paths {
		path.renew()
	}
	for _, g := range p.grants {
		if s := g.stream.Load(); s != nil {
			nudge(s.recheck)
		}
	}
}

// sign takes the key that binds our addresses, which is that of parked
// channels. With another key, all paths begin anew. A path is made before the
// first session needs it.
func (p *udpProvider) sign() {
	p.c.parked.mu.Lock()
	key, relay := p.c.parked.key, p.c.parked.relay
	p.c.parked.mu.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	if key != nil && key != p.key {
		p.key = key
		for addr, path := range p.paths {
			path.cancel()
			delete(p.paths, addr)
		}
	}
	if p.key == nil {
		return
	}
	for _, v := range p.c.offers.all() {
		if v.service.Transport() == wire.UDP {
			p.pathLocked(relay)
			break
		}
	}
	for _, g := range p.grants {
		g.path.Store(p.pathLocked(g.ss.relay))
	}
}

// pathLocked returns the path to a relay, or nil if UDP is not to be used.
func (p *udpProvider) pathLocked(relay string) *udpPath {
	if relay == "" || p.key == nil || p.c.cfg.Transport == WebSocket {
		return nil
	}
	if path, ok := p.paths[relay]; ok {
		return path.udpPath
	}
	path := newUDPPath(p.key, p.pool, p.c.dialUDP(relay))
	k := newPacker(p.lose)
	path.deliver = func(t *datagram.Train) {
		if t == nil {
			k.flush()
		} else {
			p.train(k, t)
		}
	}
	path.away = func(id uint32) {
		if g := (*p.blocks.Load())[id>>8]; g != nil {
			g.avoid.begin(g.begun)
		}
	}
	path.opened = func() {}
	ctx, cancel := context.WithCancel(p.c.base)
	p.paths[relay] = providerPath{path, cancel}
	// Under mu, which spawn does not take.
	if !p.c.spawn(func(context.Context) { path.run(ctx) }) {
		cancel()
	}
	return path
}

// train hands the packets of a train to their flows.
func (p *udpProvider) train(k *packer, t *datagram.Train) {
	blocks := *p.blocks.Load()
	now := time.Now()
	var g *udpGrant
	packets(t, func(b []byte) {
		id, data, ok := wire.ParsePacket(b)
		if ok && (g == nil || g.ss.block != id&^0xff) {
			g = blocks[id>>8]
		}
		if ok = ok && g != nil; ok {
			data, ok = g.keys.open(b, data)
		}
		if !ok {
			p.lose(1)
			return
		}
		g.avoid.end()
		g.receive(k, uint8(id), data, now, false)
	})
}

// begun is told of each new session.
func (p *udpProvider) begun(ss *session) {
	if ss.role != wire.Provider || ss.service.Transport() != wire.UDP {
		return
	}
	g := &udpGrant{p: p, ss: ss, begun: time.Now()}
	g.keys = newUDPKeys(ss, g.askForKeys)
	p.mu.Lock()
	p.grants[ss.id] = g
	g.path.Store(p.pathLocked(ss.relay))
	p.blocksLocked()
	close(p.changed)
	p.changed = make(chan struct{})
	p.mu.Unlock()
	if !p.c.spawn(g.run) {
		p.remove(g)
	}
}

func (p *udpProvider) remove(g *udpGrant) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.grants, g.ss.id)
	p.blocksLocked()
}

func (p *udpProvider) blocksLocked() {
	blocks := make(map[uint32]*udpGrant, len(p.grants))
	for _, g := range p.grants {
		blocks[g.ss.block>>8] = g
	}
	p.blocks.Store(&blocks)
}

// serve carries the packets of a channel that a visitor has begun, until it
// ends.
func (p *udpProvider) serve(ctx context.Context, ch channel, session string, first []byte) {
	g := p.grant(ctx, session)
	if g == nil {
		p.c.log.Debug("a channel of a session that is not known", zap.String("session", session))
		_ = ch.Reset()
		return
	}
	s, first, err := g.newStream(ctx, ch, first)
	if err == nil {
		if old := g.stream.Swap(s); old != nil && g.keys != nil {
			old.end(errReplaced)
		}
		err = s.run(ctx, g.ss.done, first, false)
		g.stream.CompareAndSwap(s, nil)
	}
	level := zap.DebugLevel
	if distrusted(err) && !g.warned.Swap(true) {
		level = zap.WarnLevel
	}
	p.c.log.Log(level, "a channel for datagrams has ended", zap.String("visitor", g.ss.peer), zap.Error(err))
}

// grant waits for a session to be known.
func (p *udpProvider) grant(ctx context.Context, session string) *udpGrant {
	patience := time.NewTimer(grantPatience)
	defer patience.Stop()
	for {
		p.mu.Lock()
		g, changed := p.grants[session], p.changed
		p.mu.Unlock()
		if g != nil {
			return g
		}
		select {
		case <-changed:
		case <-patience.C:
			return nil
		case <-ctx.Done():
			return nil
		}
	}
}

// dialUDPService connects a socket to a service. Connecting proves nothing,
// so a name with both kinds of addresses is taken for its IPv4 one, where most
// services are.
func (c *Client) dialUDPService(ctx context.Context, v wire.Service) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	addr := net.JoinHostPort(cmp.Or(v.LocalHost, "localhost"), strconv.Itoa(v.LocalPort))
	nc, err := c.cfg.Dial(ctx, "udp4", addr)
	if err != nil {
		nc, err = c.cfg.Dial(ctx, "udp", addr)
	}
	return nc, err
}
