// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/culvertd/culvert/internal/splice"
	"github.com/culvertd/culvert/internal/wire"
)

const (
	// lineTime is how long a go line may take from its first byte to its last.
	lineTime = 5 * time.Second
	// unknownPause is how long nothing is parked at a relay that does not know
	// the key, unless we sign in meanwhile: a gateway that was started anew.
	unknownPause = 5 * time.Second
)

// parked is the reserve of channels that wait at the relay for visitors. They
// belong to the client: the go line says which service a visitor wants.
type parked struct {
	*reserve

	mu      sync.Mutex // guards the fields below; inside nothing
	key     *channelKey
	relay   string
	waiting []*parkedChannel // oldest first
	cleared bool
}

// parkedChannel is expected by the mover to speak: a go line, or the relay's
// refusal. It is the mover's guest then.
type parkedChannel struct {
	splice.Parked
	ch    channel
	stock *parked
	relay string
	era   int // of the reserve
	since time.Time
	due   time.Time // of the line, once it has begun
	said  []byte
}

func newParked(c *Client) *parked {
	p := &parked{}
	p.reserve = newReserve(c, p, c.cfg.MinParked, c.cfg.MaxParked)
	return p
}

func (p *parked) run(ctx context.Context) { p.reserve.run(ctx, nil) }

// sign takes the key that parks. The one that is known goes on counting.
func (p *parked) sign(key *wire.Key, relay string) {
	p.mu.Lock()
	if key != nil && (p.key == nil || p.key.Key != *key) {
		p.key = &channelKey{Key: *key}
	}
	p.relay = relay
	p.mu.Unlock()
	p.offer()
}

// offer begins to park, or stops, as there is something to offer or not.
func (p *parked) offer() {
	p.mu.Lock()
	known := p.key != nil
	p.mu.Unlock()
	p.enable(known && !p.c.offers.empty() && !p.c.isDraining())
}

// drop parks no more.
func (p *parked) drop() { p.enable(false) }

// fill implements stock.
func (p *parked) fill(done func(error)) {
	p.mu.Lock()
	key, relay := p.key, p.relay
	p.mu.Unlock()
	era := p.current()
	p.c.openSpare(opening{relay: relay, key: key, role: wire.Park, protocol: wire.TCP, spare: true}, func(ch channel, err error) {
		if err != nil {
			p.c.log.Debug("parking", zap.Error(err))
		} else {
			err = p.add(&parkedChannel{ch: ch, stock: p, relay: relay, era: era, since: time.Now()})
		}
		done(err)
	})
}

func (p *parked) add(w *parkedChannel) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cleared {
		_ = w.ch.Reset()
		return errStopped
	}
	p.waiting = append(p.waiting, w)
	// Under the lock: its guest takes it, so that it finds w in the list.
	w.Parked = p.c.mover.Expect(w.ch.Conn, func(conn splice.Conn) splice.Guest {
		w.ch.Conn = conn
		return w
	})
	return nil
}

// remove reports whether w was still waiting.
func (p *parked) remove(w *parkedChannel) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := slices.Index(p.waiting, w)
	if i < 0 {
		return false
	}
	p.waiting = slices.Delete(p.waiting, i, i+1)
	return true
}

// Read implements splice.Guest.
func (w *parkedChannel) Read(b []byte) (stay bool) {
	if w.said == nil {
		w.due = time.Now().Add(lineTime)
	}
	w.said = append(w.said, b...)
	at := bytes.IndexByte(w.said, '\n')
	switch {
	case at >= 0:
	case len(w.said) < wire.MaxLine:
		return true
	default:
		_ = w.ch.Reset()
		w.failed(errors.New("reading a go line: it is too long"))
		return false
	}
	g, err := wire.ParseGo(w.said[:at])
	if err != nil {
		_ = w.ch.Reset()
		w.failed(err)
		return false
	}
	if w.ch.transport == Relay {
		w.stock.c.way.works(true)
	}
	if w.stock.remove(w) {
		w.stock.took()
	}
	w.stock.c.serve(w.ch, g, w.said[at+1:])
	return false
}

// Gone implements splice.Guest.
func (w *parkedChannel) Gone() { w.failed(errors.New("reading a go line: the channel has ended")) }

// Overdue implements splice.Guest.
func (w *parkedChannel) Overdue() bool { return w.said != nil && time.Now().After(w.due) }

// failed notes a channel that is gone without having been of use.
func (w *parkedChannel) failed(err error) {
	p := w.stock
	if !p.remove(w) { // given up
		return
	}
	age := time.Since(w.since)
	var no *wire.Refusal
	switch {
	case !errors.As(err, &no):
		if age < usefulAge {
			p.c.channelBroke(w.ch, w.relay, err)
		}
	case no.Code == wire.RefusedStale:
		age = usefulAge // the next has a newer counter
	case no.Code == wire.RefusedDenied:
		p.c.log.Debug("the relay refuses to park a channel", zap.Error(no))
		defer p.refused(w.era, unknownPause)
	default:
		p.c.log.Warn("the relay refuses to park a channel", zap.Error(no))
	}
	p.lost(age)
}

// shed implements stock. The relay takes the youngest first, so the oldest is
// the least likely to be given to a visitor just now; if it is, the visitor
// keeps it, and the next goes.
func (p *parked) shed() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := slices.IndexFunc(p.waiting, (*parkedChannel).drop)
	if i < 0 {
		return false
	}
	p.waiting = slices.Delete(p.waiting, i, i+1)
	return true
}

// clear implements stock.
func (p *parked) clear() {
	p.mu.Lock()
	waiting := p.waiting
	p.waiting, p.cleared = nil, true
	p.mu.Unlock()
	for _, w := range waiting {
		w.drop()
	}
}

// drop gives up a channel that has not spoken.
func (w *parkedChannel) drop() bool {
	conn, ok := w.Take()
	if ok {
		_ = conn.Reset()
	}
	return ok
}
