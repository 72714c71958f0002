// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"context"
	"errors"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

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

// warmChannel is watched by a goroutine of its own, since only a read tells
// that the relay has closed it. The mover could watch it for less, but would
// then not let its beginning be read.
type warmChannel struct {
	channel
	since time.Time
	taken atomic.Bool
	idle  chan struct{} // closed when nobody reads
}

func newWarm(c *Client, ss *session) *warm {
	w := &warm{session: ss}
	w.reserve = newReserve(c, w, c.cfg.MinWarm, c.cfg.MaxWarm)
	w.enable(true)
	return w
}

func (w *warm) run(ctx context.Context) { w.reserve.run(ctx, w.session.done) }

// open returns a channel for an application: a warm one, which has yet to be
// told to go, or a new one that has begun with first.
func (w *warm) open(ctx context.Context, first []byte) (ch channel, begun bool, err error) {
	if ch, ok := w.take(); ok {
		return ch, false, nil
	}
	w.missed()
	ch, err = w.c.openChannel(ctx, w.opening(wire.Open, first))
	return ch, true, err
}

func (w *warm) opening(role wire.Role, first []byte) opening {
	return opening{
		relay: w.session.relay, key: w.session.key, role: role, protocol: wire.TCP,
		session: w.session.id, first: first, spare: role == wire.Warm,
	}
}

// take returns the youngest, which is the least likely to be dead unnoticed.
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
		if wc.take() {
			return wc.channel, true
		}
	}
}

// fill implements stock.
func (w *warm) fill(ctx context.Context) error {
	ch, err := w.c.openChannel(ctx, w.opening(wire.Warm, nil))
	if err != nil {
		w.c.log.Debug("warming a channel", zap.Error(err))
		return err
	}
	wc := &warmChannel{channel: ch, since: time.Now(), idle: make(chan struct{})}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.cleared || !w.c.spawn(func(context.Context) { w.watch(wc) }) {
		_ = ch.Reset()
		return errStopped
	}
	w.ready = append(w.ready, wc)
	return nil
}

// watch waits until the channel is taken, or gone: the relay has nothing to
// say to it but why it is refused.
func (w *warm) watch(wc *warmChannel) {
	buf := make([]byte, wire.MaxLine)
	n, err := wc.Read(buf)
	if n == 0 && wc.taken.Load() && errors.Is(err, os.ErrDeadlineExceeded) {
		close(wc.idle)
		return
	}
	_ = wc.Reset()
	lost := wc.taken.CompareAndSwap(false, true)
	close(wc.idle)
	if !lost {
		return
	}
	var no *wire.Refusal
	if _, err := parseAnswer(buf[:n]); errors.As(err, &no) {
		w.c.log.Debug("the relay refuses a warm channel", zap.Error(no))
	}
	w.gone(wc)
}

// take ends the wait; false if the channel is gone.
func (wc *warmChannel) take() bool {
	if !wc.taken.CompareAndSwap(false, true) {
		return false
	}
	_ = wc.SetReadDeadline(time.Unix(1, 0))
	<-wc.idle
	return wc.SetReadDeadline(time.Time{}) == nil // it fails if watch has closed it
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
	if wc.take() {
		_ = wc.Reset()
	}
}
