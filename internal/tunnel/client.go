// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"maps"
	"net"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/culvertd/culvert/internal/splice"
	"github.com/culvertd/culvert/internal/stream"
	"github.com/culvertd/culvert/internal/wire"
)

var errStopped = errors.New("the client has stopped")

// Client is one name at one gateway, with what it offers and what it uses.
type Client struct {
	cfg      Config
	log      *zap.Logger
	instance string
	mover    *splice.Mover
	way      way
	shortcut shortcut
	sessions sessions
	wishes   wishes
	offers   offers
	streams  *stream.Host
	parked   *parked
	udp      *udpProvider
	busy     busy
	// gatewayKey is the one that the gateway names as its own; nil: none.
	gatewayKey atomic.Pointer[wire.PublicKey]

	ready      chan struct{}
	changedNet chan struct{}   // has room for one: the network is another
	base       context.Context // of all tasks
	cancel     context.CancelFunc

	mu       sync.Mutex // guards the fields below; inside the locks of the reserves
	tasks    sync.WaitGroup
	running  bool
	draining bool          // nothing new
	stopped  bool          // no more tasks
	final    error         // why, if there is a reason
	changed  chan struct{} // closed, and replaced, whenever one of the following changes
	signal   *signal       // nil while offline
	name     string        // in force
	since    time.Time     // of the state
	lastErr  error         // while offline
	relay    string        // host:port, empty if there is none
	channels string        // path of channels over WebSocket
	// published is what the gateway has said of the services' hosts.
	published []wire.Published
	forwards  map[*Forward]struct{}
}

// New returns a client that does nothing until Run.
func New(cfg Config) *Client {
	cfg = cfg.withDefaults()
	c := &Client{
		cfg: cfg, log: cfg.Logger, instance: rand.Text(), mover: splice.New(),
		way: way{forced: cfg.Transport}, ready: make(chan struct{}), changedNet: make(chan struct{}, 1), changed: make(chan struct{}),
		name: cfg.ClientID, since: time.Now(), forwards: make(map[*Forward]struct{}),
	}
	c.base, c.cancel = context.WithCancel(context.Background())
	c.sessions.init()
	c.offers.set(cfg.Services)
	c.parked = newParked(c)
	c.streams = c.newStreams()
	c.udp = newUDPProvider(c)
	c.sessions.begun = append(c.sessions.begun, c.udp.begun)
	return c
}

// Run signs in and stays signed in. It returns nil once ctx has ended and open
// connections have been given DrainTimeout to end; or an *Error when there is
// no point in trying any more. It can be called once.
func (c *Client) Run(ctx context.Context) error {
	c.mu.Lock()
	if c.running {
		c.mu.Unlock()
		return errors.New("the client runs already, or has run")
	}
	c.running = true
	c.mu.Unlock()
	c.spawn(c.parked.run)
	c.spawn(c.watchNetwork)
	c.spawn(c.reportStreams)
	err := c.stay(ctx)
	c.shutdown(err)
	return err
}

// Ready is closed after the first successful registration.
func (c *Client) Ready() <-chan struct{} { return c.ready }

// spawn runs f as a task that Run waits for; f ends when its context does. It
// returns false once the client has stopped.
func (c *Client) spawn(f func(context.Context)) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopped {
		return false
	}
	c.tasks.Go(func() { f(c.base) })
	return true
}

// welcome takes the gateway's answer to a registration.
func (c *Client) welcome(s *signal, p wire.RegisterResponse) {
	s.setTimes(p.HeartbeatInterval, p.HeartbeatTimeout)
	c.sessions.keep(p.Sessions)
	c.way.reset()
	c.gatewayKey.Store(p.GatewayKey)
	c.mu.Lock()
	again := c.signal == s
	c.signal, c.lastErr = s, nil
	c.name = cmp.Or(p.AssignedID, c.name)
	c.relay, c.channels, c.published = "", p.Channels, p.Published
	if p.Relay != nil {
		c.relay = net.JoinHostPort(p.Relay.Host, strconv.Itoa(p.Relay.Port))
	}
	if !again {
		c.since = time.Now()
	}
	c.changeLocked()
	select {
	case <-c.ready:
	default:
		close(c.ready)
	}
	c.mu.Unlock()
	c.tellPublished(p.Published)
	c.parked.sign(p.Key, c.relayAddr())
	c.udp.sign()
	if again {
		return
	}
	c.recheck(afterSignIn)
	c.resumeAll()
	c.log.Info("online as "+cmp.Or(p.AssignedID, c.cfg.ClientID), zap.String("relay", c.relayAddr()))
	for _, f := range c.allForwards() {
		f.renew()
	}
}

// offline notes that the gateway is away. Channels and sessions stay as they
// are: the relay may well be there (rules S11).
func (c *Client) offline(err error, wait time.Duration) {
	c.mu.Lock()
	if c.signal != nil || c.lastErr == nil {
		c.since = time.Now()
	}
	c.signal, c.lastErr = nil, err
	c.changeLocked()
	c.mu.Unlock()
	c.log.Warn("offline; trying again", zap.Duration("in", wait.Round(10*time.Millisecond)), zap.Error(err))
}

// changeLocked wakes whoever waits for a change of the state.
func (c *Client) changeLocked() {
	close(c.changed)
	c.changed = make(chan struct{})
}

// online waits until the client is signed in.
func (c *Client) online(ctx context.Context) (*signal, error) {
	for {
		c.mu.Lock()
		s, changed, stopped, final := c.signal, c.changed, c.draining || c.stopped, c.final
		c.mu.Unlock()
		if final != nil {
			return nil, final
		}
		if stopped {
			return nil, errStopped
		}
		if s != nil {
			select {
			case <-s.done: // Run has yet to notice
			default:
				return s, nil
			}
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, &Error{Kind: Unreachable, Err: c.whyOffline(ctx.Err())}
		}
	}
}

// whyOffline prefers the gateway's trouble to the caller's impatience.
func (c *Client) whyOffline(err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lastErr != nil {
		return c.lastErr
	}
	return err
}

func (c *Client) isOnline() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.signal == nil {
		return false
	}
	select {
	case <-c.signal.done:
		return false
	default:
		return true
	}
}

func (c *Client) allForwards() []*Forward {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Collect(maps.Keys(c.forwards))
}

func (c *Client) isDraining() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.draining
}

// wantedName is the name to register: the one in force, so that an assigned
// one is kept.
func (c *Client) wantedName() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.name
}

func (c *Client) relayAddr() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.relay
}

func (c *Client) channelsPath() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.channels
}

// shutdown ends everything. Without an error it gives open connections time to
// end by themselves; the gateway is left last, because that resets them.
func (c *Client) shutdown(final error) {
	c.mu.Lock()
	c.draining, c.final = true, final
	s := c.signal
	c.changeLocked()
	c.mu.Unlock()
	for _, f := range c.allForwards() {
		f.carrier.close()
	}
	c.parked.drop()
	if final == nil && c.cfg.DrainTimeout > 0 {
		c.drain()
	}
	c.mu.Lock()
	c.stopped, c.signal, c.since = true, nil, time.Now()
	c.changeLocked()
	c.mu.Unlock()
	if s != nil {
		_ = s.send(wire.TypeUnregister, "", nil) // it may be gone
		s.end(errStopped)
	}
	c.streams.Close() // says so to the other ends, over channels of sessions
	c.cancel()
	c.sessions.closeAll()
	c.tasks.Wait()
	c.mover.Close()
}

// publishedQuiet is for how long nothing is to move over the connections of
// published websites until none of them is waited for.
const publishedQuiet = time.Second

func (c *Client) drain() {
	idle := c.busy.idle()
	select {
	case <-idle:
		return
	default:
	}
	c.log.Info("waiting for open connections", zap.Int("connections", c.busy.count()), zap.Duration("at_most", c.cfg.DrainTimeout))
	end := time.NewTimer(c.cfg.DrainTimeout)
	defer end.Stop()
	look := time.NewTicker(publishedQuiet)
	defer look.Stop()
	for before := c.offers.published(); ; {
		select {
		case <-idle:
			return
		case <-end.C:
			c.log.Warn("resetting connections that are still open", zap.Int("connections", c.busy.count()))
			return
		case <-look.C:
		}
		now := c.offers.published()
		if now == before && now.open == c.busy.count() {
			return // connections that are kept for requests to come
		}
		before = now
	}
}
