// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package model

import (
	"context"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/culvertd/culvert/internal/hub"
	"github.com/culvertd/culvert/internal/wstest"
)

// World is the gateway under test, and how much is to happen in it.
type World struct {
	URL  string // of an endpoint that only the model uses
	Seed uint64
	// Senders send Messages messages together; they and the Receivers all
	// receive.
	Senders, Receivers int
	Messages           int64
	// Stats reads the endpoint's counters.
	Stats func() hub.Stats
	// Disturb, if any, is called again and again while messages flow.
	Disturb func(round int)
}

// ahead is how many messages of one sender may be under way to the witness, a
// member that never stalls. It keeps what the witness may lag within the
// endpoint's log, so that only those who stall are cut off.
const ahead = 40

// run is one run of the model.
type run struct {
	World
	t       testing.TB
	ctx     context.Context
	cancel  context.CancelFunc
	left    atomic.Int64  // messages still to be sent
	senders atomic.Uint32 // ids given out: each connection that sends has one
	seen    sync.Map      // of *atomic.Uint32 by sender: the last that the witness saw

	mu      sync.Mutex // guards the fields below
	wrote   map[uint32]uint32
	records []*record
}

// record is what one connection saw.
type record struct {
	sender uint32 // its own id if it sends, else 0
	saw    []entry
	end    error // nil: it was there to the end
}

// Run lets the world happen and then compares it with the model.
func Run(t testing.TB, w World) {
	t.Helper()
	t.Logf("seed %d", w.Seed)
	r := &run{World: w, t: t, wrote: map[uint32]uint32{}}
	r.ctx, r.cancel = context.WithTimeout(context.Background(), 4*time.Minute)
	defer r.cancel()
	r.left.Store(w.Messages)

	before := w.Stats()
	witness := &record{}
	wc := r.dial()
	var others, witnessed sync.WaitGroup
	witnessed.Go(func() { r.listen(wc, witness, nil, func(e entry) { r.seenBy(e.sender).Store(e.seq) }) })
	sent := make(chan struct{})
	for i := range w.Senders {
		others.Go(func() { r.client(rand.New(rand.NewPCG(w.Seed, uint64(i))), true, sent) })
	}
	for i := range w.Receivers {
		others.Go(func() { r.client(rand.New(rand.NewPCG(w.Seed, uint64(1000+i))), false, sent) })
	}
	rounds := r.disturb()
	r.settle(sent)
	others.Wait()
	_ = wc.Send(wstest.CloseFrame(1000, ""))
	witnessed.Wait()
	r.check(witness, before)
	t.Logf("%d messages, %d connections, %d disturbances", len(witness.saw), len(r.records)+1, rounds)
}

// disturb has the world disturbed until everything is sent.
func (r *run) disturb() (rounds int) {
	for r.left.Load() > 0 && r.ctx.Err() == nil {
		if r.Disturb != nil {
			r.Disturb(rounds)
			rounds++
		}
		time.Sleep(20 * time.Millisecond)
	}
	return rounds
}

// settle tells the clients that everything is sent, once it has arrived where
// it can.
func (r *run) settle(sent chan struct{}) {
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if r.Stats().Queued == 0 {
			break
		}
	}
	close(sent)
}

func (r *run) seenBy(sender uint32) *atomic.Uint32 {
	n, _ := r.seen.LoadOrStore(sender, new(atomic.Uint32))
	return n.(*atomic.Uint32)
}

func (r *run) dial() *wstest.Conn {
	c, err := wstest.Dial(r.ctx, r.URL, wstest.Options{Timeout: time.Minute})
	// net/http drops a request that it has read when a shutdown begins, so a
	// reload can meet a handshake; whoever is connected is safe.
	for range 50 {
		if err == nil {
			break
		}
		time.Sleep(50 * time.Millisecond)
		c, err = wstest.Dial(r.ctx, r.URL, wstest.Options{Timeout: time.Minute})
	}
	if err != nil {
		r.t.Errorf("connecting: %v", err)
		r.cancel()
		return nil
	}
	return c
}

// Seed is CULVERT_SEED, or a new one.
func Seed(t testing.TB) uint64 {
	if s := os.Getenv("CULVERT_SEED"); s != "" {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatalf("CULVERT_SEED: %v", err)
		}
		return n
	}
	return uint64(time.Now().UnixNano())
}
