// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestModel runs streams through random faults, and holds what applications see
// to what docs/streams.md promises. CULVERT_SEED repeats the choices of one run
// (the order of goroutines is the scheduler's), CULVERT_SOAK makes many runs.
func TestModel(t *testing.T) {
	runs, seed := 8, uint64(time.Now().UnixNano())
	if os.Getenv("CULVERT_SOAK") != "" {
		runs = 1500
	}
	if text := os.Getenv("CULVERT_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("CULVERT_SEED: %v", err)
		}
		runs = 1
	}
	sum := make(map[string]int)
	for i := range uint64(runs) {
		t.Run(fmt.Sprint("CULVERT_SEED=", seed+i), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, seed+i)
				w.run()
				for what, n := range w.happened {
					sum[what] += n
				}
			})
		})
	}
	t.Logf("%d runs: %v", runs, sum)
}

// world is one run of the model.
type world struct {
	*pair
	seed  uint64
	delay time.Duration
	small Config // bounds

	wmu      sync.Mutex
	rng      *rand.Rand
	roads    []*road
	talks    map[string]*talk
	instance byte
	happened map[string]int
	dark     time.Time // until then there are no new channels
	over     bool
	parts    sync.WaitGroup // of providers
}

func newWorld(t *testing.T, seed uint64) *world {
	rng := rand.New(rand.NewPCG(seed, 1))
	w := &world{
		seed: seed, rng: rng, talks: make(map[string]*talk), happened: make(map[string]int),
		delay: time.Duration(rng.IntN(40)) * time.Millisecond,
		small: Config{
			Resume:    time.Duration(20+rng.IntN(60)) * time.Second,
			MaxWindow: guaranteed * (1 + rng.IntN(8)), Budget: int64(guaranteed * rng.IntN(20)),
		},
		pair: &pair{t: t, ended: make(map[*Stream]error)},
	}
	if w.small.Budget == 0 {
		w.small.Budget = 1
	}
	cfg := w.small
	cfg.Instance = Instance{1}
	cfg.Ready, cfg.Detached, cfg.Ended = w.ready, w.needs, w.note
	w.visitor = NewHost(cfg)
	w.provider = w.newProvider()
	return w
}

func (w *world) note(s *Stream, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, twice := w.ended[s]; twice {
		w.t.Error("a stream has ended twice")
	}
	w.ended[s] = err
}

func (w *world) newProvider() *Host {
	w.instance++
	cfg := w.small
	cfg.Instance = Instance{2, w.instance}
	cfg.Ended = w.note
	cfg.Accept = func(s *Stream, _ *Channel, service string) {
		w.parts.Go(func() { w.talks[service].accept(s) })
	}
	cfg.Detached = func(s *Stream) { // through signaling
		go func() {
			time.Sleep(20 * time.Millisecond)
			if s := w.visitor.Find(s.ID(), true); s != nil {
				// The visitor may not know yet that its channel is of no use.
				if c := s.Info().Channel; c != nil {
					c.Close()
				}
				w.needs(s)
			}
		}()
	}
	return NewHost(cfg)
}

func (w *world) run() {
	talks := 4 + w.rng.IntN(12)
	for i := range talks {
		k := newTalk(w, fmt.Sprint("s", i), w.seed+uint64(i)*1000)
		w.talks[k.service] = k
	}
	var all sync.WaitGroup
	for _, k := range w.talks {
		all.Go(k.visit)
	}
	dialer := make(chan struct{})
	go w.dial(dialer)
	faults := make(chan struct{})
	go func() {
		defer close(faults)
		rng := rand.New(rand.NewPCG(w.seed, 3))
		for range 10 + rng.IntN(60) {
			time.Sleep(time.Duration(rng.IntN(1500)) * time.Millisecond)
			w.disturb()
			w.invariants()
		}
	}()
	<-faults
	done := make(chan struct{})
	go func() { all.Wait(); w.parts.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(20 * time.Minute):
		w.t.Error("streams hang")
		for _, s := range append(w.visitor.Streams(), w.provider.Streams()...) {
			w.t.Logf("%+v", s.Info())
		}
	}
	for _, k := range w.talks {
		k.judge()
	}
	w.settled()
	w.wmu.Lock()
	w.over = true
	w.wmu.Unlock()
	<-dialer
	w.visitor.Close()
	w.provider.Close()
}

// tell logs how the streams of a service have ended.
func (w *world) tell(service string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for s, err := range w.ended {
		if s.Service() == service {
			w.t.Logf("generation %d, ended by %v: %+v", s.generation, err, s.Info())
		}
	}
}

// settled checks what must be left of it all: channels, and nothing else.
func (w *world) settled() {
	time.Sleep(w.small.Resume + afterlife + time.Minute)
	synctest.Wait()
	for _, h := range []*Host{w.visitor, w.provider} {
		h.mu.Lock()
		if len(h.streams)+len(h.detached)+len(h.used) > 0 || h.budget != h.cfg.Budget {
			w.t.Errorf("left: %d streams, %d detached, %d of the budget", len(h.streams), len(h.detached), h.cfg.Budget-h.budget)
		}
		channels := len(h.channels)
		h.mu.Unlock()
		alive := 0
		for _, r := range w.roads {
			if r.alive() {
				alive++
			}
		}
		if channels != alive {
			w.t.Errorf("%d channels, %d of them alive", channels, alive)
		}
		for _, c := range h.allChannels() {
			c.mu.Lock()
			if c.stream != nil || c.sentEnd || c.gotEnd || c.err != nil {
				w.t.Error("a channel is not free")
			}
			c.mu.Unlock()
		}
	}
}

// invariants checks what holds at any moment.
func (w *world) invariants() {
	for _, h := range []*Host{w.visitor, w.provider} {
		for _, s := range h.Streams() {
			s.mu.Lock()
			if s.end > s.limit || s.end-s.floorLocked() > guaranteed+uint64(s.held) {
				w.t.Errorf("credit: acked %d, end %d, limit %d, held %d", s.acked, s.end, s.limit, s.held)
			}
			if s.written > s.got || s.got > s.granted || s.window > uint64(max(w.small.MaxWindow, guaranteed)) {
				w.t.Errorf("window: written %d, got %d, granted %d, window %d", s.written, s.got, s.granted, s.window)
			}
			s.mu.Unlock()
		}
		h.mu.Lock()
		if h.budget < 0 || h.budget > h.cfg.Budget {
			w.t.Errorf("budget: %d of %d", h.budget, h.cfg.Budget)
		}
		h.mu.Unlock()
	}
}
