// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"context"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/culvertd/culvert/internal/hub"
	"github.com/culvertd/culvert/internal/store"
)

const (
	// idleWarning is how long before its removal an idle endpoint's owner sees
	// when that will be.
	idleWarning = 7 * 24 * time.Hour
	choresEvery = time.Hour
	owedEvery   = 500 * time.Millisecond
)

// chores does what has to be done now and then: what is too old goes, and what
// could not be read after a change of accounts is read again.
type chores struct {
	b    *book
	ctx  context.Context // ends with close
	stop context.CancelFunc
	wg   sync.WaitGroup
}

func startChores(b *book) *chores {
	c := &chores{b: b}
	c.ctx, c.stop = context.WithCancel(context.Background())
	c.wg.Go(c.run)
	return c
}

func (c *chores) close() {
	c.stop()
	c.wg.Wait()
}

func (c *chores) run() {
	hourly := time.NewTicker(choresEvery)
	defer hourly.Stop()
	owed := time.NewTicker(owedEvery)
	defer owed.Stop()
	c.tidy()
	for {
		select {
		case <-c.ctx.Done():
			return
		case <-hourly.C:
			c.tidy()
		case <-owed.C:
			c.catchUp()
		}
	}
}

// catchUp reads what a change of accounts left unread.
func (c *chores) catchUp() {
	ctx, cancel := context.WithTimeout(c.ctx, storeTimeout)
	defer cancel()
	c.b.owed.pay(ctx)
}

func (c *chores) tidy() {
	ctx, cancel := context.WithTimeout(c.ctx, time.Minute)
	defer cancel()
	now := time.Now()
	log := func(doing string, err error) {
		if err != nil && c.ctx.Err() == nil {
			c.b.log().Error(doing, zap.Error(err))
		}
	}
	log("removing idle endpoints", c.b.removeIdle(ctx, now))
	_, err := c.b.store.PruneRollups(ctx, now.Add(-historyKept), now.Add(-historyKept))
	log("pruning history", err)
	_, err = c.b.store.PruneIdempotent(ctx, now.Add(-store.AnswerLife))
	log("pruning answers to repeated requests", err)
}

// removal returns when an endpoint will be removed if nobody uses it, from
// idleWarning before on; else zero. Who is connected uses it.
func (b *book) removal(e store.Endpoint, live hub.Stats, now time.Time) time.Time {
	idle := time.Duration(b.idleRemoval.Load())
	if idle <= 0 || live.Connections > 0 {
		return time.Time{}
	}
	last := e.CreatedAt
	for _, t := range []time.Time{e.LastActiveAt, live.LastActive} {
		if t.After(last) {
			last = t
		}
	}
	at := last.Add(idle).UTC()
	if now.Before(at.Add(-idleWarning)) {
		return time.Time{}
	}
	return at
}

// removeIdle deletes the endpoints whose time has come.
func (b *book) removeIdle(ctx context.Context, now time.Time) error {
	idle := time.Duration(b.idleRemoval.Load())
	if idle <= 0 { // Never
		return nil
	}
	list, err := b.store.IdleEndpoints(ctx, now.Add(-idle))
	if err != nil {
		return err
	}
	for _, e := range list {
		if err := b.removeIfIdle(ctx, e, now); err != nil {
			return err
		}
	}
	return nil
}

func (b *book) removeIfIdle(ctx context.Context, e store.Endpoint, now time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	live, _ := b.hub.Stats(hub.ID(e.ID))
	if at := b.removal(e, live, now); at.IsZero() || now.Before(at) {
		return nil
	}
	b.log().Info("removing an endpoint that nobody has used for long", zap.String("name", e.Name),
		zap.String("account", b.ledger.name(e.UserID)), zap.Time("last_active", e.LastActiveAt))
	if err := b.remove(ctx, e); err != nil {
		return err
	}
	b.noteEndpoint(ctx, itself, "endpoint.delete", &e, nil)
	return nil
}
