// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
)

// raw is a peer that says what a test has it say.
type raw struct {
	t    *testing.T
	path *wirePath
	scan scanner
	c    *Channel // the host's end
}

// newRaw makes a channel to a host; visitor is the host's role.
func newRaw(t *testing.T, h *Host, visitor bool) *raw {
	a, b := newWire(1 << 20)
	r := &raw{t: t, path: b, scan: scanner{path: b}, c: h.Serve(a, Peer{9}, visitor, nil)}
	r.say(frame{kind: kHello, version: version, instance: Instance{9}, n: 1 << 30})
	return r
}

func (r *raw) say(f frame) { _, _ = r.path.Write(f.append(nil)) }

func (r *raw) data(offset uint64, b []byte) {
	ck := newChunk(len(b))
	defer ck.release()
	ck.n = copy(ck.space(), b)
	putDataHead(ck.buf, offset, ck.n)
	_, _ = r.path.Write(ck.frame())
}

// hear returns the next frame of a kind, and answers pings on the way; n is of
// data's bytes, which are dropped.
func (r *raw) hear(want kind) (frame, int) {
	r.t.Helper()
	for {
		f, n, err := r.scan.next()
		if err != nil {
			r.t.Fatalf("waiting for kind %d: %v", want, err)
		}
		if _, err := io.CopyN(io.Discard, readerOf{r.path}, int64(n)); err != nil {
			r.t.Fatal(err)
		}
		if f.kind == want {
			return f, n
		}
		if f.kind == kPing {
			r.say(frame{kind: kPong, n: f.n})
		}
	}
}

// ended expects that the host gives the channel up.
func (r *raw) ended() error {
	r.t.Helper()
	synctest.Wait()
	r.c.mu.Lock()
	defer r.c.mu.Unlock()
	if r.c.err == nil {
		r.t.Error("the channel lives")
	}
	return r.c.err
}

func isProtocol(err error) bool {
	var p protocolError
	return errors.As(err, &p)
}

// provider is a host whose services are memApps, by name.
type services struct {
	*Host
	t       *testing.T
	apps    map[string]*memApp
	streams map[string]*Stream
	accepts int
	asked   atomic.Int32
	mu      sync.Mutex
	ended   map[*Stream]error
}

func newServices(t *testing.T, cfg Config) *services {
	v := &services{t: t, apps: make(map[string]*memApp), streams: make(map[string]*Stream), ended: make(map[*Stream]error)}
	cfg.Instance = Instance{7}
	cfg.Accept = func(s *Stream, _ *Channel, service string) {
		v.accepts++
		ours, theirs := newApp(1 << 20)
		v.apps[service], v.streams[service] = theirs, s
		s.Join(ours)
	}
	cfg.Detached = func(*Stream) { v.asked.Add(1) }
	cfg.Ended = func(s *Stream, err error) { v.mu.Lock(); v.ended[s] = err; v.mu.Unlock() }
	v.Host = NewHost(cfg)
	t.Cleanup(v.Close)
	return v
}

// opening is what a visitor says first of stream 1.
func opening(generation uint64) frame {
	return frame{kind: kOpen, id: ID{1}, generation: generation, service: "a"}
}

func resuming(generation, got, written uint64) frame {
	return frame{kind: kResume, id: ID{1}, generation: generation, state: state{got, written, got + guaranteed}}
}

func hosts(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, f)
}

// left is what a host has.
type left struct {
	streams, channels, detached, peers int
	used                               int64 // of the budget
}

func leftOf(h *Host) left {
	h.mu.Lock()
	defer h.mu.Unlock()
	return left{len(h.streams), len(h.channels), len(h.detached), len(h.used), h.cfg.Budget - h.budget}
}
