// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"errors"
	"net"
	"slices"
	"strconv"
	"sync"

	"go.uber.org/zap"

	"github.com/culvertd/culvert/internal/wire"
)

// session is the leave to use one service, at one of its ends. It does not
// change after it was made.
type session struct {
	id      string
	role    string // wire.Provider or wire.Visitor
	peer    string
	service wire.Service // as the gateway told it
	relay   string       // host:port; empty where the gateway has only WebSocket
	key     *channelKey  // the visitor's
	block   uint32       // first of this end's UDP ids, if the service is UDP
	warm    *warm        // the visitor's, if the service is not UDP

	done chan struct{} // closed when it has ended
	err  error         // why; set before done is closed
	code string        // the gateway's
}

// sessionKey: one client may be both ends of a session.
type sessionKey struct{ id, role string }

// sessions are those that exist.
type sessions struct {
	mu   sync.Mutex // guards the fields below
	live map[sessionKey]*session
	// begun is called for each new session, before anything can happen to it.
	begun []func(*session)
}

func (t *sessions) init() { t.live = make(map[sessionKey]*session) }

var errSessionGone = errors.New("the gateway does not have the session any more")

// created makes a session of the gateway's message.
func (c *Client) created(s *signal, p wire.CreateSession) {
	ss := &session{
		id: p.SessionID, role: p.Role, peer: p.PeerClientID, service: p.Service, block: p.Block, done: make(chan struct{}),
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
	if ss.role == wire.Visitor {
		if p.Key == nil || p.Mode != "" && p.Mode != wire.ModePlain {
			_ = s.send(wire.TypeSessionClosed, "", wire.SessionClosed{SessionID: p.SessionID, Reason: "not a session that this client can use"})
			return
		}
		ss.key = &channelKey{Key: *p.Key}
		if p.Service.Transport() == wire.TCP {
			ss.warm = newWarm(c, ss)
			c.spawn(ss.warm.run)
		}
	}
	c.sessions.add(ss)
	c.log.Debug("session", zap.String("id", ss.id), zap.String("as", ss.role), zap.String("with", ss.peer), zap.String("service", ss.service.ID))
	_ = s.send(wire.TypeSessionConnected, "", wire.SessionConnected{SessionID: ss.id})
}

func (t *sessions) add(ss *session) {
	t.mu.Lock()
	t.live[sessionKey{ss.id, ss.role}] = ss
	begun := t.begun
	t.mu.Unlock()
	for _, f := range begun {
		f(ss)
	}
}

// visitor returns the session that answers a request of ours.
func (t *sessions) visitor(id string) *session {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.live[sessionKey{id, wire.Visitor}]
}

// refresh has all warm channels be new ones.
func (t *sessions) refresh() {
	t.mu.Lock()
	var all []*warm
	for _, ss := range t.live {
		if ss.warm != nil {
			all = append(all, ss.warm)
		}
	}
	t.mu.Unlock()
	for _, w := range all {
		w.refresh()
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

// close ends a session on the gateway's word.
func (t *sessions) close(p wire.SessionClosed) {
	reason := p.Reason
	if reason == "" {
		reason = "the session has ended"
	}
	for _, role := range []string{wire.Provider, wire.Visitor} {
		t.end(sessionKey{p.SessionID, role}, p.Code, errors.New(reason))
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

func (t *sessions) end(k sessionKey, code string, err error) {
	t.mu.Lock()
	ss := t.live[k]
	delete(t.live, k)
	t.mu.Unlock()
	if ss != nil {
		ss.code, ss.err = code, err
		close(ss.done)
	}
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
