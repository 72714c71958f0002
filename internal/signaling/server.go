// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package signaling

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/culvertd/culvert/internal/relay"
	"github.com/culvertd/culvert/internal/wire"
)

// Server knows who is there and what is open between them. Its methods may be
// called at any time from any goroutine.
type Server struct {
	log    func() *zap.Logger
	began  time.Time
	relay  *relay.Relay
	config atomic.Pointer[Config]
	guard  guard
	keeper keeper
	count  counters
	past   past
	names  names
	block  atomic.Pointer[func(netip.Addr) bool] // nil: nobody

	ownToken string // of the gateway's own client; it does not change

	mu       sync.Mutex // guards the fields below; see unlock
	tokens   map[[sha256.Size]byte]*token
	accounts map[int64]*account
	grants   grants
	lives    map[*relay.Client]*life // those that are not retired
	sessions map[string]*session
	requests map[string]*request
	conns    map[*conn]struct{}
	watch    func(Event)      // nil: nobody
	ports    Ports            // nil: not yet
	domains  map[string]int64 // account by domain; nil: not known yet
	closed   bool
	after    []func() // what unlock does

	tasks sync.WaitGroup // goroutines of connections
	stop  chan struct{}
	loops sync.WaitGroup // the server's own
}

// token is a Token in force.
type token struct {
	Token
	account *account
	names   int       // clients that it owns, assigned names aside
	written time.Time // the last use that the store has or is about to get
}

// client is a name that is known.
type client struct {
	account      *account
	name         string // unique within the account
	owner        *token // who registered it last
	services     []wire.Service
	asked        []wire.Service  // services, with the hosts and ports that it wanted
	published    []outcome       // what came of these
	publicKey    *wire.PublicKey // that it must come with; nil: none is known
	registeredAt time.Time
	lastSeen     time.Time // while it is offline
	life         *life     // nil when it has been offline for the grace
	takeovers    []time.Time
	in, out      uint64 // bytes of sessions that have ended
}

// life is one process of a client, from its registration until it is away for
// too long or another process takes the name.
//
//	         connection lost            grace over, unregister
//	online ──────────────────► away ──────────────────────────► gone
//	  │ ▲                        │
//	  │ └─ same instance ────────┤
//	  └──── other instance ──────┴────► retired, until its sessions have ended
type life struct {
	client   *client
	token    *token
	instance string // empty: a program that knows only the first design
	// publicKey is the one that the process came with; nil: it knows no
	// encryption.
	publicKey *wire.PublicKey
	relay     *relay.Client
	key       wire.Key
	conn      *conn     // nil while it is away
	away      time.Time // since when
	retired   bool
	sessions  map[string]*session
	requests  map[string]*request
	missed    []wire.SessionClosed // final ones, while it was away
	streams   StreamReport
}

// New returns a server with a relay of its own, and everything that st knows.
// log is asked each time, because the logger belongs to a config.
func New(ctx context.Context, cfg Config, st Store, log func() *zap.Logger) (*Server, error) {
	s := &Server{
		log:      log,
		began:    time.Now(),
		tokens:   make(map[[sha256.Size]byte]*token),
		accounts: make(map[int64]*account),
		lives:    make(map[*relay.Client]*life),
		sessions: make(map[string]*session),
		requests: make(map[string]*request),
		conns:    make(map[*conn]struct{}),
		stop:     make(chan struct{}),
	}
	s.keeper.init(st, log)
	s.names.byName, s.names.byPort = make(map[string]named), make(map[Port]named)
	if err := s.load(ctx, func(Account) bool { return true }); err != nil {
		return nil, err
	}
	s.domains = make(map[string]int64) // until SetDomains
	s.addOwnToken()
	c := cfg.withDefaults()
	s.config.Store(c)
	s.relay = relay.New(c.Relay, s, log)
	s.loops.Go(s.sweep)
	s.loops.Go(func() { s.keeper.run(s.stop) })
	return s, nil
}

// load puts in force what the store has of the accounts that are wanted.
func (s *Server) load(ctx context.Context, wanted func(Account) bool) error {
	tokens, err := s.keeper.store.Tokens(ctx)
	if err != nil {
		return fmt.Errorf("loading client tokens: %w", err)
	}
	clients, err := s.keeper.store.Clients(ctx)
	if err != nil {
		return fmt.Errorf("loading clients: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	byID := make(map[string]*token, len(tokens))
	for _, t := range tokens {
		if wanted(t.Account) {
			byID[t.ID] = s.addTokenLocked(t)
		}
	}
	for _, c := range clients {
		if t := byID[c.TokenID]; t != nil && t.account.clients[c.Name] == nil {
			cl := &client{
				account: t.account, name: c.Name, owner: t,
				publicKey: c.PublicKey, registeredAt: c.RegisteredAt, lastSeen: c.LastSeen, asked: c.Services,
			}
			s.reclaimLocked(cl)
			t.account.clients[c.Name] = cl
			t.names++
		}
	}
	return nil
}

// Relay returns the relay. Whoever brings it sockets closes it, after Close.
func (s *Server) Relay() *relay.Relay { return s.relay }

// Configure puts a config in force. Those who are registered are told what
// changed for them by another register_response.
func (s *Server) Configure(cfg Config) {
	c := cfg.withDefaults()
	s.mu.Lock()
	defer s.unlock()
	was := s.config.Swap(c)
	s.relay.Configure(c.Relay)
	if was.TCPPorts != c.TCPPorts || was.UDPPorts != c.UDPPorts {
		s.reclaimPortsLocked()
	}
	if was.HeartbeatInterval == c.HeartbeatInterval && was.HeartbeatTimeout == c.HeartbeatTimeout &&
		was.RelayPort == c.RelayPort && was.PublicSite == c.PublicSite && was.DomainSite == c.DomainSite && was.PublicHost == c.PublicHost && was.TCPPorts == c.TCPPorts && was.UDPPorts == c.UDPPorts && was.AdvertiseHost == c.AdvertiseHost && was.AdvertisePort == c.AdvertisePort {
		return
	}
	for _, l := range s.lives {
		if l.conn != nil {
			l.conn.send(wire.TypeRegisterResponse, "", s.welcomeLocked(l))
		}
	}
}

// unlock does what was left for later while mu was held: closing things of the
// relay's, which may take its time and call back.
func (s *Server) unlock() {
	after := s.after
	s.after = nil
	s.mu.Unlock()
	for _, f := range after {
		f()
	}
}

func (s *Server) stopping() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// admit starts a connection, or returns why it came too late.
func (s *Server) admit(c *conn) *ending {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return &ending{wire.CloseRestart, "the gateway is stopping"}
	case s.tokens[c.token.Hash] != c.token:
		return &ending{wire.CloseUnauthorized, reasonRevoked}
	case s.blocked(c.addr):
		return &ending{wire.ClosePolicy, reasonBlocked}
	}
	s.conns[c] = struct{}{}
	s.tasks.Go(c.read)
	s.tasks.Go(c.write)
	return nil
}

// gone is the last word of a connection.
func (s *Server) gone(c *conn) {
	s.mu.Lock()
	s.detachLocked(c)
	delete(s.conns, c)
	s.unlock()
	c.out.abandon()
	_ = c.ws.Close()
}

// endLocked closes a connection; its client is offline from now on.
func (s *Server) endLocked(c *conn, code int, reason string) {
	s.detachLocked(c)
	c.out.finish(code, reason, false)
}

// detachLocked takes a connection from its client, if it has one.
func (s *Server) detachLocked(c *conn) {
	l := c.life
	if l == nil {
		return
	}
	c.life = nil
	c.registerBy = time.Now().Add(registerTimeout)
	l.conn, l.away = nil, time.Now()
	l.client.lastSeen = c.lastSeen()
	s.keepLocked(l.client)
	s.cancelRequestsLocked(l)
	if l.client.account.isGateway() {
		return
	}
	if !s.closed {
		s.log().Info("client offline", zap.String("client", l.client.fullName()), zap.Stringer("client_ip", c.addr))
	}
	s.tellLocked(Event{Kind: EventClientOffline, Account: l.client.account.Account, Subject: l.client.name})
}

// keepLocked has the store know what cl has become.
func (s *Server) keepLocked(cl *client) {
	if isAssigned(cl.name) || cl.account.isGateway() {
		return
	}
	s.keeper.client(Client{
		Account: cl.account.Account, Name: cl.name, TokenID: cl.owner.ID, Services: cl.services,
		PublicKey: cl.publicKey, RegisteredAt: cl.registeredAt, LastSeen: cl.seen(),
	})
}

// key tells the client from those of other accounts.
func (cl *client) key() clientKey { return clientKey{cl.account.ID, cl.name} }

// fullName is for logs.
func (cl *client) fullName() string { return wire.FullName(cl.account.Name, cl.name) }

// seen returns when the client last showed a sign of life.
func (cl *client) seen() time.Time {
	if cl.online() {
		return cl.life.conn.lastSeen()
	}
	return cl.lastSeen
}
