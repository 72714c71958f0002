// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package signaling

import (
	"fmt"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/zap"
	"golang.org/x/time/rate"

	"github.com/culvertd/culvert/internal/wire"
)

// bare is a connection without a socket: what is sent stays in its outbox.
func bare(s *Server, id string) *conn {
	c := &conn{
		srv: s, host: "gateway", token: s.tokens[HashToken(id)], out: newOutbox(),
		messages: rate.NewLimiter(rate.Inf, 1), mistakes: rate.NewLimiter(rate.Inf, 1), registerBy: time.Now().Add(time.Hour),
	}
	c.touch()
	return c
}

// FuzzMessages: whatever a client says, all that is said to anybody can be
// read, and the server's books agree with one another.
func FuzzMessages(f *testing.F) {
	service := `{"id":"web","protocol":"http","localPort":80,"localHost":"h"}`
	for _, seed := range []string{
		`{"type":"register","payload":{"clientId":"a","services":[` + service + `]}}`,
		`{"type":"register","id":"1","payload":{"clientId":"","services":[],"instance":"i","version":1}}`,
		`{"type":"get_client_list"}`,
		`{"type":"connect_request","payload":{"toClientId":"peer","serviceId":"web","sessionId":"s"}}`,
		`{"type":"connect_request","payload":{"toClientId":"me","serviceId":"web"}}`,
		`{"type":"accept_session","payload":{"sessionId":"$request"}}`,
		`{"type":"reject_session","payload":{"sessionId":"$request","reason":"no"}}`,
		`{"type":"session_connected","payload":{"sessionId":"$session"}}`,
		`{"type":"session_closed","payload":{"sessionId":"$session"}}`,
		`{"type":"heartbeat","payload":{"timestamp":1}}`,
		`{"type":"unregister"}`,
		`{"type":"register","payload":{"clientId":"me","instance":"i","publicKey":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}}`,
		`{"type":"register","payload":{"publicKey":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","rotation":{"previous":"x","signature":"eA=="}}}`,
		`{"type":"connect_request","payload":{"toClientId":"peer","serviceId":"web","encryption":"none"}}`,
		`{"type":"resume_wanted","payload":{"sessionId":"$session","streams":["00112233445566778899aabbccddeeff"]}}`,
		`{"type":"streams","payload":{"total":1,"streams":[{"id":"00112233445566778899aabbccddeeff","role":"visitor","peer":"p","service":"s"}]}}`,
		`{"type":"error","payload":{"code":"x"}}`,
		`{"type":"x","payload":null}`, `{"type":"register","payload":[]}`, `[]`, `{`, "\xff",
	} {
		f.Add(websocket.TextMessage, []byte(seed), true)
	}
	f.Add(websocket.BinaryMessage, []byte(`{"type":"heartbeat"}`), false)
	f.Fuzz(func(t *testing.T, kind int, b []byte, registered bool) {
		st := &memory{
			tokens:  []Token{tokenOf("t1", ""), tokenOf("t2", "")},
			clients: map[clientKey]Client{}, used: map[string]time.Time{},
		}
		s, err := New(t.Context(), Config{RelayPort: 9001}, st, zap.NewNop)
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			_ = s.Relay().Close(t.Context())
			close(s.stop)
			s.loops.Wait()
		}()
		me, peer := bare(s, "t1"), bare(s, "t2")
		say := func(c *conn, format string, args ...any) {
			c.hear(websocket.TextMessage, fmt.Appendf(nil, format, args...))
		}
		say(peer, `{"type":"register","payload":{"clientId":"peer","services":[%s]}}`, service)
		if registered {
			say(me, `{"type":"register","payload":{"clientId":"me","instance":"i","services":[%s]}}`, service)
			say(peer, `{"type":"connect_request","payload":{"toClientId":"me","serviceId":"web"}}`)
		}
		var request, session string
		for id := range s.requests {
			request = id
		}
		say(me, `{"type":"connect_request","payload":{"toClientId":"peer","serviceId":"web"}}`)
		for id := range s.requests {
			if id != request {
				say(peer, `{"type":"accept_session","payload":{"sessionId":"%s"}}`, id)
				session = id
			}
		}
		me.hear(kind, replace(b, request, session))
		me.hear(kind, replace(b, request, session)) // and once more
		for _, c := range []*conn{me, peer} {
			for _, text := range c.out.queue {
				if _, err := wire.Decode(text); err != nil {
					t.Errorf("%q: %v", text, err)
				}
			}
		}
		s.audit(t)
	})
}

// replace puts real ids where a message has a place for them.
func replace(b []byte, request, session string) []byte {
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		rest := string(b[i:min(i+8, len(b))])
		switch rest {
		case "$request":
			out, i = append(out, request...), i+7
		case "$session":
			out, i = append(out, session...), i+7
		default:
			out = append(out, b[i])
		}
	}
	return out
}

// audit checks that the maps agree.
func (s *Server) audit(t *testing.T) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, ss := range s.sessions {
		if ss.id != id || ss.provider.sessions[id] != ss || ss.visitor.sessions[id] != ss {
			t.Errorf("session %s is not its ends'", id)
		}
	}
	for id, r := range s.requests {
		if r.id != id || r.provider.requests[id] != r || r.visitor.requests[id] != r || r.provider.conn == nil || r.visitor.conn == nil {
			t.Errorf("request %s is not its ends'", id)
		}
	}
	for rc, l := range s.lives {
		if l.relay != rc || l.retired || l.client.life != l || l.client.account.clients[l.client.name] != l.client {
			t.Errorf("life of %s", l.client.name)
		}
		for id := range l.sessions {
			if s.sessions[id] == nil {
				t.Errorf("%s has a session that does not exist", l.client.name)
			}
		}
		if l.conn != nil && l.conn.life != l {
			t.Errorf("connection of %s", l.client.name)
		}
	}
	names := make(map[*token]int)
	for id, acc := range s.accounts {
		open := acc.open
		if s.recountLocked(acc); acc.ID != id || acc.open != open {
			t.Errorf("account %d (%d) has %d sessions and requests, not %d", id, acc.ID, acc.open, open)
		}
		for name, cl := range acc.clients {
			if cl.name != name || cl.owner == nil || cl.account != acc || cl.owner.account != acc {
				t.Errorf("client %s", name)
			}
			if !isAssigned(name) {
				names[cl.owner]++
			}
		}
	}
	for _, tok := range s.tokens {
		if names[tok] != tok.names {
			t.Errorf("token %s has %d names, not %d", tok.ID, names[tok], tok.names)
		}
		if _, ok := tok.account.tokens[tok]; !ok || s.accounts[tok.account.ID] != tok.account {
			t.Errorf("token %s is not its account's", tok.ID)
		}
	}
}
