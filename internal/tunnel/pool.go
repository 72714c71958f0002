// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"context"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/culvertd/culvert/internal/identity"
	"github.com/culvertd/culvert/internal/stream"
	"github.com/culvertd/culvert/internal/wire"
)

// pool is the reserve of an encrypted session's channels: paired with the
// provider and their handshake done, so that a new connection costs none of it.
// A channel whose stream has ended comes back (rules S2).
type pool struct {
	*reserve
	session *session

	mu      sync.Mutex // guards the fields below
	ready   []*pooled  // oldest first
	seeker  *seeker    // of the forward that has the session; nil before
	cleared bool
}

// pooled is a channel of a pool. It is the channel's tag.
type pooled struct {
	pool      *pool
	transport Transport
	leg       func() time.Duration
	since     time.Time
	done      func(error) // of the reserve; nil once called. Guarded by pool.mu.
	ch        *stream.Channel
}

func newPool(c *Client, ss *session) *pool {
	p := &pool{session: ss}
	p.reserve = newReserve(c, p, c.cfg.MinWarm, c.cfg.MaxWarm)
	p.enable(true)
	return p
}

func (p *pool) run(ctx context.Context) { p.reserve.run(ctx, p.session.done) }

// fill implements stock.
func (p *pool) fill(done func(error)) {
	if !p.c.spawn(func(ctx context.Context) {
		if err := p.open(ctx, true, done); err != nil {
			p.c.log.Debug("warming a channel", zap.Error(err))
			done(err)
		}
	}) {
		done(errStopped)
	}
}

// open makes a channel, which offers itself when the provider has said hello.
// done may be nil; it is not called if there is an error.
func (p *pool) open(ctx context.Context, spare bool, done func(error)) error {
	ss := p.session
	ch, err := p.c.openChannel(ctx, opening{
		relay: ss.relay, key: ss.key, role: wire.Open, protocol: wire.TCP, session: ss.id, spare: spare,
	})
	if err != nil {
		return err
	}
	plain, err := plainChannel(ch)
	if err != nil {
		return err
	}
	path, err := p.c.secureVisitor(ctx, plain, ss)
	if err != nil {
		p.c.handshakeFailed(ch, ss, err)
		return err
	}
	key, err := identity.Peer(path.Conn)
	if err != nil {
		_ = path.Close()
		return err
	}
	if ch.transport == Relay {
		p.c.way.works(true)
	}
	ss.proven.Store(&key)
	pc := &pooled{pool: p, transport: ch.transport, leg: legOf(plain.Conn), since: time.Now(), done: done}
	p.c.streams.Serve(path, stream.Peer(key), true, pc)
	return nil
}

// offer takes a channel that is free, for a stream that waits or for later.
func (p *pool) offer(ch *stream.Channel, pc *pooled) {
	p.mu.Lock()
	pc.ch = ch
	done, seeker, cleared := pc.done, p.seeker, p.cleared
	pc.done = nil
	p.mu.Unlock()
	if cleared {
		ch.Close()
		return
	}
	used := seeker != nil && seeker.use(ch)
	if !used {
		p.mu.Lock()
		p.ready = append(p.ready, pc)
		p.mu.Unlock()
	}
	switch {
	case done != nil:
		done(nil)
		if used {
			p.took()
		}
	case !used:
		p.returned()
	}
	if !used && seeker != nil {
		seeker.look() // a stream that has come in between
	}
}

// take returns a channel that is ready, the youngest; nil if there is none.
func (p *pool) take() *stream.Channel {
	p.mu.Lock()
	n := len(p.ready)
	if n == 0 {
		p.mu.Unlock()
		return nil
	}
	pc := p.ready[n-1]
	p.ready = slices.Delete(p.ready, n-1, n)
	p.mu.Unlock()
	p.took()
	return pc.ch
}

// lost is told that a channel has ended.
func (p *pool) gone(pc *pooled, err error) {
	p.mu.Lock()
	done := pc.done
	pc.done = nil
	i := slices.Index(p.ready, pc)
	if i >= 0 {
		p.ready = slices.Delete(p.ready, i, i+1)
	}
	p.mu.Unlock()
	switch {
	case done != nil:
		done(err)
	case i >= 0:
		p.lost(time.Since(pc.since))
	}
}

// shed implements stock.
func (p *pool) shed() bool {
	p.mu.Lock()
	if len(p.ready) == 0 {
		p.mu.Unlock()
		return false
	}
	pc := p.ready[0]
	p.ready = slices.Delete(p.ready, 0, 1)
	p.mu.Unlock()
	pc.ch.Close()
	return true
}

// clear implements stock.
func (p *pool) clear() {
	p.mu.Lock()
	ready := p.ready
	p.ready, p.cleared = nil, true
	p.mu.Unlock()
	for _, pc := range ready {
		pc.ch.Close()
	}
}
