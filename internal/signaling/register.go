// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package signaling

import (
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/culvertd/culvert/internal/wire"
)

const (
	// registerTimeout is how long a connection may be without a name.
	registerTimeout = 10 * time.Second
	// grace is how long the keys and sessions of a client whose connection is
	// lost are kept: it changes networks, or the gateway's site reloads (rules
	// S11).
	grace = 2 * time.Minute
	// maxNames bounds the names that one token can hold for ever.
	maxNames = 1000
	// More takeovers of one name than these within alarmWindow mean that two
	// processes fight for it.
	alarmTakeovers = 3
	alarmWindow    = time.Minute
)

// register gives the connection a name, or changes what its client offers.
func (s *Server) register(c *conn, id string, p *wire.Register) *wire.ErrorPayload {
	if err := check(p); err != nil {
		c.refuseName(id, invalid("%s", strings.ReplaceAll(err.Error(), "\n", "; ")))
		return nil
	}
	s.mu.Lock()
	defer s.unlock()
	if s.closed || c.out.ended() {
		return nil
	}
	name, no := s.nameLocked(c, p.ClientID)
	if no != nil {
		c.refuseName(id, no)
		return nil
	}
	acc := c.token.account
	cl := acc.clients[name]
	if cl == nil {
		cl = &client{account: acc, name: name}
	}
	if no := cl.admits(p); no != nil {
		c.refuseName(id, no)
		return nil
	}
	acc.clients[name] = cl
	s.ownLocked(cl, c.token)
	s.rememberLocked(cl, p.PublicKey)
	l := s.takeLocked(cl, c, p.Instance)
	cl.asked = p.Services
	s.offerLocked(cl, s.claimLocked(cl))
	s.keepLocked(cl)
	c.send(wire.TypeRegisterResponse, id, s.welcomeLocked(l))
	for _, why := range l.missed {
		c.send(wire.TypeSessionClosed, "", why)
	}
	l.missed = nil
	return nil
}

// refuseName answers a registration that failed; the connection may try again.
func (c *conn) refuseName(id string, no *wire.ErrorPayload) {
	c.srv.count.refuse(no.Code)
	c.send(wire.TypeRegisterResponse, id, wire.RegisterResponse{
		Error: no.Message, Code: no.Code, Version: wire.ProtocolVersion,
	})
	c.mistake(no)
}

// ownLocked makes t the owner of the name.
func (s *Server) ownLocked(cl *client, t *token) {
	if cl.owner == t {
		return
	}
	if !isAssigned(cl.name) {
		if cl.owner != nil {
			cl.owner.names--
		}
		t.names++
	}
	cl.owner = t
}

// takeLocked makes c the connection of the name: the newest holder with the
// right to it is the one. The same instance goes on where it was; another one,
// or one with another key, begins a new life.
func (s *Server) takeLocked(cl *client, c *conn, instance string) *life {
	l, now := cl.life, time.Now()
	same := l != nil && (l.conn == c || instance != "") && l.instance == instance && sameKey(l.publicKey, cl.publicKey)
	var old *conn
	if l != nil && l.conn != c {
		old = l.conn
	}
	if !same {
		if l != nil {
			s.retireLocked(l)
		}
		l = &life{
			client: cl, instance: instance, publicKey: cl.publicKey, key: wire.NewKey(),
			sessions: make(map[string]*session), requests: make(map[string]*request),
		}
		l.relay = s.relay.AddClient(cl.name, l.key)
		s.lives[l.relay] = l
		cl.life, cl.registeredAt = l, now
	}
	if same && l.conn != c {
		s.after = append(s.after, l.relay.Renew)
	}
	switch {
	case old == nil:
	case same:
		// Its own process has let go of that connection. 4409 could be taken
		// for a verdict on the process.
		old.life = nil
		old.out.finish(wire.CloseNormal, "this client has a newer connection", false)
	default:
		old.send(wire.TypeError, "", &wire.ErrorPayload{
			Code:    wire.CodeReplaced,
			Message: "another process signed in as " + cl.name + " from " + c.addr.String() + "; only one can have a name",
		})
		old.out.finish(wire.CloseReplaced, "replaced by another process with this name", false)
		s.countTakeoverLocked(cl, now)
	}
	if l.conn != c && !cl.account.isGateway() {
		s.log().Info("client online", zap.String("client", cl.fullName()), zap.Stringer("client_ip", c.addr),
			zap.String("token", c.token.ID), zap.Bool("resumed", same))
		s.tellLocked(Event{Kind: EventClientOnline, Account: cl.account.Account, Subject: cl.name})
	}
	c.life, l.conn, l.token = l, c, c.token
	return l
}

// retireLocked takes the name from a process. What its sessions carry goes on
// (rules R9), but nothing new is opened: visitors are to ask again, for they
// would not find this process any more.
func (s *Server) retireLocked(l *life) {
	s.cancelRequestsLocked(l)
	delete(s.lives, l.relay)
	if l.conn != nil {
		l.conn.life = nil
		l.conn = nil
	}
	l.retired, l.away = true, time.Now()
	s.after = append(s.after, l.relay.Close)
	for _, ss := range l.sessions {
		if ss.provider != l || ss.orphaned {
			ss.orphaned = true
			continue
		}
		ss.orphaned = true
		ss.tell(ss.visitor, wire.SessionClosed{
			SessionID: ss.id, Code: wire.CodeClientOffline, Reason: l.client.name + " was started anew; ask again",
		})
	}
}

func (s *Server) countTakeoverLocked(cl *client, now time.Time) {
	s.count.takeovers.Add(1)
	cl.takeovers = slices.DeleteFunc(cl.takeovers, func(t time.Time) bool { return now.Sub(t) > alarmWindow })
	cl.takeovers = append(cl.takeovers, now)
	if len(cl.takeovers) <= alarmTakeovers {
		return
	}
	s.count.alarms.Add(1)
	s.log().Warn("processes fight for a client's name; give each its own clientId",
		zap.String("client", cl.fullName()), zap.Int("takeovers_a_minute", len(cl.takeovers)))
	cl.takeovers = nil // the next alarm is for as many again
}

// offerLocked replaces what a client offers. Sessions for what is gone end; the
// client itself sees it in the list of its answer.
func (s *Server) offerLocked(cl *client, services []wire.Service) {
	cl.services = services
	for _, ss := range cl.life.sessions {
		if ss.provider != cl.life || ss.orphaned {
			continue
		}
		switch v, ok := cl.service(ss.service.ID); {
		case !ok || v.Transport() != ss.service.Transport():
			s.endSessionLocked(ss, wire.SessionClosed{
				Code: wire.CodeServiceNotFound, Reason: cl.name + " does not offer " + ss.service.ID + " any more", Final: true,
			}, cl.life)
		case !s.mayVisitLocked(ss.visitor.client.account, cl, v):
			s.endSessionLocked(ss, wire.SessionClosed{
				Code: wire.CodeNotPublished, Reason: cl.name + " does not publish " + ss.service.ID + " any more", Final: true,
			}, cl.life)
		case ss.mode == wire.ModePlain && !agree(ss.visitor, ss.provider, ss.wish, v).providerBare:
			s.endSessionLocked(ss, wire.SessionClosed{
				Code: wire.CodeNoEncryption, Reason: cl.name + " wants " + ss.service.ID + " encrypted from now on; ask again",
			}, cl.life)
		}
	}
}

func (cl *client) service(id string) (wire.Service, bool) {
	i := slices.IndexFunc(cl.services, func(v wire.Service) bool { return v.ID == id })
	if i < 0 {
		return wire.Service{}, false
	}
	return cl.services[i], true
}

// welcomeLocked is the answer for a client that is registered.
func (s *Server) welcomeLocked(l *life) wire.RegisterResponse {
	cfg := s.config.Load()
	key := l.key
	r := wire.RegisterResponse{
		Success:           true,
		AssignedID:        l.client.name,
		Version:           wire.ProtocolVersion,
		Channels:          ChannelsPath,
		Key:               &key,
		GatewayKey:        cfg.GatewayKey,
		Published:         cfg.published(l.client),
		HeartbeatInterval: cfg.HeartbeatInterval.Milliseconds(),
		HeartbeatTimeout:  cfg.HeartbeatTimeout.Milliseconds(),
	}
	if cfg.RelayPort != 0 {
		addr := cfg.relayAddr(l.conn.host, wire.TCP)
		r.Relay = &addr
	}
	for _, ss := range l.sessions {
		if !ss.orphaned {
			r.Sessions = append(r.Sessions, ss.id)
		}
	}
	slices.Sort(r.Sessions)
	return r
}

// RelayAddr returns where clients that reach the gateway at host are told to
// find the relay, as host and port; "" if there is only the WebSocket.
func (s *Server) RelayAddr(host string) string {
	a := s.config.Load().relayAddr(host, wire.TCP)
	if a.Port == 0 {
		return ""
	}
	return net.JoinHostPort(a.Host, strconv.Itoa(a.Port))
}

// relayAddr is where a client that reaches the gateway at host finds the
// relay; the port is 0 if there is only the WebSocket.
func (c *Config) relayAddr(host, protocol string) wire.RelayAddr {
	a := wire.RelayAddr{Host: host, Port: c.RelayPort, Protocol: protocol}
	if c.AdvertiseHost != "" {
		a.Host = c.AdvertiseHost
	}
	if c.AdvertisePort != 0 && c.RelayPort != 0 {
		a.Port = c.AdvertisePort
	}
	return a
}

// unregister ends what the client had at once. The connection may register
// again.
func (s *Server) unregister(c *conn) *wire.ErrorPayload {
	s.mu.Lock()
	defer s.unlock()
	l := c.life
	if l == nil {
		return errNotRegistered
	}
	s.detachLocked(c)
	s.endLifeLocked(l, l.client.name+" has left", true)
	return nil
}

// endLifeLocked ends the sessions of a client that will not come back to them,
// and takes its key. final says that it is gone on purpose; streams of one that
// is only away may still find it again (rules S12).
func (s *Server) endLifeLocked(l *life, reason string, final bool) {
	for _, ss := range l.sessions {
		s.endSessionLocked(ss, wire.SessionClosed{Code: wire.CodeClientOffline, Reason: reason, Final: final}, l)
	}
	s.cancelRequestsLocked(l)
	if !l.retired {
		l.retired = true
		delete(s.lives, l.relay)
		s.after = append(s.after, l.relay.Close)
	}
	if l.client.life == l {
		l.client.life = nil
		if isAssigned(l.client.name) {
			delete(l.client.account.clients, l.client.name)
			s.releaseLocked(l.client)
		}
	}
}
