// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"context"
	"errors"
	"fmt"
	"net"
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

	judged  sync.Once
	first   chan struct{} // closed when the first channel works, or its key is refused
	verdict error         // set before first is closed
}

// pooled is a channel of a pool. It is the channel's tag.
type pooled struct {
	pool      *pool
	transport Transport
	leg       func() time.Duration
	local     net.Addr
	since     time.Time
	done      func(error) // of the reserve; nil once called. Guarded by pool.mu.
	ch        *stream.Channel
}

func newPool(c *Client, ss *session) *pool {
	p := &pool{session: ss, first: make(chan struct{})}
	p.reserve = newReserve(c, p, c.cfg.MinWarm, c.cfg.MaxWarm)
	p.returns = true
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
		if isPeerChanged(err) {
			p.judge(err)
		}
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
	pc := &pooled{pool: p, transport: ch.transport, leg: legOf(plain.Conn), local: plain.LocalAddr(), since: time.Now(), done: done}
	p.c.streams.Serve(path, stream.Peer(key), true, pc)
	return nil
}

// judge notes how the first channel went: whether the ends know each other.
func (p *pool) judge(err error) {
	p.judged.Do(func() {
		p.verdict = err
		close(p.first)
	})
}

// proof waits until the ends have proven themselves to each other, and returns
// an error if one of them refuses the other's key; nil if it takes too long, for
// it may well come.
func (p *pool) proof(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, tlsTime)
	defer cancel()
	select {
	case <-p.first:
		return p.verdict
	case <-p.session.done:
	case <-ctx.Done():
	}
	return nil
}

// offer takes a channel that is free, for a stream that waits or for later.
func (p *pool) offer(ch *stream.Channel, pc *pooled) {
	p.mu.Lock()
	pc.ch = ch
	// Once the session has ended the provider resets what it carries.
	done, seeker, cleared := pc.done, p.seeker, p.cleared || p.session.ended()
	pc.done = nil
	p.mu.Unlock()
	p.judge(nil)
	if cleared {
		ch.Close()
		return
	}
	used := seeker != nil && seeker.use(ch)
	if !used && !p.keep(pc) {
		ch.Close()
		return
	}
	switch {
	case done != nil:
		done(nil)
		if used {
			p.restored() // or it was missed, which has been noted
		}
	case !used:
		p.returned()
	}
	if !used && seeker != nil {
		seeker.look() // a stream that has come in between
	}
}

// keep has a channel be ready; false once nothing is kept any more.
func (p *pool) keep(pc *pooled) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.cleared {
		p.ready = append(p.ready, pc)
	}
	return !p.cleared
}

// giveBack takes a channel that was taken and not used.
func (p *pool) giveBack(ch *stream.Channel) {
	if pc, ok := ch.Tag().(*pooled); ok {
		p.offer(ch, pc)
	}
}

// take returns a channel that is ready, the youngest; nil if there is none.
// note is told: took or restored.
func (p *pool) take(note func()) *stream.Channel {
	p.mu.Lock()
	n := len(p.ready)
	if n == 0 {
		p.mu.Unlock()
		return nil
	}
	pc := p.ready[n-1]
	p.ready = slices.Delete(p.ready, n-1, n)
	p.mu.Unlock()
	note()
	return pc.ch
}

// gone is told that a channel has ended.
func (p *pool) gone(pc *pooled, err error) {
	if isAlert(err) {
		err = &Error{Kind: TargetRefused, Err: fmt.Errorf("%s does not accept this client's key: %w", p.session.peer, err)}
		p.judge(err)
		p.mu.Lock()
		seeker := p.seeker
		p.mu.Unlock()
		if seeker != nil {
			seeker.giveUp(err)
		}
	}
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

// isAlert recognizes what the other end's TLS says; crypto/tls does not export
// its type.
func isAlert(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return ok && op.Op == "remote error"
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
