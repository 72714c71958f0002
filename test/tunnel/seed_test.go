// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/culvertd/culvert/internal/wire"
	"github.com/culvertd/culvert/test/process"
)

// seedClient is test/node/seed-client.mjs: another program, in another
// language, which knows the first design and nothing more.
type seedClient struct {
	name   string
	stdin  io.WriteCloser
	events chan event
}

// event is a message that the seed client got, or how its connection ended.
type event struct {
	Type    string
	Payload struct {
		Success                                               bool
		AssignedID, Error, Code, Reason                       string
		Clients                                               []clientInfo
		FromClientID, ToClientID, ServiceID, SessionID, Label string
		PeerClientID                                          string
		Service                                               clientService
		RelayAddr                                             struct {
			Host, Protocol string
			Port           int
		}
		Timestamp int64
		Status    int
	}
}

type clientInfo struct {
	ID, Status string
	Services   []clientService
}

type clientService struct {
	ID, Protocol, LocalHost, Description string
	LocalPort                            int
}

const seedServices = `[{"id":"web-server","protocol":"http","localPort":8080,"localHost":"localhost","description":"本地Web服务"},` +
	`{"id":"private-server","protocol":"tcp","localPort":22,"localHost":"localhost"}]`

// startSeed runs the client; its stdin is closed with the test.
func startSeed(t *testing.T, g *process.Gateway, name, services string) *seedClient {
	t.Helper()
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("SKIP: no Node on this machine; with it, this test shows that other programs can take part")
	}
	cmd := exec.CommandContext(t.Context(), "node", "seed-client.mjs", strings.Replace(g.URL(), "http", "ws", 1)+"/tunnel", name, services)
	cmd.Dir = "../node"
	cmd.Env = append(cmd.Environ(), "CULVERT_TOKEN="+g.Token(t, name))
	stderr := new(process.Buffer)
	cmd.Stderr = stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c := &seedClient{name: name, events: make(chan event, 100)}
	if c.stdin, err = cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.read(t, stdout)
	}()
	t.Cleanup(func() {
		_ = c.stdin.Close()
		<-done
		_ = cmd.Wait() // what it got was asserted on
		if s := stderr.String(); s != "" {
			t.Errorf("%s: %s", name, s)
		}
	})
	return c
}

// read takes the messages until the program has ended.
func (c *seedClient) read(t *testing.T, stdout io.Reader) {
	defer close(c.events)
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Errorf("%s prints %q: %v", c.name, lines.Bytes(), err)
			continue
		}
		c.events <- e
	}
}

// does has the client do something.
func (c *seedClient) does(t *testing.T, action ...string) {
	t.Helper()
	if _, err := fmt.Fprintln(c.stdin, strings.Join(action, " ")); err != nil {
		t.Fatal(err)
	}
}

// gets waits for the next message, which must be of the type. What the first
// design does not know is passed over.
func (c *seedClient) gets(t *testing.T, kind string) event {
	t.Helper()
	timeout := time.After(15 * time.Second)
	for {
		select {
		case e := <-c.events:
			if e.Type == "session_connected" || e.Type == "channels_wanted" {
				continue
			}
			if e.Type != kind {
				t.Fatalf("%s got %+v, want %s", c.name, e, kind)
			}
			return e
		case <-timeout:
			t.Fatalf("%s got nothing, want %s", c.name, kind)
		}
	}
}

// TestSeedClients: two of them register, list, ask, accept, reject and are
// told.
func TestSeedClients(t *testing.T) {
	g := process.StartGateway(t, process.GatewayConfig{Programs: programs(t)})
	a := startSeed(t, g, "client-a", seedServices)
	b := startSeed(t, g, "client-b", "[]")
	for _, c := range []*seedClient{a, b} {
		if r := c.gets(t, "register_response").Payload; !r.Success || r.AssignedID != c.name {
			t.Errorf("%s registers: %+v", c.name, r)
		}
	}

	b.does(t, "list")
	list := b.gets(t, "client_list").Payload.Clients
	if len(list) != 2 || list[0].ID != "client-a" || list[0].Status != "online" || len(list[0].Services) != 2 ||
		list[0].Services[0].ID != "web-server" || list[0].Services[0].Protocol != "http" || list[0].Services[0].Description != "本地Web服务" {
		t.Errorf("the list is %+v", list)
	}

	b.does(t, "connect", "client-a", "web-server", "first")
	asked := a.gets(t, "connect_request").Payload
	if asked.FromClientID != "client-b" || asked.ToClientID != "client-a" || asked.ServiceID != "web-server" || asked.SessionID == "" {
		t.Errorf("client-a is asked %+v", asked)
	}
	forA, forB := a.gets(t, "create_session").Payload, b.gets(t, "create_session").Payload
	for _, s := range []struct {
		got  any
		want any
	}{
		{forA.SessionID, asked.SessionID},
		{forB.SessionID, asked.SessionID},
		{forA.PeerClientID, "client-b"},
		{forB.PeerClientID, "client-a"},
		{forA.Service.ID, "web-server"},
		{forB.Service.ID, "web-server"},
		{forA.Service.LocalPort, 8080},
		{forB.Service.LocalPort, 0},
		{forA.RelayAddr.Port, g.Config.RelayPort},
		{forB.RelayAddr.Port, g.Config.RelayPort},
		{forB.RelayAddr.Host, g.Config.Host},
		{forB.RelayAddr.Protocol, "tcp"},
	} {
		if s.got != s.want {
			t.Errorf("a session is created for A as %+v and for B as %+v: got %v, want %v", forA, forB, s.got, s.want)
		}
	}

	b.does(t, "connect", "client-a", "private-server", "second")
	a.gets(t, "connect_request")
	if r := b.gets(t, "reject_session").Payload; r.SessionID != "second" || r.Reason != "private-server is not for everybody" {
		t.Errorf("client-b is told of the rejection %+v", r)
	}
	b.does(t, "connect", "client-c", "web-server", "third")
	if r := b.gets(t, "reject_session").Payload; r.SessionID != "third" || r.Reason == "" {
		t.Errorf("client-b is told of the unknown client %+v", r)
	}

	b.does(t, "heartbeat")
	if h := b.gets(t, "heartbeat").Payload; h.Timestamp == 0 {
		t.Errorf("the heartbeat is answered with %+v", h)
	}
	b.does(t, "unregister")
	if r := a.gets(t, "session_closed").Payload; r.SessionID != asked.SessionID {
		t.Errorf("client-a is told of the end of %+v, want %s", r, asked.SessionID)
	}
	b.does(t, "list")
	if r := b.gets(t, "error").Payload; r.Code != "not_registered" {
		t.Errorf("without a name client-b gets %+v", r)
	}
}

// TestSeedClientAsksTunnelclient: the visitor is the other program.
func TestSeedClientAsksTunnelclient(t *testing.T) {
	g := process.StartGateway(t, process.GatewayConfig{Programs: programs(t)})
	c := process.StartClient(t, process.ClientConfig{
		Programs: programs(t), Token: g.Token(t, "client-a"), ServerURL: g.URL(), ClientID: "client-a",
		Services: []process.Service{{ID: "web-server", Protocol: "http", LocalPort: 8080, Encryption: wire.EncryptionNone}},
	})
	c.Online(t, 10*time.Second)
	b := startSeed(t, g, "client-b", "[]")
	b.gets(t, "register_response")
	b.does(t, "connect", "client-a", "web-server", "label")
	if s := b.gets(t, "create_session").Payload; s.PeerClientID != "client-a" || s.SessionID == "" {
		t.Errorf("the session is %+v", s)
	}
	b.does(t, "connect", "client-a", "other", "label")
	if r := b.gets(t, "reject_session").Payload; r.SessionID != "label" || r.Code != "service_not_found" {
		t.Errorf("the rejection is %+v", r)
	}
}

// TestTunnelclientAsksSeedClient: the provider is the other program. It
// accepts, but it has no channel to offer, which the application sees as a
// reset and not as an end.
func TestTunnelclientAsksSeedClient(t *testing.T) {
	g := process.StartGateway(t, process.GatewayConfig{Programs: programs(t)})
	a := startSeed(t, g, "client-a", seedServices)
	a.gets(t, "register_response")
	port := process.FreePort(t)
	c := process.StartClient(t, process.ClientConfig{
		Programs: programs(t), Token: g.Token(t, "client-b"), ServerURL: g.URL(), ClientID: "client-b",
		Connects: []process.Connect{
			{Target: "client-a", Service: "web-server", Local: fmt.Sprint(port), Encryption: wire.EncryptionNone},
			{Target: "client-a", Service: "private-server", Local: "0", Encryption: wire.EncryptionNone},
		},
	})
	c.Says(t, "not for everybody", 10*time.Second)
	process.Until(t, 10*time.Second, func() bool { return len(c.Status(t).Forwards) > 0 }, "the other forward listens")
	conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if n, err := conn.Read(make([]byte, 1)); n != 0 || !isReset(err) {
		t.Errorf("the application reads %d bytes and %v, want a reset", n, err)
	}
}
