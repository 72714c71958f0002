// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package signaling

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/culvertd/culvert/internal/refusal"
	"github.com/culvertd/culvert/internal/wsconn"
)

// ChannelsPath is where channels over WebSocket are opened.
const ChannelsPath = "/tunnel/channel"

// handshakeTimeout bounds the writing of the answer to an upgrade.
const handshakeTimeout = 10 * time.Second

// Buffers lent to connections while they write.
var signalingBuffers, channelBuffers sync.Pool

// Serve upgrades a client's request to a signaling connection and returns as
// soon as the connection is the server's. Refusals are answered as JSON before
// the upgrade. addr is the client's address. w must implement http.Hijacker.
func (s *Server) Serve(w http.ResponseWriter, r *http.Request, addr netip.Addr) {
	if s.blocked(addr) {
		refuseBlocked.Write(w)
		return
	}
	t := s.authenticate(r)
	if t == nil {
		s.count.unauthorized.Add(1)
		no := refuseToken
		if wait := s.guard.wrong(addr); wait > 0 {
			no = refuseGuesses(wait)
		}
		no.Write(w)
		return
	}
	ws := s.upgrade(w, r, 1024, &signalingBuffers)
	if ws == nil {
		return
	}
	if end := s.admit(newConn(s, ws, addr, hostOf(r), t)); end != nil {
		frame := websocket.FormatCloseMessage(end.code, end.reason)
		_ = ws.WriteControl(websocket.CloseMessage, frame, time.Now().Add(time.Second)) // it is closed in any case
		_ = ws.Close()
	}
}

// ServeChannel upgrades a request to a channel over WebSocket, and returns as
// soon as the channel is the relay's. It asks for no token: the channel's
// opening line proves the key. addr is the client's address.
func (s *Server) ServeChannel(w http.ResponseWriter, r *http.Request, addr netip.Addr) {
	if s.blocked(addr) {
		refuseBlocked.Write(w)
		return
	}
	if ws := s.upgrade(w, r, 4096, &channelBuffers); ws != nil {
		s.relay.ServeChannel(wsconn.New(ws), addr)
	}
}

// authenticate returns the request's token, or nil.
func (s *Server) authenticate(r *http.Request) *token {
	scheme, text, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return nil
	}
	// The hash is looked up, so the time it takes tells nothing of the token.
	hash := HashToken(strings.TrimSpace(text))
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tokens[hash]
	if t != nil && !t.account.isGateway() {
		s.keeper.used(t, time.Now())
	}
	return t
}

// upgrade returns the connection, or nil after a refusal.
func (s *Server) upgrade(w http.ResponseWriter, r *http.Request, buffer int, pool websocket.BufferPool) *websocket.Conn {
	if no := s.refusal(r); no != nil {
		no.Write(w)
		return nil
	}
	u := websocket.Upgrader{
		HandshakeTimeout: handshakeTimeout,
		ReadBufferSize:   buffer,
		WriteBufferSize:  buffer,
		WriteBufferPool:  pool,
		// A page cannot send a bearer, nor make an opening line.
		CheckOrigin: func(*http.Request) bool { return true },
		Error: func(w http.ResponseWriter, _ *http.Request, status int, reason error) {
			refusal.Handshake(status, reason).Write(w)
		},
	}
	ws, err := u.Upgrade(w, r, nil)
	if err != nil {
		return nil // answered by gorilla through Error
	}
	return ws
}

func (s *Server) refusal(r *http.Request) *refusal.Refusal {
	switch {
	case r.Method == http.MethodConnect || len(r.Header[":protocol"]) > 0:
		return refusal.ExtendedConnect
	case !websocket.IsWebSocketUpgrade(r):
		return refusePlain
	case r.ContentLength != 0 || len(r.TransferEncoding) > 0:
		return refusal.Body
	case s.stopping():
		return refusal.Stopping
	}
	return nil
}

// hostOf returns the host that the client asked for, without port and brackets.
func hostOf(r *http.Request) string {
	if host, _, err := net.SplitHostPort(r.Host); err == nil {
		return host
	}
	return strings.TrimSuffix(strings.TrimPrefix(r.Host, "["), "]")
}
