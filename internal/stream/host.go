// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"cmp"
	"crypto/rand"
	"sync"
	"time"
)

// Host has the streams and channels of one end: a visitor's, a provider's, or
// both.
type Host struct {
	cfg   Config
	born  time.Time
	wake  chan struct{}
	stop  chan struct{}
	once  sync.Once // of what begins watch
	tasks sync.WaitGroup

	mu       sync.Mutex // guards the fields below; inside all other locks
	closed   bool       // nothing new
	gone     bool       // nothing at all
	streams  map[key]*Stream
	channels map[*Channel]struct{}
	detached map[Peer]int
	budget   int64          // what is left
	used     map[Peer]int64 // of it
}

// key is what makes a stream the same one (rules S3). The own instance is the
// host's.
type key struct {
	peer    Peer
	visitor bool // this end
	remote  Instance
	id      ID
}

// NewHost returns a host that works until Close.
func NewHost(cfg Config) *Host {
	cfg.Resume = cmp.Or(cfg.Resume, defaultResume)
	cfg.MaxWindow = max(cmp.Or(cfg.MaxWindow, defaultMaxWindow), guaranteed)
	cfg.MaxDetached = cmp.Or(cfg.MaxDetached, defaultMaxDetached)
	cfg.Budget = cmp.Or(cfg.Budget, defaultBudget)
	h := &Host{
		cfg: cfg, born: time.Now(), wake: make(chan struct{}, 1), stop: make(chan struct{}),
		streams: make(map[key]*Stream), channels: make(map[*Channel]struct{}), detached: make(map[Peer]int),
		budget: cfg.Budget, used: make(map[Peer]int64),
	}
	return h
}

// Open begins a stream to a service. It needs a channel, whose peer is the
// stream's from then on, see Attach; but it takes already what the application
// says. Without an app it waits for Join, and an end before that touches none.
func (h *Host) Open(service string, app App, tag any) *Stream {
	s := h.newStream(Peer{}, true, service)
	_, _ = rand.Read(s.id[:]) // never fails (crypto/rand)
	s.app, s.tag = app, tag
	s.detachedAt = h.now()
	if !h.add(s) {
		s.abort(CodeStopping, ErrClosed)
		return s
	}
	if app != nil {
		h.spawn(func() { s.pump(app) })
	}
	h.look()
	return s
}

// Serve has a channel carry streams until it ends. visitor is the role of this
// end: it alone attaches streams to channels (rules S1).
func (h *Host) Serve(p Path, peer Peer, visitor bool, tag any) *Channel {
	c := &Channel{host: h, path: p, peer: peer, visitor: visitor, tag: tag, scan: scanner{path: p}}
	c.heard.Store(h.now())
	hello := frame{kind: kHello, version: version, instance: h.cfg.Instance, n: uint64(h.cfg.Resume / time.Millisecond)}
	c.ctl = hello.append(nil)
	c.pingLocked()
	h.mu.Lock()
	closed := h.closed
	if !closed {
		h.channels[c] = struct{}{}
		h.tasks.Add(1)
	}
	h.mu.Unlock()
	if closed {
		c.kill(ErrClosed)
		return c
	}
	go func() {
		defer h.tasks.Done()
		c.read()
	}()
	c.flushSoon()
	h.look()
	return c
}

// Doubt has all channels prove within a moment that they are alive: the network
// may be another.
func (h *Host) Doubt() {
	for _, c := range h.allChannels() {
		c.doubt()
	}
	h.look()
}

// Drop gives up the channels for which f is true. Their streams are detached.
func (h *Host) Drop(err error, f func(*Channel) bool) {
	for _, c := range h.allChannels() {
		if f(c) {
			c.kill(err)
		}
	}
}

// Streams returns those that exist, without those that have ended here.
func (h *Host) Streams() []*Stream {
	h.mu.Lock()
	list := make([]*Stream, 0, len(h.streams))
	for _, s := range h.streams {
		list = append(list, s)
	}
	h.mu.Unlock()
	open := list[:0]
	for _, s := range list {
		if !s.over() {
			open = append(open, s)
		}
	}
	return open
}

// Find returns this end's stream of a role with an id, nil if there is none.
func (h *Host) Find(id ID, visitor bool) *Stream {
	h.mu.Lock()
	defer h.mu.Unlock()
	for k, s := range h.streams {
		if k.id == id && k.visitor == visitor {
			return s
		}
	}
	return nil
}

// farewell is how long Close waits for the peers to say that they know.
const farewell = time.Second

// Close resets all streams, tells their peers, ends all channels and waits.
func (h *Host) Close() {
	h.mu.Lock()
	if h.closed {
		h.mu.Unlock()
		return
	}
	h.closed = true
	streams := make([]*Stream, 0, len(h.streams))
	for _, s := range h.streams {
		streams = append(streams, s)
	}
	h.mu.Unlock()
	close(h.stop)
	for _, s := range streams {
		s.abort(CodeStopping, ErrClosed)
	}
	channels := h.allChannels()
	late := time.AfterFunc(farewell, func() {
		for _, c := range channels {
			c.kill(ErrClosed)
		}
	})
	var said sync.WaitGroup
	for _, c := range channels {
		said.Go(func() {
			c.settle()
			c.vacate()
			c.kill(ErrClosed)
		})
	}
	said.Wait()
	late.Stop()
	h.mu.Lock()
	h.gone = true
	h.mu.Unlock()
	h.tasks.Wait()
}

func (h *Host) now() int64 { return int64(time.Since(h.born)) + 1 }

func (h *Host) allChannels() []*Channel {
	h.mu.Lock()
	defer h.mu.Unlock()
	list := make([]*Channel, 0, len(h.channels))
	for c := range h.channels {
		list = append(list, c)
	}
	return list
}

// spawn runs f as a task that Close waits for; in a host that is closed nothing
// needs to be done any more.
func (h *Host) spawn(f func()) {
	h.mu.Lock()
	gone := h.gone
	if !gone {
		h.tasks.Add(1)
	}
	h.mu.Unlock()
	if gone {
		return
	}
	go func() {
		defer h.tasks.Done()
		f()
	}()
}

func (h *Host) add(s *Stream) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return false
	}
	h.streams[s.keyLocked()] = s
	return true
}

// addOnce lists a provider's new stream, or returns the one that has its name
// already, which another channel has begun at the same time: a service must not
// be run twice. crowd: its peer has too many streams that wait.
func (h *Host) addOnce(s *Stream) (is *Stream, crowd bool, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, false, ErrClosed
	}
	k := s.keyLocked()
	if is = h.streams[k]; is == nil {
		is, h.streams[k] = s, s
	}
	return is, h.detached[s.peer] >= h.cfg.MaxDetached, nil
}

// rekey files a stream under the other end that it has got to know.
func (h *Host) rekey(s *Stream, peer Peer, remote Instance) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.streams, s.keyLocked())
	s.peer, s.remote = peer, remote
	h.streams[s.keyLocked()] = s
}

func (h *Host) forget(s *Stream) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if k := s.keyLocked(); h.streams[k] == s {
		delete(h.streams, k)
	}
}

// waits counts a stream that is without a channel, or is so no more; false if
// its peer has too many of these.
func (h *Host) waits(p Peer, d int) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.detached[p] += d; h.detached[p] <= 0 {
		delete(h.detached, p)
	}
	return h.detached[p] <= h.cfg.MaxDetached
}

// take takes n bytes from the budget, or nothing. One peer gets at most half
// of it: it may vanish with all that it has (rules S9).
func (h *Host) take(p Peer, n int64) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if n > h.budget || h.used[p]+n > h.cfg.Budget/2 {
		return false
	}
	h.budget -= n
	h.used[p] += n
	return true
}

func (h *Host) give(p Peer, n int64) {
	if n == 0 {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.budget += n
	if h.used[p] -= n; h.used[p] == 0 {
		delete(h.used, p)
	}
}

// look has watch look at once; it begins when there is something to watch.
func (h *Host) look() {
	h.once.Do(func() { h.spawn(h.watch) })
	select {
	case h.wake <- struct{}{}:
	default: // it will
	}
}
