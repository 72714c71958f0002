// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/culvertd/culvert/internal/tunnel"
	"github.com/culvertd/culvert/internal/wire"
)

// greeter is a service that says one word, and counts who comes.
func greeter(t *testing.T, greeting string) (port int, greeted *atomic.Int64) {
	t.Helper()
	ln, greeted := listen(t), new(atomic.Int64)
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			greeted.Add(1)
			_, _ = io.WriteString(c, greeting)
			_ = c.Close()
		}
	}()
	return ln.Addr().(*net.TCPAddr).Port, greeted //nolint:forcetypeassert // it is
}

// TestWireCarriesNoAddress: a visitor who tells gateway and provider where to go,
// in every message that it can send, gets to the service that it may visit or
// nowhere.
func TestWireCarriesNoAddress(t *testing.T) {
	s := startSite(t, "")
	port, greeted := greeter(t, "hello")
	private, reached := greeter(t, "secret")
	s.client(t, tunnel.Config{ClientID: "provider", Services: []wire.Service{
		{ID: "open", Protocol: wire.ServiceTCP, LocalHost: "127.0.0.1", LocalPort: port, Encryption: wire.EncryptionNone},
	}})
	visitor := signIn(t, s.tunnel(), s.token(t, "visitor").Token, "visitor")

	// Fields that requests do not have, and those of other messages.
	address := map[string]any{
		"localHost": "127.0.0.1", "localPort": private, "host": "127.0.0.1", "port": private, "address": fmt.Sprintf("127.0.0.1:%d", private),
		"target": fmt.Sprintf("127.0.0.1:%d", private), "mode": "plain", "role": "provider",
		"service":   map[string]any{"id": "open", "protocol": "tcp", "localHost": "127.0.0.1", "localPort": private},
		"relayAddr": map[string]any{"host": "127.0.0.1", "port": private, "protocol": "tcp"},
	}
	request := map[string]any{"toClientId": "provider", "serviceId": "open", "sessionId": "label", "encryption": "none"}
	maps.Copy(request, address)
	visitor.send(t, wire.TypeConnectRequest, request)
	var raw json.RawMessage
	visitor.receive(t, wire.TypeCreateSession, &raw)
	var ss wire.CreateSession
	if err := json.Unmarshal(raw, &ss); err != nil {
		t.Fatal(err)
	}
	if ss.Service.ID != "open" || ss.Service.LocalPort != 0 || ss.Service.LocalHost != "" || ss.Mode != wire.ModePlain || ss.RelayAddr.Port != s.relay {
		t.Errorf("the visitor is told %s", raw)
	}
	more := map[string]any{"sessionId": ss.SessionID}
	maps.Copy(more, address)
	visitor.send(t, wire.TypeSessionConnected, more)
	visitor.send(t, wire.TypeStreams, map[string]any{"streams": []any{address}})
	for n := range uint64(3) {
		c := dialRelay(t, s.relayAddr(), opening(ss.SessionID, *ss.Key, 1+n))
		got, err := io.ReadAll(c)
		if want := string(wire.OK) + "hello"; err != nil || string(got) != want {
			t.Errorf("the visitor reads %q (%v), want %q", got, err, want)
		}
	}

	// Lines with a good MAC.
	sign := func(session, protocol string) []byte {
		return wire.Line{Role: wire.Open, Protocol: protocol, Key: ss.Key.ID, Session: session, Counter: 100}.Append(nil, ss.Key.Secret)
	}
	at := fmt.Sprintf("127.0.0.1:%d", private)
	for _, line := range [][]byte{
		sign(at, wire.TCP), sign(ss.SessionID+" "+at, wire.TCP), sign(ss.SessionID+"@"+at, wire.TCP), sign(ss.SessionID+"/"+at, wire.TCP),
		sign(ss.SessionID, "tcp://"+at), sign(ss.SessionID, "tcp "+at), sign("open", wire.TCP),
	} {
		c := dialRelay(t, s.relayAddr(), line)
		if got, err := io.ReadAll(c); len(got) > 0 && got[0] != '-' {
			t.Errorf("%q is answered with %q, %v", line, got, err)
		}
	}

	// Names that are addresses.
	for _, id := range []string{
		at, fmt.Sprint("localhost:", private), fmt.Sprint(private), "open:" + fmt.Sprint(private), "open@" + at, "tcp://" + at, "169.254.169.254:80", "../open", "OPEN", "",
	} {
		request["serviceId"], request["sessionId"] = id, "no"
		visitor.send(t, wire.TypeConnectRequest, request)
		if kind := visitor.next(t); kind != wire.TypeRejectSession && kind != wire.TypeError {
			t.Errorf("a session for %q: %s", id, kind)
		}
	}
	for _, id := range []string{at, "provider@" + at, "127.0.0.1", "localhost"} {
		request["toClientId"], request["serviceId"] = id, "open"
		visitor.send(t, wire.TypeConnectRequest, request)
		if kind := visitor.next(t); kind != wire.TypeRejectSession && kind != wire.TypeError {
			t.Errorf("a session with %q: %s", id, kind)
		}
	}
	if greeted.Load() != 3 || reached.Load() != 0 {
		t.Errorf("the service was reached %d times, the private one %d times", greeted.Load(), reached.Load())
	}
}

// next returns the type of the next answer.
func (c *raw) next(t *testing.T) wire.Type {
	t.Helper()
	if err := c.ws.SetReadDeadline(time.Now().Add(15 * time.Second)); err != nil {
		t.Fatal(err)
	}
	for {
		_, b, err := c.ws.ReadMessage()
		if err != nil {
			t.Fatalf("%s waits: %v", c.name, err)
		}
		m, err := wire.Decode(b)
		if err != nil {
			t.Fatal(err)
		}
		if m.Type != wire.TypeSessionConnected && m.Type != wire.TypeChannelsWanted {
			return m.Type
		}
	}
}
