// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"errors"
	"io"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// talk is one connection in the model: two applications that write what both
// know, and check what they read.
type talk struct {
	w       *world
	service string
	sides   [2]*side // the visitor's, the provider's
	accepts atomic.Int32

	mu     sync.Mutex
	reason string // why it may have been reset
}

// side is one application.
type side struct {
	talk   *talk
	name   string
	rng    *rand.Rand
	seed   uint64
	size   int  // of what it writes
	piece  int  // at most that many bytes at once
	resets bool // instead of an end
	stalls bool // it does not read for a minute

	saidAll atomic.Bool
	read    int
	err     error // io.EOF: a clean end
	used    bool
}

func newTalk(w *world, service string, seed uint64) *talk {
	k := &talk{w: w, service: service}
	for i := range k.sides {
		rng := rand.New(rand.NewPCG(seed, uint64(i)))
		k.sides[i] = &side{
			talk: k, name: service + []string{" visitor", " provider"}[i], rng: rng, seed: rng.Uint64(),
			resets: rng.IntN(12) == 0, stalls: rng.IntN(8) == 0,
			piece: 1 << rng.IntN(17),
		}
		k.sides[i].size = rng.IntN(min(1<<19, 600*k.sides[i].piece))
	}
	return k
}

func (k *talk) excuse(reason string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.reason = reason
}

// visit opens the stream at a random time and plays the visitor's part.
func (k *talk) visit() {
	a := k.sides[0]
	time.Sleep(time.Duration(a.rng.IntN(20_000)) * time.Millisecond)
	ours, theirs := newApp(1 << (6 + a.rng.IntN(12)))
	k.w.needs(k.w.visitor.Open(k.service, ours, nil))
	a.play(theirs)
}

// accept is the provider's part.
func (k *talk) accept(s *Stream) {
	if k.accepts.Add(1) > 1 {
		k.w.t.Errorf("%s: the service is run twice", k.service)
	}
	b := k.sides[1]
	time.Sleep(time.Duration(b.rng.IntN(300)) * time.Millisecond) // dials
	ours, theirs := newApp(1 << (6 + b.rng.IntN(12)))
	s.Join(ours)
	b.play(theirs)
}

// play writes and reads until both have ended.
func (a *side) play(app *memApp) {
	a.used = true
	// Its own, since both halves make choices at once.
	rng := rand.New(rand.NewPCG(a.seed, 2))
	var wrote sync.WaitGroup
	wrote.Go(func() { a.write(app, rng) })
	a.err = a.check(app)
	wrote.Wait()
}

func (a *side) write(app *memApp, rng *rand.Rand) {
	for sent := 0; sent < a.size; {
		n := min(1+rng.IntN(a.piece), a.size-sent)
		if _, err := app.Write(content(a.seed, sent, n)); err != nil {
			return
		}
		if sent += n; rng.IntN(4) == 0 {
			time.Sleep(time.Duration(rng.IntN(400)) * time.Millisecond)
		}
	}
	if a.resets {
		a.talk.excuse("reset by " + a.name)
		_ = app.Reset()
		return
	}
	a.saidAll.Store(true)
	_ = app.CloseWrite()
}

// check reads the other side's bytes.
func (a *side) check(app *memApp) error {
	from := a.talk.sides[0]
	if a == from {
		from = a.talk.sides[1]
	}
	if a.stalls {
		time.Sleep(time.Minute)
	}
	b := make([]byte, 1+a.rng.IntN(40_000))
	for {
		n, err := app.Read(b)
		for i, c := range content(from.seed, a.read, n) {
			if b[i] != c {
				a.talk.w.t.Errorf("%s: byte %d is wrong", a.name, a.read+i)
				return io.EOF
			}
		}
		if a.read += n; err != nil {
			if errors.Is(err, io.EOF) && (!from.saidAll.Load() || a.read != from.size) {
				a.talk.w.t.Errorf("%s: a clean end after %d of %d bytes", a.name, a.read, from.size)
			}
			return err
		}
		if a.rng.IntN(8) == 0 {
			time.Sleep(time.Duration(a.rng.IntN(200)) * time.Millisecond)
		}
	}
}

// judge is called when both sides have ended.
func (k *talk) judge() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, a := range k.sides {
		if k.reason == "" && (!a.used || !errors.Is(a.err, io.EOF)) {
			k.w.t.Errorf("%s: reset without a reason: %v (used: %v)", a.name, a.err, a.used)
			k.w.tell(k.service)
		}
	}
}

// content is what an application writes from an offset on.
func content(seed uint64, offset, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		at := uint64(offset + i)
		b[i] = byte((at*0x9e3779b97f4a7c15 ^ seed) >> (8 + at%48))
	}
	return b
}
