// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package relay

import (
	"bytes"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/culvertd/culvert/internal/splice"
	"github.com/culvertd/culvert/internal/wire"
)

// lineTimeout is how long a connection may take to say its line. It is looked
// at once a second, so nobody has more than five.
const lineTimeout = 4 * time.Second

// maxPending bounds the connections that have not said their line. Over it the
// oldest goes: an honest one is here for a round trip.
const maxPending = 8192

// guest is a channel that has not begun: one that has not said its line, or a
// visitor's warm one.
type guest struct {
	r       *Relay
	c       splice.Conn
	from    netip.Addr
	since   time.Time
	line    []byte    // what has come of it
	session *Session  // of a warm channel
	opening wire.Line // likewise
	pending atomic.Bool
	evicted atomic.Bool
}

// pending is the guests that have not said their line, oldest first, among
// some that have.
type pending struct {
	n     atomic.Int64
	mu    sync.Mutex // guards queue
	queue []*guest
}

// begin returns the guest for a new connection.
func (r *Relay) begin(c splice.Conn) splice.Guest {
	g := &guest{r: r, c: c, from: splice.Peer(c), since: time.Now()}
	g.pending.Store(true)
	r.pending.add(g)
	return g
}

// Read implements splice.Guest.
func (g *guest) Read(b []byte) (stay bool) {
	if g.session != nil {
		return g.begun(b)
	}
	if len(g.line) > 0 {
		b = append(g.line, b...)
	}
	at := bytes.IndexByte(b, '\n')
	switch {
	case at < 0 && len(b) < wire.MaxLine:
		g.line = bytes.Clone(b)
		return true
	case at >= 0:
		if line, err := wire.ParseLine(b[:at]); err == nil {
			g.settled()
			g.line = nil
			return g.said(line, b[at+1:])
		}
	}
	g.junk()
	return false
}

// said does what the line asks for.
func (g *guest) said(line wire.SignedLine, first []byte) (stay bool) {
	if line.Role == wire.Park {
		g.park(line, first)
		return false
	}
	s := g.r.session(line.Key)
	if s == nil || s.spec.ID != line.Session || s.spec.Transport != line.Protocol || !line.Verify(s.spec.Key.Secret) {
		g.r.refuse(g.c, refuseDenied)
		return false
	}
	if no := refuseCounter(s.replay.accept(line.Counter)); no != nil {
		g.r.refuse(g.c, no)
		return false
	}
	if line.Role == wire.Open {
		g.r.open(s, g.c, line.Line, first)
		return false
	}
	g.session, g.opening = s, line.Line
	g.r.count.warm.Add(1)
	return len(first) == 0 || g.begun(first)
}

// begun is called with the first bytes of a warm channel.
func (g *guest) begun(b []byte) (stay bool) {
	g.r.count.warm.Add(-1)
	if b[0] != wire.Go {
		g.junk()
		return false
	}
	g.r.open(g.session, g.c, g.opening, b[1:])
	return false
}

// park takes a provider's channel in.
func (g *guest) park(line wire.SignedLine, first []byte) {
	client := g.r.client(line.Key)
	var no *wire.Refusal
	if client == nil || !line.Verify(client.key.Secret) || len(first) > 0 {
		no = refuseDenied
	} else if no = refuseCounter(client.replay.accept(line.Counter)); no == nil {
		no = client.park(g.c)
	}
	if no != nil {
		g.r.refuse(g.c, no)
	}
}

// junk parts from somebody who does not know the protocol, and tells nothing.
func (g *guest) junk() {
	g.settled()
	g.r.count.junk.Add(1)
	_ = g.c.Reset()
}

// Gone implements splice.Guest.
func (g *guest) Gone() {
	if g.session != nil {
		g.r.count.warm.Add(-1)
		return
	}
	g.settled()
	g.r.count.junk.Add(1)
}

// Overdue implements splice.Guest.
func (g *guest) Overdue() bool {
	if g.r.blocked(g.from) {
		return true
	}
	if g.session != nil {
		return g.session.over()
	}
	return g.evicted.Load() || time.Since(g.since) >= lineTimeout
}

// settled says that g is not pending any more.
func (g *guest) settled() {
	if g.pending.Swap(false) {
		g.r.pending.n.Add(-1)
	}
}

// add takes g in, and evicts the oldest if there are too many.
func (p *pending) add(g *guest) {
	n := p.n.Add(1)
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.queue) > 0 && !p.queue[0].pending.Load() {
		p.queue[0] = nil
		p.queue = p.queue[1:]
	}
	if n > maxPending && len(p.queue) > 0 {
		p.queue[0].evicted.Store(true)
		p.queue[0].settled()
		p.queue = p.queue[1:]
	}
	p.queue = append(p.queue, g)
}
