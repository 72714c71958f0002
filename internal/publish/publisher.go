// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package publish

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/culvertd/culvert/internal/datagram"
	"github.com/culvertd/culvert/internal/identity"
	"github.com/culvertd/culvert/internal/relay"
	"github.com/culvertd/culvert/internal/signaling"
	"github.com/culvertd/culvert/internal/tunnel"
	"github.com/culvertd/culvert/internal/wire"
)

const (
	// unusedFor is how long a service that nobody dials keeps its session, and
	// with it the channels that are ready.
	unusedFor = 5 * time.Minute
	// headerTimeout bounds the sign-in, in which only this process has part.
	headerTimeout = 10 * time.Second
)

// Publisher dials services. Its methods may be called from any goroutine.
type Publisher struct {
	signaling *signaling.Server
	client    *tunnel.Client
	site      *http.Server
	cancel    context.CancelFunc
	tasks     sync.WaitGroup

	log    func() *zap.Logger
	block  atomic.Pointer[func(netip.Addr) bool] // nil: nobody
	guests guests
	gate   *Gate
	drops  tunnel.PublicDrops // at UDP ports
	here   here

	mu       sync.Mutex // guards the fields below
	services map[string]*service
	ports    map[int]*port
	packets  map[int]*tunnel.Forward // UDP ports
	statics  map[string]*static      // by address
	closed   bool
}

// service is one that is dialed, or was a short while ago.
type service struct {
	*tunnel.Forward
	used time.Time
	open int // connections
}

// Open signs in at s with key. Whoever opens it closes it, before s. log returns the
// logger of the time.
func Open(s *signaling.Server, key *identity.Key, log func() *zap.Logger) *Publisher {
	p := &Publisher{
		signaling: s, log: log, services: make(map[string]*service), ports: make(map[int]*port), packets: make(map[int]*tunnel.Forward), gate: newGate(),
	}
	ln := newListener()
	p.site = &http.Server{
		ReadHeaderTimeout: headerTimeout,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			s.Serve(w, r, netip.Addr{})
		}),
	}
	p.client = tunnel.New(tunnel.Config{
		Server:       &url.URL{Scheme: "ws", Host: signaling.OwnName},
		Token:        s.OwnToken(),
		Key:          key,
		Transport:    tunnel.Relay,
		Dial:         ln.dial,
		Proxy:        func(*http.Request) (*url.URL, error) { return nil, nil }, //nolint:nilnil // none
		Within:       within{s.Relay()},
		DrainTimeout: -1,
		// What fails is told to those who dial.
		Logger: zap.NewNop(),
	})
	ctx, cancel := context.WithCancel(context.Background())
	p.cancel = cancel
	p.tasks.Go(func() { _ = p.site.Serve(ln) })  // until Close
	p.tasks.Go(func() { _ = p.client.Run(ctx) }) // likewise: its token is never revoked
	p.tasks.Go(func() { p.dropUnused(ctx, unusedFor) })
	return p
}

// Gate returns what stands in front of published names.
func (p *Publisher) Gate() *Gate { return p.gate }

// Close resets all connections and waits.
func (p *Publisher) Close() {
	p.closePorts()
	p.KeepStatics(nil)
	p.cancel()
	_ = p.site.Close() // a listener without a network
	p.tasks.Wait()
}

// Packets implements tunnel.Within.
func (w within) Packets(key wire.KeyID, deliver func([]datagram.Train)) (tunnel.InsidePackets, error) {
	p, err := w.Relay.Packets(key, deliver)
	if err != nil {
		return nil, err
	}
	return p, nil
}

// within is the relay as the client sees it.
type within struct{ *relay.Relay }

// Open implements tunnel.Within.
func (w within) Open(ctx context.Context, line wire.Line) (tunnel.Inside, error) {
	in, err := w.Relay.Open(ctx, line)
	if err != nil {
		return tunnel.Inside{}, err
	}
	return tunnel.Inside{Conn: in.Conn, Spend: in.Spend, Left: in.Left}, nil
}

// Dial connects to a service of a client, which is named as its owner's accounts
// name it to others: owner/client, or the bare name of one of the operator's.
// The error is an *Error, or ctx's.
func (p *Publisher) Dial(ctx context.Context, client, id string) (net.Conn, error) {
	name := client + "/" + id
	if away, known := p.signaling.Away(client); !known || away >= awayMost {
		return nil, &Error{Kind: Offline, Client: client, Service: id, Err: errAway}
	}
	v, err := p.take(client, id)
	if err != nil {
		return nil, &Error{Kind: Offline, Client: client, Service: id, Err: err}
	}
	conn, err := v.Dial(ctx)
	if err != nil {
		p.release(name)
		return nil, p.sort(ctx, client, id, err)
	}
	return &counted{Conn: conn, done: func() { p.release(name) }}, nil
}

// take returns what dials a service, and counts a connection.
func (p *Publisher) take(client, id string) (*service, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	name := client + "/" + id
	v := p.services[name]
	if v == nil {
		f, err := p.client.Dialer(client, id, wire.EncryptionNone)
		if err != nil {
			return nil, err
		}
		v = &service{Forward: f}
		p.services[name] = v
	}
	v.open++
	return v, nil
}

func (p *Publisher) release(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if v := p.services[name]; v != nil {
		v.open--
		v.used = time.Now()
	}
}

// lookEvery is how often what is not needed is looked for. Services may come and
// go a hundred a second.
const lookEvery = 5 * time.Second

// dropUnused ends the sessions of services that nobody uses any more, and forgets
// services whose sessions have ended.
func (p *Publisher) dropUnused(ctx context.Context, unused time.Duration) {
	tick := time.NewTicker(min(unused/5, lookEvery))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		for _, v := range p.takeUnused(time.Now().Add(-unused)) {
			_ = v.Close()
		}
	}
}

func (p *Publisher) takeUnused(since time.Time) []*service {
	p.mu.Lock()
	defer p.mu.Unlock()
	var list []*service
	for name, v := range p.services {
		if v.open == 0 && v.Open() == 0 && (v.used.Before(since) || v.Over()) {
			delete(p.services, name)
			list = append(list, v)
		}
	}
	return list
}

// counted is a connection of a service.
type counted struct {
	net.Conn
	once sync.Once
	done func()
}

// Close implements net.Conn.
func (c *counted) Close() error {
	err := c.Conn.Close()
	c.once.Do(c.done)
	return err
}

// CloseWrite sends a FIN.
func (c *counted) CloseWrite() error {
	if w, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return w.CloseWrite()
	}
	return fmt.Errorf("closing one way: %w", errors.ErrUnsupported)
}
