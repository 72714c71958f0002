// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/culvertd/culvert/internal/wire"
)

// session is the leave to use one service, at one of its ends. It does not
// change after it was made.
type session struct {
	id      string
	role    string // wire.Provider or wire.Visitor
	peer    string
	service wire.Service                    // as the gateway told it
	relay   string                          // host:port; empty where the gateway has only WebSocket
	key     *channelKey                     // the visitor's
	block   uint32                          // first of this end's UDP ids, if the service is UDP
	peerKey *wire.PublicKey                 // as the gateway told it
	mode    string                          // wire.ModePlain or wire.ModeTLS
	spec    ForwardSpec                     // the visitor's wish
	warm    *warm                           // the visitor's, if it is plain, not UDP, and not within the gateway
	pool    *pool                           // the visitor's, if it is neither
	proven  *atomic.Pointer[wire.PublicKey] // the provider's, at the visitor
	tls     *tls.Config                     // of its channels, if the mode is that

	done chan struct{} // closed when it has ended
	err  error         // why; set before done is closed
	code string        // the gateway's
}

// sessionKey: one client may be both ends of a session.
type sessionKey struct{ id, role string }

// sessions are those that exist.
type sessions struct {
	mu    sync.Mutex // guards the fields below
	live  map[sessionKey]*session
	added chan struct{} // closed, and replaced, with each new one
	// begun is called for each new session, before anything can happen to it.
	begun []func(*session)
}

func (t *sessions) init() {
	t.live, t.added = make(map[sessionKey]*session), make(chan struct{})
}

var errSessionGone = errors.New("the gateway does not have the session any more")

// created makes a session of the gateway's message.
func (c *Client) created(s *signal, p wire.CreateSession) {
	ss := &session{
		id: p.SessionID, role: p.Role, peer: p.PeerClientID, service: p.Service, block: p.Block, peerKey: p.PeerKey,
		mode: cmp.Or(p.Mode, wire.ModePlain), proven: new(atomic.Pointer[wire.PublicKey]), done: make(chan struct{}),
	}
	if ss.role == "" {
		ss.role = wire.Provider
		if p.Key != nil {
			ss.role = wire.Visitor
		}
	}
	if p.RelayAddr.Port != 0 {
		ss.relay = net.JoinHostPort(p.RelayAddr.Host, strconv.Itoa(p.RelayAddr.Port))
	}
	if err := c.judge(ss, p); err != nil {
		c.log.Warn("refusing a session", zap.String("with", ss.peer), zap.String("service", ss.service.ID), zap.Error(err))
		_ = s.send(wire.TypeSessionClosed, "", wire.SessionClosed{SessionID: p.SessionID, Reason: "not a session that this client can use"})
		return
	}
	if ss.mode == wire.ModeTLS {
		ss.tls = c.tlsConfig(ss)
	}
	if ss.role == wire.Visitor {
		ss.key = &channelKey{Key: *p.Key}
		switch {
		case p.Service.Transport() != wire.TCP, ss.mode == wire.ModePlain && c.cfg.Within != nil:
		case ss.mode == wire.ModePlain:
			ss.warm = newWarm(c, ss)
			c.spawn(ss.warm.run)
		default:
			ss.pool = newPool(c, ss)
			c.spawn(ss.pool.run)
		}
	}
	c.sessions.add(ss)
	c.log.Debug("session", zap.String("id", ss.id), zap.String("as", ss.role), zap.String("with", ss.peer), zap.String("service", ss.service.ID))
	_ = s.send(wire.TypeSessionConnected, "", wire.SessionConnected{SessionID: ss.id})
}

// judge checks a session against what this end has said itself: the gateway
// could lie about what both have agreed to.
func (c *Client) judge(ss *session, p wire.CreateSession) error {
	var encryption string
	if ss.role == wire.Visitor {
		if p.Key == nil {
			return errors.New("it has no key")
		}
		spec, ok := c.wishes.find(p.Label)
		if !ok || spec.Service != p.Service.ID {
			return errors.New("it was not asked for")
		}
		ss.spec, encryption = spec, spec.Encryption
	} else {
		v, ok := c.offers.find(ss.service.ID)
		if !ok {
			return errors.New("there is no such service")
		}
		encryption = v.service.Encryption
	}
	switch ss.mode {
	case wire.ModePlain:
		if !c.mayBePlain(encryption) {
			return errNotAsked
		}
	case wire.ModeTLS:
		if c.cfg.Key == nil {
			return errors.New("it wants encryption, for which this end has no key")
		}
	default:
		return errors.New("its mode " + ss.mode + " is unknown")
	}
	return nil
}

func (t *sessions) add(ss *session) {
	t.mu.Lock()
	t.live[sessionKey{ss.id, ss.role}] = ss
	close(t.added)
	t.added = make(chan struct{})
	begun := t.begun
	t.mu.Unlock()
	for _, f := range begun {
		f(ss)
	}
}

// await returns a session that exists or is about to.
func (t *sessions) await(ctx context.Context, k sessionKey) (*session, error) {
	for {
		t.mu.Lock()
		ss, added := t.live[k], t.added
		t.mu.Unlock()
		if ss != nil {
			return ss, nil
		}
		select {
		case <-added:
		case <-ctx.Done():
			return nil, errSessionGone
		}
	}
}

// visitor returns the session that answers a request of ours.
func (t *sessions) visitor(id string) *session {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.live[sessionKey{id, wire.Visitor}]
}

// refresh has all warm channels be new ones.
func (t *sessions) refresh(least time.Duration) {
	t.mu.Lock()
	var all []*reserve
	for _, ss := range t.live {
		switch {
		case ss.warm != nil:
			all = append(all, ss.warm.reserve)
		case ss.pool != nil:
			all = append(all, ss.pool.reserve)
		}
	}
	t.mu.Unlock()
	for _, r := range all {
		r.refresh(least)
	}
}

// count returns how many visitors have leave to use a service of ours.
func (t *sessions) count(service string) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := 0
	for _, ss := range t.live {
		if ss.role == wire.Provider && ss.service.ID == service {
			n++
		}
	}
	return n
}

// sessionClosed ends a session on the gateway's word. Its streams end with it
// only if that is final; otherwise they go on with another one (rules S11).
func (c *Client) sessionClosed(p wire.SessionClosed) {
	reason := cmp.Or(p.Reason, "the session has ended")
	for _, role := range []string{wire.Provider, wire.Visitor} {
		ss := c.sessions.end(sessionKey{p.SessionID, role}, p.Code, errors.New(reason))
		if ss != nil && p.Final {
			c.endStreams(ss, true)
		}
	}
}

// keep ends all but those that the gateway still has.
func (t *sessions) keep(ids []string) {
	t.mu.Lock()
	var gone []sessionKey
	for k := range t.live {
		if !slices.Contains(ids, k.id) {
			gone = append(gone, k)
		}
	}
	t.mu.Unlock()
	for _, k := range gone {
		t.end(k, "", errSessionGone)
	}
}

// drop ends one that does not work any more.
func (t *sessions) drop(ss *session, err error) {
	t.end(sessionKey{ss.id, ss.role}, "", err)
}

func (t *sessions) closeAll() { t.keep(nil) }

// end returns the session, unless it had ended before.
func (t *sessions) end(k sessionKey, code string, err error) *session {
	t.mu.Lock()
	ss := t.live[k]
	delete(t.live, k)
	t.mu.Unlock()
	if ss != nil {
		ss.code, ss.err = code, err
		close(ss.done)
	}
	return ss
}

// ended reports whether the session is over.
func (ss *session) ended() bool {
	select {
	case <-ss.done:
		return true
	default:
		return false
	}
}
