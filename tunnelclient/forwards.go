// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/culvertd/culvert/internal/tunnel"
	"github.com/culvertd/culvert/tunnelclient/internal/local"
)

// How long to wait before a forward that failed is tried again.
const (
	firstRetry = time.Second
	lastRetry  = 30 * time.Second
)

// forwards keeps the connects of a configuration open: one that fails, because
// its target is away or its port is taken, is tried again, and stops no other.
type forwards struct {
	engine local.Engine
	failed *failures
	log    *zap.Logger
	opened func(tunnel.ForwardStatus) error
	keep   map[tunnel.ForwardSpec]context.CancelFunc
	wg     sync.WaitGroup
}

func newForwards(h *hosted, opened func(tunnel.ForwardStatus) error) *forwards {
	return &forwards{engine: h.engine, failed: h.failed, log: h.log, opened: opened, keep: map[tunnel.ForwardSpec]context.CancelFunc{}}
}

// set opens and closes what changed. When ctx ends the forwards are left to the
// engine, which drains them.
func (f *forwards) set(ctx context.Context, specs []tunnel.ForwardSpec) {
	wanted := map[tunnel.ForwardSpec]bool{}
	for _, spec := range specs {
		wanted[spec] = true
	}
	for spec, remove := range f.keep {
		if !wanted[spec] {
			remove()
			delete(f.keep, spec)
		}
	}
	for _, spec := range specs {
		if f.keep[spec] != nil {
			continue
		}
		removed, remove := context.WithCancel(ctx)
		f.keep[spec] = remove
		f.wg.Go(func() {
			defer remove()
			f.hold(ctx, removed, spec)
		})
	}
}

// wait is for after the context of all set calls has ended.
func (f *forwards) wait() { f.wg.Wait() }

// hold opens the forward and closes it when removed, which ends with ctx too.
func (f *forwards) hold(ctx, removed context.Context, spec tunnel.ForwardSpec) {
	log := f.log.With(zap.String("target", spec.Target), zap.String("service", spec.Service))
	fw := f.open(removed, spec, log)
	if fw == nil {
		return
	}
	if err := f.opened(fw.Status()); err != nil {
		log.Warn("printing a forward", zap.Error(err))
	}
	<-removed.Done()
	if ctx.Err() != nil {
		return
	}
	if err := fw.Close(); err != nil {
		log.Warn("closing a forward", zap.Error(err))
	}
}

// open tries until it succeeds; nil means that the forward is no longer wanted.
func (f *forwards) open(ctx context.Context, spec tunnel.ForwardSpec, log *zap.Logger) local.Forward {
	defer f.failed.note(spec, nil)
	for wait := firstRetry; ; wait = min(2*wait, lastRetry) {
		fw, err := f.engine.Forward(ctx, spec)
		if err == nil {
			return fw
		}
		if ctx.Err() != nil {
			return nil
		}
		f.failed.note(spec, err)
		log.Warn("cannot connect", zap.Error(err), zap.Duration("again_in", wait))
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
	}
}
