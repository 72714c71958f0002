// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"

	"go.uber.org/zap"

	"github.com/culvertd/culvert/internal/control"
	"github.com/culvertd/culvert/internal/hub"
	"github.com/culvertd/culvert/internal/publish"
)

// Reason says why a core closes.
type Reason uint8

// The reasons.
const (
	// Restarting: the process ends, and probably another one takes its place.
	Restarting Reason = iota + 1
	// Removed: the process goes on without a gateway.
	Removed
)

// Core owns everything that lives on one data folder. It is made by New and
// does nothing until the first Push.
type Core struct {
	dir string
	// log is that of the newest generation: a logger of an older one may
	// write to files that its config has closed.
	log    atomic.Pointer[zap.Logger]
	run    atomic.Pointer[running] // nil before the first Push and after Close
	pushes atomic.Uint64

	mu     sync.Mutex    // guards the fields below
	gens   []*Generation // oldest first; the last is in force
	last   Config        // in force, also after the last generation is popped
	closed bool
}

// New returns the core of the data folder dir, which is a result of DataDir.
// It touches nothing, so it may be called for a config that is only validated.
func New(dir string) *Core {
	c := &Core{dir: dir}
	c.log.Store(zap.NewNop())
	return c
}

// Dir returns the data folder.
func (c *Core) Dir() string { return c.dir }

// Hub returns the hub, or nil before the first Push and after Close.
func (c *Core) Hub() *hub.Hub {
	if r := c.run.Load(); r != nil {
		return r.book.hub
	}
	return nil
}

// Publisher returns the gateway's own visitor of services, or nil before the
// first Push and after Close.
func (c *Core) Publisher() *publish.Publisher {
	if r := c.run.Load(); r != nil {
		return r.book.publisher
	}
	return nil
}

// Pushes returns how many generations have been put in force by Push.
func (c *Core) Pushes() uint64 { return c.pushes.Load() }

// Push puts g in force. The first one opens the data folder and starts what
// lives on it; if that fails, everything is as it was before.
func (c *Core) Push(ctx context.Context, g *Generation) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return errors.New("the gateway of this data folder has been closed")
	}
	if slices.Contains(c.gens, g) {
		return errors.New("this generation is in force already")
	}
	cfg := g.Config.withDefaults()
	r := c.run.Load()
	if r == nil {
		was := c.log.Swap(g.Logger) // for what goes wrong from the first moment on
		var err error
		if r, err = c.open(ctx, cfg); err != nil {
			c.log.Store(was)
			return err
		}
		c.run.Store(r)
	} else if err := r.prepare(ctx, cfg); err != nil {
		c.closeUnwantedLocked(r)
		return err
	}
	c.gens = append(c.gens, g)
	c.pushes.Add(1)
	c.applyLocked(g)
	return nil
}

// Pop takes g back, puts the newest of the others in force, and returns how
// many there are. Popping what is not there changes nothing. Even without any
// generation the core goes on until Close.
func (c *Core) Pop(g *Generation) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.Index(c.gens, g)
	if i < 0 {
		return len(c.gens)
	}
	wasNewest := i == len(c.gens)-1
	c.gens = slices.Delete(c.gens, i, i+1)
	if r := c.run.Load(); r != nil {
		defer c.closeUnwantedLocked(r) // when the next config is in force
	}
	if !wasNewest || len(c.gens) == 0 {
		return len(c.gens)
	}
	g = c.gens[len(c.gens)-1]
	c.applyLocked(g)
	if r := c.run.Load(); r != nil {
		site := g.Config.withDefaults().Site.String()
		if err := r.book.store.SetMeta(context.Background(), metaSite, site); err != nil {
			g.Logger.Error("remembering the site", zap.Error(err))
		}
	}
	return len(c.gens)
}

// closeUnwantedLocked closes the sockets that no generation wants.
func (c *Core) closeUnwantedLocked(r *running) {
	wanted, statics := make(map[string]bool, len(c.gens)), make(map[string]bool)
	for _, g := range c.gens {
		wanted[g.Config.Relay.Listen] = true
		for _, v := range g.Config.Listen {
			statics[v.Address] = true
		}
	}
	r.sockets.keep(wanted)
	r.book.publisher.KeepStatics(statics)
}

// applyLocked puts g in force. It cannot fail: what can has been done before.
func (c *Core) applyLocked(g *Generation) {
	c.log.Store(g.Logger)
	c.last = g.Config.withDefaults()
	if r := c.run.Load(); r != nil {
		r.apply(c.last)
	}
}

// Close parts from all clients in the way that reason asks for, writes what is
// not written yet, and lets the data folder go. It takes little longer than
// the config's shutdown timeout, and does nothing when repeated.
func (c *Core) Close(reason Reason) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	r := c.run.Swap(nil)
	if r == nil {
		return nil
	}
	closing := hub.Closing{Code: 1001, Reason: "gateway removed"}
	if reason == Restarting {
		closing = hub.Closing{Code: 1012, Reason: "gateway restarting", Spread: c.last.ReconnectWindow}
	}
	return r.close(closing, c.last.ShutdownTimeout, c.log.Load())
}

// book returns the operations on endpoints, if they are possible now.
func (c *Core) book() (*book, error) {
	if r := c.run.Load(); r != nil {
		return &r.book, nil
	}
	return nil, &control.Error{
		Code:    control.CodeUnavailable,
		Message: "the gateway starts or stops just now; try again in a moment",
	}
}
