// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/culvertd/culvert/internal/wire"
)

// raw is a client without manners: it says on the wire what a test wants.
type raw struct {
	name string
	ws   *websocket.Conn
	key  wire.Key
}

// signIn registers a client with a new token; its services carry TCP.
func signIn(t *testing.T, tunnel, token, name string, services ...string) *raw {
	t.Helper()
	ws, resp, err := websocket.DefaultDialer.DialContext(t.Context(), tunnel, http.Header{"Authorization": {"Bearer " + token}})
	if err != nil {
		t.Fatalf("signing in: %v (%v)", err, resp)
	}
	t.Cleanup(func() { _ = ws.Close() })
	c := &raw{name: name, ws: ws}
	list := []wire.Service{}
	for _, id := range services {
		list = append(list, wire.Service{ID: id, Protocol: wire.ServiceTCP, LocalPort: 1})
	}
	c.send(t, wire.TypeRegister, wire.Register{ClientID: name, Services: list, Version: wire.ProtocolVersion})
	var r wire.RegisterResponse
	c.receive(t, wire.TypeRegisterResponse, &r)
	if !r.Success || r.Key == nil {
		t.Fatalf("%s registers: %+v", name, r)
	}
	c.key = *r.Key
	return c
}

func (c *raw) send(t *testing.T, kind wire.Type, payload any) {
	t.Helper()
	b, err := wire.Encode(kind, "", payload)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.ws.WriteMessage(websocket.TextMessage, b); err != nil {
		t.Fatal(err)
	}
}

// receive waits for the next message, which must be of the type;
// channels_wanted is passed over.
func (c *raw) receive(t *testing.T, kind wire.Type, payload any) {
	t.Helper()
	if err := c.ws.SetReadDeadline(time.Now().Add(15 * time.Second)); err != nil {
		t.Fatal(err)
	}
	for {
		_, b, err := c.ws.ReadMessage()
		if err != nil {
			t.Fatalf("%s waits for %s: %v", c.name, kind, err)
		}
		m, err := wire.Decode(b)
		if err != nil {
			t.Fatal(err)
		}
		if m.Type == wire.TypeChannelsWanted {
			continue
		}
		if m.Type != kind {
			t.Fatalf("%s got %s, want %s", c.name, b, kind)
		}
		if err := m.Unmarshal(payload); err != nil {
			t.Fatal(err)
		}
		return
	}
}

// ask makes a session with a provider, and returns what the visitor is told.
func (c *raw) ask(t *testing.T, p *raw, service string) wire.CreateSession {
	t.Helper()
	c.send(t, wire.TypeConnectRequest, wire.ConnectRequest{ToClientID: p.name, ServiceID: service, SessionID: "label"})
	var request wire.ConnectRequest
	p.receive(t, wire.TypeConnectRequest, &request)
	p.send(t, wire.TypeAcceptSession, wire.AcceptSession{SessionID: request.SessionID})
	var atProvider, atVisitor wire.CreateSession
	p.receive(t, wire.TypeCreateSession, &atProvider)
	c.receive(t, wire.TypeCreateSession, &atVisitor)
	if atProvider.Key != nil || atVisitor.Key == nil {
		t.Fatalf("the visitor alone is to get the key; the provider got %v, the visitor %v", atProvider.Key, atVisitor.Key)
	}
	return atVisitor
}

// channel is a connection to the relay, of either kind.
type channel struct {
	net.Conn
	r *bufio.Reader
}

// dialRelay connects and sends what is given.
func dialRelay(t *testing.T, addr string, first []byte) *channel {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(15 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Write(first); err != nil {
		t.Fatal(err)
	}
	return &channel{Conn: c, r: bufio.NewReader(c)}
}

// park parks a channel of a client's.
func park(t *testing.T, addr string, key wire.Key, counter uint64) *channel {
	t.Helper()
	return dialRelay(t, addr, wire.Line{Role: wire.Park, Protocol: wire.TCP, Key: key.ID, Counter: counter}.Append(nil, key.Secret))
}

// opening is the line of a visitor's channel.
func opening(session string, key wire.Key, counter uint64) []byte {
	return wire.Line{Role: wire.Open, Protocol: wire.TCP, Key: key.ID, Session: session, Counter: counter}.Append(nil, key.Secret)
}

// pairs sends data through a fresh channel of the visitor's to one that the
// provider has parked, and back.
func pairs(t *testing.T, visitor, provider *channel, session string) {
	t.Helper()
	if _, err := visitor.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("GO %s service tcp plain\nhello", session)
	got := make([]byte, len(want))
	if _, err := io.ReadFull(provider.r, got); err != nil || string(got) != want {
		t.Fatalf("the provider reads %q (%v), want %q", got, err, want)
	}
	if _, err := provider.Write([]byte("world")); err != nil {
		t.Fatal(err)
	}
	got = got[:6]
	if _, err := io.ReadFull(visitor.r, got); err != nil || string(got) != "+world" {
		t.Fatalf("the visitor reads %q (%v)", got, err)
	}
}
