// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package relay

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/culvertd/culvert/internal/splice"
	"github.com/culvertd/culvert/internal/wire"
)

// Relay pairs and forwards. Its methods may be called at any time from any
// goroutine.
type Relay struct {
	ev     Events
	log    func() *zap.Logger
	limits atomic.Pointer[Limits]
	block  atomic.Pointer[func(netip.Addr) bool] // nil: nobody
	mover  *splice.Mover
	udp    *udpRelay
	count  counters
	now    atomic.Int64 // Unix seconds; see watch

	mu       sync.Mutex // guards the fields below
	clients  map[wire.KeyID]*Client
	sessions map[wire.KeyID]*Session
	closed   bool

	pending pending
	tasks   sync.WaitGroup // everything that New and later have started
	stop    chan struct{}
}

// New returns a relay without sockets. log is asked each time, because the
// logger belongs to a config.
func New(l Limits, ev Events, log func() *zap.Logger) *Relay {
	r := &Relay{
		ev:       ev,
		log:      log,
		mover:    splice.New(),
		clients:  make(map[wire.KeyID]*Client),
		sessions: make(map[wire.KeyID]*Session),
		stop:     make(chan struct{}),
	}
	r.limits.Store(&l)
	r.now.Store(time.Now().Unix())
	r.udp = newUDPRelay(r)
	r.tasks.Go(r.watch)
	return r
}

// Configure puts limits in force, for what is open too.
func (r *Relay) Configure(l Limits) { r.limits.Store(&l) }

// AddClient makes a client known by the key that parks its channels.
func (r *Relay) AddClient(name string, key wire.Key) *Client {
	c := &Client{relay: r, name: name, key: key}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.clients[key.ID] = c
	return c
}

// AddSession makes a session known by the key that opens its channels.
func (r *Relay) AddSession(spec SessionSpec) (*Session, error) {
	s := newSession(r, spec)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, net.ErrClosed
	}
	if _, ok := r.sessions[spec.Key.ID]; ok {
		return nil, errors.New("adding a session: its key is in use")
	}
	if spec.Transport == wire.UDP {
		if err := r.udp.addSession(s); err != nil {
			return nil, err
		}
	}
	r.sessions[spec.Key.ID] = s
	return s, nil
}

// ServeTCP accepts channels until ln is closed, and returns nil then. A
// splice.Listener is faster.
func (r *Relay) ServeTCP(ln net.Listener) error { return r.accept(ln) }

// ServeUDP forwards packets until pc is closed, and returns nil then.
func (r *Relay) ServeUDP(pc *net.UDPConn) error { return r.udp.serve(pc) }

// ServeChannel takes over one connection that has not said its line yet, such
// as one over WebSocket. addr is its client's address, which c need not know.
// It returns at once.
func (r *Relay) ServeChannel(c splice.Conn, addr netip.Addr) {
	c = behind{c, addr}
	r.mover.Receive(c, r.begin(c))
}

// Close resets all channels, and waits until all that the relay has started
// has ended, or ctx. The caller closes its listeners first.
func (r *Relay) Close(ctx context.Context) error {
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		return nil
	}
	r.closed = true
	clients, sessions := values(r.clients), values(r.sessions)
	r.mu.Unlock()

	close(r.stop)
	r.mover.Dismiss()
	for _, c := range clients {
		c.Close()
	}
	for _, s := range sessions {
		s.Close()
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.tasks.Wait()
		r.mover.Close()
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// watch keeps the coarse clock, and ends sessions that were idle for too long.
func (r *Relay) watch() {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-r.stop:
			return
		case t := <-tick.C:
			r.now.Store(t.Unix())
			r.endIdle()
		}
	}
}

func (r *Relay) endIdle() {
	idle := r.limits.Load().IdleTimeout
	if idle <= 0 {
		return
	}
	r.mu.Lock()
	var ended []*Session
	all := values(r.sessions)
	for _, s := range all {
		if s.idleSince(r.now.Load()) > idle {
			ended = append(ended, s)
		}
	}
	r.mu.Unlock()
	for _, s := range all {
		s.idleInside(r.now.Load(), idle)
	}
	for _, s := range ended {
		s.end(wire.CodeTimeout, "the session was idle for "+idle.String()+" (session_timeout, set by the gateway's operator)")
	}
}

// session returns the session that a key opens.
func (r *Relay) session(id wire.KeyID) *Session {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.sessions[id]
}

// client returns the client that a key parks for.
func (r *Relay) client(id wire.KeyID) *Client {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.clients[id]
}

func values[K comparable, V any](m map[K]V) []V {
	list := make([]V, 0, len(m))
	for _, v := range m {
		list = append(list, v)
	}
	return list
}
