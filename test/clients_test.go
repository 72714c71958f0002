// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/culvertd/culvert/internal/control"
	"github.com/culvertd/culvert/internal/wire"
)

// tunnelClient signs in at a site and registers.
type tunnelClient struct {
	*websocket.Conn
	t *testing.T
}

func signIn(t *testing.T, site, token, name string, services ...wire.Service) *tunnelClient {
	t.Helper()
	ws, resp, err := websocket.DefaultDialer.DialContext(t.Context(), strings.Replace(site, "http", "ws", 1)+"/tunnel",
		http.Header{"Authorization": {"Bearer " + token}})
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	c := &tunnelClient{ws, t}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	c.say(wire.TypeRegister, wire.Register{ClientID: name, Services: services})
	var r wire.RegisterResponse
	if c.hear(wire.TypeRegisterResponse, &r); !r.Success || r.AssignedID != name {
		t.Fatalf("%+v", r)
	}
	return c
}

func (c *tunnelClient) say(typ wire.Type, payload any) {
	c.t.Helper()
	b, err := wire.Encode(typ, "", payload)
	if err != nil {
		c.t.Fatal(err)
	}
	if err := c.WriteMessage(websocket.TextMessage, b); err != nil {
		c.t.Fatal(err)
	}
}

// hear reads the next message, which is of the type typ.
func (c *tunnelClient) hear(typ wire.Type, payload any) {
	c.t.Helper()
	_, b, err := c.ReadMessage()
	if err != nil {
		c.t.Fatal(err)
	}
	m, err := wire.Decode(b)
	if err == nil {
		err = m.Unmarshal(payload)
	}
	if err != nil || m.Type != typ {
		c.t.Fatalf("%s, %v; want %s", b, err, typ)
	}
}

func TestClientCommands(t *testing.T) {
	p := newPlace(t)
	create := func(args ...string) string {
		t.Helper()
		out := p.mustRun(t, append([]string{"client", "token", "create"}, args...)...)
		token := strings.TrimSuffix(out, "\n")
		if len(token) != 47 || !strings.HasPrefix(token, "cvt_") {
			t.Fatalf("create printed %q", out)
		}
		return token
	}
	tokens := func() (list []control.ClientToken) {
		t.Helper()
		if err := json.Unmarshal([]byte(p.mustRun(t, "client", "token", "list", "--json")), &list); err != nil {
			t.Fatal(err)
		}
		return list
	}
	clients := func() (list []control.TunnelClient) {
		t.Helper()
		if err := json.Unmarshal([]byte(p.mustRun(t, "client", "list", "--json")), &list); err != nil {
			t.Fatal(err)
		}
		return list
	}

	early := create("--client", "client-a")
	g := p.start(t)
	if !strings.Contains(g.stdout.String(), "\nRelay listening on :") || !strings.Contains(g.stdout.String(), "(tcp/udp)\n") {
		t.Errorf("notice:\n%s", g.stdout)
	}
	late := create()
	a := signIn(t, p.site(), early, "client-a", wire.Service{ID: "web", Protocol: wire.ServiceHTTP, LocalPort: 80})
	b := signIn(t, p.site(), late, "client-b")
	b.say(wire.TypeConnectRequest, wire.ConnectRequest{ToClientID: "client-a", ServiceID: "web"})
	var req wire.ConnectRequest
	a.hear(wire.TypeConnectRequest, &req)
	a.say(wire.TypeAcceptSession, wire.AcceptSession{SessionID: req.SessionID})
	var s wire.CreateSession
	a.hear(wire.TypeCreateSession, &s)
	b.hear(wire.TypeCreateSession, &s)
	if s.RelayAddr.Host != "127.0.0.1" || s.RelayAddr.Port == 0 || s.Key == nil {
		t.Errorf("%+v", s)
	}

	ts := tokens()
	if len(ts) != 2 || ts[0].Client != "client-a" || ts[1].Client != "" || ts[0].LastUsedAt.IsZero() {
		t.Errorf("%+v", ts)
	}
	cs := clients()
	if len(cs) != 2 || cs[0].Status != wire.Online || cs[0].Services[0].ID != "web" || len(cs[0].Sessions) != 1 ||
		cs[0].Sessions[0].Role != wire.Provider || cs[1].Sessions[0].Peer != "client-a" || cs[0].Sessions[0].ID != s.SessionID {
		t.Errorf("%+v", cs)
	}
	for _, table := range []string{p.mustRun(t, "client", "token", "list"), p.mustRun(t, "client", "list")} {
		if strings.Count(table, "\n") != 3 || !strings.Contains(table, "client-a") || strings.Contains(table, "cvt_") {
			t.Errorf("table:\n%s", table)
		}
	}
	p.mustRun(t, "client", "token", "revoke", ts[1].ID)
	for _, c := range []*tunnelClient{a, b} {
		var end wire.SessionClosed
		if c.hear(wire.TypeSessionClosed, &end); end.SessionID != s.SessionID || !end.Final {
			t.Errorf("%+v", end)
		}
	}
	if _, _, err := b.ReadMessage(); !websocket.IsCloseError(err, wire.CloseUnauthorized) {
		t.Errorf("got %v, want 4401", err)
	}
	for i, key := range []wire.PublicKey{{1}, {2}} {
		a.say(wire.TypeRegister, wire.Register{ClientID: "client-a", PublicKey: &key})
		var r wire.RegisterResponse
		if a.hear(wire.TypeRegisterResponse, &r); !r.Success || clients()[0].Fingerprint != key.Fingerprint() {
			t.Errorf("key %d: %+v", i, r)
		}
		p.mustRun(t, "client", "forget-key", "client-a")
	}
	g.stop(t)
	if cs := clients(); len(cs) != 1 || cs[0].Status != wire.Offline {
		t.Errorf("%+v", cs)
	}
	for _, args := range [][]string{
		{"client", "token", "revoke", ts[1].ID},
		{"client", "token", "revoke", "../x"},
		{"client", "token", "revoke"},
		{"client", "token", "create", "--client", "a.b"},
		{"client", "token", "create", "more"},
		{"client", "forget-key"},
		{"client", "forget-key", "client-a"},
		{"client", "forget-key", "nobody"},
	} {
		if out, errOut, code := p.run(t, args...); code == 0 || out != "" || !strings.HasPrefix(errOut, "Error: ") {
			t.Errorf("culvert %v: exit code %d, %q, %q", args, code, out, errOut)
		}
	}
	// The same under the name that a Caddy built by xcaddy has.
	p.mustRun(t, "culvert", "client", "token", "revoke", ts[0].ID)
}

// TestTunnelHandler: signaling lives behind other handlers and through reloads,
// and what is not ours goes to the next handler.
func TestTunnelHandler(t *testing.T) {
	s := newSite(t)
	access := filepath.Join(t.TempDir(), "access.log")
	s.culvert = "relay 127.0.0.1:0"
	s.body = "log {\noutput file " + access + "\n}\nencode gzip\nmetrics /metrics\nrespond /tunnel/other elsewhere"
	s.global = "servers {\ntimeouts {\nread_body 1s\nread_header 1s\nwrite 1s\nidle 1s\n}\n}"
	s.start(t)
	core := app(t).Core()
	token, err := core.CreateClientToken(t.Context(), "", "")
	if err != nil {
		t.Fatal(err)
	}
	a := signIn(t, s.address(), token.Token, "client-a")
	port := core.RelayPort()
	for n := range 3 {
		time.Sleep(500 * time.Millisecond) // the timeouts have passed in the end
		s.culvert = fmt.Sprintf("relay 127.0.0.1:0\nmax_sessions %d", n+1)
		if err := s.load(t, "", n); err != nil {
			t.Fatal(err)
		}
		a.say(wire.TypeHeartbeat, wire.Heartbeat{Timestamp: int64(n)})
		var h wire.Heartbeat
		if a.hear(wire.TypeHeartbeat, &h); h.Timestamp != int64(n) || core.RelayPort() != port || port == 0 {
			t.Errorf("%+v, port %d", h, core.RelayPort())
		}
	}
	for path, want := range map[string]int{
		"/tunnel":         http.StatusUnauthorized,
		"/tunnel/channel": http.StatusUpgradeRequired,
		"/tunnel/other":   http.StatusOK,
	} {
		resp, err := http.Get(s.address() + path)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%s: %s, want %d", path, resp.Status, want)
		}
	}
	out := s.scrape(t)
	for _, want := range []string{
		`culvert_tunnel_clients{status="online"} 1`, "culvert_tunnel_sessions 0", "culvert_tunnel_unauthorized_total 1",
		`culvert_relay_channels{state="parked"} 0`, `culvert_relay_bytes_total{direction="up"} 0`, "culvert_relay_udp_packets_total 0",
	} {
		if !strings.Contains(out, want+"\n") {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	// The access log has what was refused, and nothing of what was taken over.
	log, err := os.ReadFile(access)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(log), `"status":401`); n != 1 || strings.Contains(string(log), token.Token) ||
		strings.Contains(string(log), "Sec-Websocket-Key") {
		t.Errorf("access log:\n%s", log)
	}
}
