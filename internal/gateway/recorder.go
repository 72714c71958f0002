// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/culvertd/culvert/internal/hub"
	"github.com/culvertd/culvert/internal/store"
)

const (
	// queueSize is how many events may wait for the database. It holds a few
	// seconds of a storm of reconnects; beyond it events are dropped, because
	// the log of connections must not slow connections down.
	queueSize = 8192
	// batchSize is how many events one transaction takes.
	batchSize = 512

	eventsEvery   = time.Second
	countersEvery = 2 * time.Second
	pruneEvery    = time.Hour
	complainEvery = time.Minute

	// storeTimeout bounds one write, so that a stuck disk cannot keep a
	// gateway from stopping.
	storeTimeout = 5 * time.Second
)

// recorder carries the hub's events and counters into the store, off the way
// of messages. One goroutine owns all but the queue.
type recorder struct {
	store     *store.Store
	log       func() *zap.Logger
	retention atomic.Int64

	queue   chan hub.Event
	dropped atomic.Uint64 // events that did not reach the store
	flushes chan chan error
	quit    chan struct{}
	done    chan struct{}

	counters counters
	totals   totals

	// The rest belongs to the goroutine.
	batch     []store.ConnectionEvent
	complains map[string]time.Time // when an error was last logged
	toldDrops uint64
}

func newRecorder(s *store.Store, log func() *zap.Logger) *recorder {
	return &recorder{
		store:     s,
		log:       log,
		queue:     make(chan hub.Event, queueSize),
		flushes:   make(chan chan error),
		quit:      make(chan struct{}),
		done:      make(chan struct{}),
		batch:     make([]store.ConnectionEvent, 0, batchSize),
		complains: make(map[string]time.Time),
	}
}

// Record implements hub.Recorder.
func (r *recorder) Record(e hub.Event) {
	select {
	case r.queue <- e:
	default:
		r.dropped.Add(1)
	}
}

// start begins to write; each is one of the hub's. Close ends it.
func (r *recorder) start(each func(func(hub.ID, hub.Stats) bool), retention time.Duration) {
	r.setRetention(retention)
	r.counters.each = each
	go r.loop()
}

func (r *recorder) setRetention(d time.Duration) { r.retention.Store(int64(d)) }

// Flush writes what has been recorded up to now.
func (r *recorder) Flush(ctx context.Context) error {
	answer := make(chan error, 1)
	select {
	case r.flushes <- answer:
	case <-r.done:
		return errors.New("the gateway is closing")
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-answer:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close writes the rest and ends. Nothing may call Record any more.
func (r *recorder) Close() error {
	close(r.quit)
	<-r.done
	return r.flush()
}

func (r *recorder) loop() {
	defer close(r.done)
	events := time.NewTicker(eventsEvery)
	defer events.Stop()
	counters := time.NewTicker(countersEvery)
	defer counters.Stop()
	prune := time.NewTicker(pruneEvery)
	defer prune.Stop()
	r.prune()
	for {
		select {
		case e := <-r.queue:
			if r.take(e); len(r.batch) == batchSize {
				r.complain("writing the connection log", r.writeEvents())
			}
		case <-events.C:
			r.complain("writing the connection log", r.writeEvents())
			r.tellDrops()
		case <-counters.C:
			r.complain("writing statistics", r.writeCounters())
		case <-prune.C:
			r.prune()
		case answer := <-r.flushes:
			answer <- r.flush()
		case <-r.quit:
			return
		}
	}
}

// flush writes all that waits.
func (r *recorder) flush() error {
	var errs []error
	// What is queued from now on is somebody else's flush: a flush must end
	// even in a storm.
	for range len(r.queue) {
		if r.take(<-r.queue); len(r.batch) == batchSize {
			errs = append(errs, r.writeEvents())
		}
	}
	errs = append(errs, r.writeEvents(), r.writeCounters())
	return errors.Join(errs...)
}

// take puts an event into the batch.
func (r *recorder) take(e hub.Event) {
	line := toLog(e)
	r.batch = append(r.batch, line)
	if c := r.log().Check(zap.DebugLevel, "websocket "+string(line.Kind)); c != nil {
		// The id is a secret, and logs travel.
		c.Write(zap.String("endpoint", line.EndpointID[:min(6, len(line.EndpointID))]+"…"), zap.Uint64("conn", line.Conn), zap.Stringer("client_ip", line.Addr),
			zap.Int("code", line.Code), zap.String("reason", line.Reason), zap.Duration("duration", line.Duration))
	}
}

// writeEvents empties the batch. Events that the store refuses are given up:
// keeping them would only fill the queue behind them.
func (r *recorder) writeEvents() error {
	if len(r.batch) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
	defer cancel()
	err := r.store.AppendConnections(ctx, r.batch)
	if err != nil {
		r.dropped.Add(uint64(len(r.batch)))
	}
	clear(r.batch) // lets the reasons go
	r.batch = r.batch[:0]
	return err
}

func (r *recorder) writeCounters() error {
	ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
	defer cancel()
	deltas := r.counters.collect()
	if err := r.store.AddStats(ctx, deltas); err != nil {
		return err // the next collect finds the same differences and more
	}
	r.totals.add(deltas)
	r.counters.commit()
	return nil
}

// prune takes what is too old out of the logs.
func (r *recorder) prune() {
	retention := time.Duration(r.retention.Load())
	if retention == Forever {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	n, err := r.store.PruneConnections(ctx, time.Now().Add(-retention))
	r.complain("pruning the connection log", err)
	if n > 0 {
		r.log().Info("pruned the connection log", zap.Int64("lines", n))
	}
	n, err = r.store.PruneSessions(ctx, time.Now().Add(-retention))
	r.complain("pruning the session log", err)
	if n > 0 {
		r.log().Info("pruned the session log", zap.Int64("lines", n))
	}
}

// complain logs an error, the same one at most once a minute: a full disk
// fails at every tick.
func (r *recorder) complain(doing string, err error) {
	if err == nil || time.Since(r.complains[doing]) < complainEvery {
		return
	}
	r.complains[doing] = time.Now()
	r.log().Error(doing, zap.Error(err))
}

// tellDrops logs that events were lost, at most once a minute.
func (r *recorder) tellDrops() {
	const what = "connection log is incomplete"
	n := r.dropped.Load()
	if n == r.toldDrops || time.Since(r.complains[what]) < complainEvery {
		return
	}
	r.complains[what] = time.Now()
	r.log().Warn(what, zap.Uint64("lost", n-r.toldDrops), zap.Uint64("lost_in_all", n))
	r.toldDrops = n
}

var _ hub.Recorder = (*recorder)(nil)
