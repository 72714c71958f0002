// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"context"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/culvertd/culvert/internal/splice"
	"github.com/culvertd/culvert/internal/wire"
)

// warm is the reserve of a session's channels: connected, their line said, so
// that an application's connection waits for neither.
type warm struct {
	*reserve
	session *session

	mu      sync.Mutex     // guards the fields below
	ready   []*warmChannel // oldest first
	cleared bool
}

// warmChannel waits in the mover: the relay has nothing to say to it, so a
// byte, such as a refusal's, makes it lost like an end does.
type warmChannel struct {
	splice.Parked
	transport Transport
	since     time.Time
}

func newWarm(c *Client, ss *session) *warm {
	w := &warm{session: ss}
	w.reserve = newReserve(c, w, c.cfg.MinWarm, c.cfg.MaxWarm)
	w.enable(true)
	return w
}

func (w *warm) run(ctx context.Context) { w.reserve.run(ctx, w.session.done) }

// open returns a new channel that has begun with first.
func (w *warm) open(ctx context.Context, first []byte) (channel, error) {
	w.missed()
	return w.c.openChannel(ctx, w.opening(wire.Open, first))
}

func (w *warm) opening(role wire.Role, first []byte) opening {
	return opening{
		relay: w.session.relay, key: w.session.key, role: role, protocol: wire.TCP,
		session: w.session.id, first: first, spare: role == wire.Warm,
	}
}

// take returns the youngest, which is the least likely to be dead unnoticed. It
// has yet to be told to go, and is for a link alone.
func (w *warm) take() (channel, bool) {
	for {
		w.mu.Lock()
		n := len(w.ready)
		if n == 0 {
			w.mu.Unlock()
			return channel{}, false
		}
		wc := w.ready[n-1]
		w.ready = slices.Delete(w.ready, n-1, n)
		w.mu.Unlock()
		w.took()
		if conn, ok := wc.Take(); ok {
			return channel{Conn: conn, transport: wc.transport}, true
		}
	}
}

// fill implements stock.
func (w *warm) fill(done func(error)) {
	w.c.openSpare(w.opening(wire.Warm, nil), func(ch channel, err error) {
		if err != nil {
			w.c.log.Debug("warming a channel", zap.Error(err))
		} else {
			err = w.add(ch)
		}
		done(err)
	})
}

func (w *warm) add(ch channel) error {
	wc := &warmChannel{transport: ch.transport, since: time.Now()}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.cleared {
		_ = ch.Reset()
		return errStopped
	}
	// Under the lock: gone takes it, so it finds wc in the list.
	wc.Parked = w.c.mover.Park(ch.Conn, func() { w.gone(wc) })
	w.ready = append(w.ready, wc)
	return nil
}

// gone replaces a channel that the relay has closed, or that broke.
func (w *warm) gone(wc *warmChannel) {
	w.mu.Lock()
	i := slices.Index(w.ready, wc)
	if i >= 0 {
		w.ready = slices.Delete(w.ready, i, i+1)
	}
	w.mu.Unlock()
	if i >= 0 {
		w.lost(time.Since(wc.since))
	}
}

// shed implements stock.
func (w *warm) shed() bool {
	w.mu.Lock()
	if len(w.ready) == 0 {
		w.mu.Unlock()
		return false
	}
	wc := w.ready[0]
	w.ready = slices.Delete(w.ready, 0, 1)
	w.mu.Unlock()
	wc.drop()
	return true
}

// clear implements stock.
func (w *warm) clear() {
	w.mu.Lock()
	ready := w.ready
	w.ready, w.cleared = nil, true
	w.mu.Unlock()
	for _, wc := range ready {
		wc.drop()
	}
}

// drop gives up a channel that is not in the list any more.
func (wc *warmChannel) drop() {
	if conn, ok := wc.Take(); ok {
		_ = conn.Reset()
	}
}
