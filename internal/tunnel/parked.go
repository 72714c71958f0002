// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/culvertd/culvert/internal/wire"
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

type parkedChannel struct {
	channel
	relay string
	since time.Time
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
func (p *parked) fill(ctx context.Context) error {
	p.mu.Lock()
	key, relay := p.key, p.relay
	p.mu.Unlock()
	ch, err := p.c.openChannel(ctx, opening{relay: relay, key: key, role: wire.Park, protocol: wire.TCP, spare: true})
	if err != nil {
		p.c.log.Debug("parking", zap.Error(err))
		return err
	}
	w := &parkedChannel{channel: ch, relay: relay, since: time.Now()}
	if !p.add(w) {
		_ = ch.Reset()
		return errStopped
	}
	if !p.c.spawn(func(ctx context.Context) { p.wait(ctx, w) }) {
		p.remove(w)
		_ = ch.Reset()
		return errStopped
	}
	return nil
}

// wait reads the go line of a channel, and then serves it.
func (p *parked) wait(ctx context.Context, w *parkedChannel) {
	g, first, err := readGo(w)
	if !p.remove(w) { // given up
		_ = w.Reset()
		return
	}
	if err == nil {
		if w.transport == Relay {
			p.c.way.works(true)
		}
		p.took()
		p.c.serve(ctx, w.channel, g, first)
		return
	}
	_ = w.Reset()
	age := time.Since(w.since)
	var no *wire.Refusal
	switch {
	case !errors.As(err, &no):
		if age < usefulAge {
			p.c.channelBroke(w.channel, w.relay, err)
		}
	case no.Code == wire.RefusedStale:
		age = usefulAge // the next has a newer counter
	case no.Code == wire.RefusedDenied: // a gateway that was started anew, until we have signed in there
		p.c.log.Debug("the relay refuses to park a channel", zap.Error(no))
	default:
		p.c.log.Warn("the relay refuses to park a channel", zap.Error(no))
	}
	p.lost(age)
}

// readGo returns the go line, and what came after it.
func readGo(w *parkedChannel) (wire.GoLine, []byte, error) {
	buf := make([]byte, 2*wire.MaxLine)
	n := 0
	for {
		got, err := w.Read(buf[n:])
		if at := bytes.IndexByte(buf[n:n+got], '\n'); at >= 0 {
			at += n
			g, perr := wire.ParseGo(buf[:at])
			return g, buf[at+1 : n+got], perr
		}
		if n += got; n >= wire.MaxLine {
			return wire.GoLine{}, nil, errors.New("reading a go line: it is too long")
		}
		if err != nil {
			return wire.GoLine{}, nil, fmt.Errorf("reading a go line: %w", err)
		}
	}
}

func (p *parked) add(w *parkedChannel) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cleared {
		return false
	}
	p.waiting = append(p.waiting, w)
	return true
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

// shed implements stock. The relay takes the youngest first, so the oldest is
// the least likely to be given to a visitor just now; if it is, the visitor
// sees a reset.
func (p *parked) shed() bool {
	p.mu.Lock()
	if len(p.waiting) == 0 {
		p.mu.Unlock()
		return false
	}
	w := p.waiting[0]
	p.waiting = slices.Delete(p.waiting, 0, 1)
	p.mu.Unlock()
	_ = w.Reset()
	return true
}

// clear implements stock.
func (p *parked) clear() {
	p.mu.Lock()
	waiting := p.waiting
	p.waiting, p.cleared = nil, true
	p.mu.Unlock()
	for _, w := range waiting {
		_ = w.Reset()
	}
}
