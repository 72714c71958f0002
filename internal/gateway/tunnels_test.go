// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package gateway_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/zap"

	"github.com/culvertd/culvert/internal/control"
	"github.com/culvertd/culvert/internal/gateway"
	"github.com/culvertd/culvert/internal/wire"
)

func withRelay(listen string) *gateway.Generation {
	return &gateway.Generation{Config: gateway.Config{Relay: gateway.Relay{Listen: listen}}, Logger: zap.NewNop()}
}

func push(t *testing.T, c *gateway.Core, g *gateway.Generation) {
	t.Helper()
	if err := c.Push(t.Context(), g); err != nil {
		t.Fatal(err)
	}
}

// listens reports whether a relay answers on the port: with a reset, since it
// is sent junk.
func listens(t *testing.T, port int) bool {
	t.Helper()
	c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return false
	}
	defer c.Close()
	if _, err := c.Write([]byte("junk\n")); err != nil {
		return false
	}
	_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
	_, err = c.Read(make([]byte, 1))
	var late net.Error
	return err != nil && !(errors.As(err, &late) && late.Timeout())
}

// udpTaken reports whether somebody has the UDP port.
func udpTaken(t *testing.T, port int) bool {
	t.Helper()
	c, err := net.ListenPacket("udp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return true
	}
	_ = c.Close()
	return false
}

func TestRelaySocketsAreTheUnionOfAllGenerations(t *testing.T) {
	c := gateway.New(folder(t))
	t.Cleanup(func() { _ = c.Close(gateway.Removed) })
	const one, two = "127.0.0.1:0", "localhost:0"
	g1, g2, g3, g4 := withRelay(one), withRelay(one), withRelay(two), withRelay("")
	push(t, c, g1)
	p1 := c.RelayPort()
	if p1 == 0 || !listens(t, p1) || !udpTaken(t, p1) {
		t.Fatalf("port %d", p1)
	}
	// A connection that is open when the config changes lives on.
	old, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", p1))
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	push(t, c, g2)
	c.Pop(g1)
	if p := c.RelayPort(); p != p1 {
		t.Errorf("bound anew: %d, not %d", p, p1)
	}
	push(t, c, g3)
	p3 := c.RelayPort()
	if p3 == p1 || p3 == 0 || !listens(t, p1) || !listens(t, p3) {
		t.Errorf("while both are wanted: %d, %d", p1, p3)
	}
	c.Pop(g2)
	if listens(t, p1) || udpTaken(t, p1) || !listens(t, p3) {
		t.Error("after the first is popped")
	}
	_ = old.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	var late net.Error
	if _, err := old.Read(make([]byte, 1)); !errors.As(err, &late) || !late.Timeout() {
		t.Errorf("the connection: %v", err)
	}
	push(t, c, g4)
	if c.RelayPort() != 0 || !listens(t, p3) {
		t.Error("with a generation without relay")
	}
	c.Pop(g3)
	if listens(t, p3) || udpTaken(t, p3) {
		t.Error("after all are popped")
	}
}

func TestRelayPortThatIsTaken(t *testing.T) {
	for _, network := range []string{"tcp", "udp"} {
		t.Run(network, func(t *testing.T) {
			var taken io.Closer
			var addr string
			if network == "tcp" {
				ln, err := net.Listen("tcp", "127.0.0.1:0")
				if err != nil {
					t.Fatal(err)
				}
				taken, addr = ln, ln.Addr().String()
			} else {
				pc, err := net.ListenPacket("udp", "127.0.0.1:0")
				if err != nil {
					t.Fatal(err)
				}
				taken, addr = pc, pc.LocalAddr().String()
			}
			dir := folder(t)
			c := gateway.New(dir)
			t.Cleanup(func() { _ = c.Close(gateway.Removed) })
			err := c.Push(t.Context(), withRelay(addr))
			if err == nil || !strings.Contains(err.Error(), addr) || c.Hub() != nil {
				t.Fatalf("first push: %v", err)
			}
			g := withRelay("127.0.0.1:0")
			push(t, c, g)
			port := c.RelayPort()
			if err := c.Push(t.Context(), withRelay(addr)); err == nil {
				t.Error("second push: no error")
			}
			if c.RelayPort() != port || !listens(t, port) || c.Pushes() != 1 {
				t.Error("it changed something")
			}
			_ = taken.Close()
			push(t, c, withRelay(addr))
		})
	}
}

// tunnels answers /tunnel from the core.
func tunnels(t *testing.T, c *gateway.Core) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.Tunnels().Serve(w, r, netip.MustParseAddr("192.0.2.7"))
	}))
	t.Cleanup(s.Close)
	return s
}

func signIn(t *testing.T, s *httptest.Server, token, name string) (*websocket.Conn, wire.RegisterResponse) {
	t.Helper()
	ws, _, err := websocket.DefaultDialer.DialContext(t.Context(), strings.Replace(s.URL, "http", "ws", 1),
		http.Header{"Authorization": {"Bearer " + token}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ws.Close() })
	b, err := wire.Encode(wire.TypeRegister, "", wire.Register{
		ClientID: name, Services: []wire.Service{{ID: "web", Protocol: wire.ServiceHTTP, LocalPort: 80}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := ws.WriteMessage(websocket.TextMessage, b); err != nil {
		t.Fatal(err)
	}
	return ws, answer(t, ws)
}

func answer(t *testing.T, ws *websocket.Conn) (r wire.RegisterResponse) {
	t.Helper()
	_, b, err := ws.ReadMessage()
	if err != nil {
		t.Fatal(err)
	}
	m, err := wire.Decode(b)
	if err != nil || m.Type != wire.TypeRegisterResponse {
		t.Fatalf("%s, %v", b, err)
	}
	if err := m.Unmarshal(&r); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestClientTokensFromFirstToLast(t *testing.T) {
	dir := folder(t)
	// Made while nothing runs.
	var early control.NewClientToken
	t.Run("stopped", func(t *testing.T) {
		s, err := open(t, dir, true)
		if err != nil {
			t.Fatal(err)
		}
		if early, err = s.CreateClientToken(t.Context(), "", "client-a"); err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(early.Token, "cvt_") || len(early.Token) != 47 || !control.ValidTokenID(early.ID) {
			t.Errorf("%+v", early)
		}
		var e *control.Error
		if _, err := s.CreateClientToken(t.Context(), "", "a.b"); !errors.As(err, &e) || e.Code != control.CodeInvalid || e.Details["client"] == "" {
			t.Errorf("%v", err)
		}
	})
	c, g := start(t, dir)
	s := tunnels(t, c)
	ws, r := signIn(t, s, early.Token, "")
	if !r.Success || r.AssignedID != "client-a" || r.Relay != nil || r.Channels == "" {
		t.Errorf("%+v", r)
	}
	// A reload tells those who are there what changes for them.
	with := withRelay("127.0.0.1:0")
	push(t, c, with)
	if r := answer(t, ws); r.Relay == nil || r.Relay.Port != c.RelayPort() || r.Relay.Host != "127.0.0.1" {
		t.Errorf("%+v", r.Relay)
	}
	c.Pop(g)

	late, err := c.CreateClientToken(t.Context(), "", "")
	if err != nil {
		t.Fatal(err)
	}
	if _, r := signIn(t, s, late.Token, "client-b"); !r.Success {
		t.Errorf("%+v", r)
	}
	list, err := c.ClientTokens(t.Context())
	if err != nil || len(list) != 2 || list[0].Client != "client-a" || time.Since(list[1].LastUsedAt) > time.Minute {
		t.Errorf("%+v, %v", list, err)
	}
	if b, err := json.Marshal(list); err != nil || strings.Contains(string(b), early.Token) {
		t.Errorf("%s, %v", b, err)
	}
	clients, err := c.Clients(t.Context())
	if err != nil || len(clients) != 2 || clients[0].Status != wire.Online || clients[0].TokenID != early.ID || len(clients[0].Services) != 1 {
		t.Errorf("%+v, %v", clients, err)
	}
	if m, ok := c.TunnelMetrics(); !ok || m.Online != 2 {
		t.Errorf("%+v", m)
	}
	if err := c.RevokeClientToken(t.Context(), late.ID); err != nil {
		t.Error(err)
	}
	var e *control.Error
	if err := c.RevokeClientToken(t.Context(), late.ID); !errors.As(err, &e) || e.Code != control.CodeNotFound {
		t.Errorf("again: %v", err)
	}
	go func() { _ = c.Close(gateway.Restarting) }()
	var closed *websocket.CloseError
	for err = nil; err == nil; _, _, err = ws.ReadMessage() {
	}
	if !errors.As(err, &closed) || closed.Code != wire.CloseRestart || !strings.Contains(closed.Text, "retry-after=") {
		t.Errorf("%v", err)
	}
	_ = c.Close(gateway.Restarting) // waits for the one above

	off, err := open(t, dir, false)
	if err != nil {
		t.Fatal(err)
	}
	clients, err = off.Clients(t.Context())
	if err != nil || len(clients) != 1 || clients[0].Name != "client-a" || clients[0].Status != wire.Offline || clients[0].Services[0].LocalPort != 80 {
		t.Errorf("%+v, %v", clients, err)
	}
	list, err = off.ClientTokens(t.Context())
	if err != nil || len(list) != 1 || list[0].LastUsedAt.IsZero() {
		t.Errorf("%+v, %v", list, err)
	}
	if err := off.RevokeClientToken(t.Context(), early.ID); err != nil {
		t.Error(err)
	}
	if clients, err := off.Clients(t.Context()); err != nil || len(clients) != 0 {
		t.Errorf("%+v, %v", clients, err)
	}
}
