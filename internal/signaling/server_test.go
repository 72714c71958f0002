// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package signaling

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/culvertd/culvert/internal/relay"
	"github.com/culvertd/culvert/internal/wire"
)

func TestSessionFromFirstToLast(t *testing.T) {
	bubble(t, Config{RelayPort: 9001}, func(t *testing.T, b *bed) {
		a := b.join("t1", "client-a", "i1", web("web"))
		v := b.join("t2", "client-b", "i2")
		if r := a.got.Relay; r == nil || *r != (wire.RelayAddr{Host: "gateway.example", Port: 9001, Protocol: "tcp"}) {
			t.Errorf("relay %+v", r)
		}
		if a.got.AssignedID != "client-a" || a.got.Version != wire.ProtocolVersion || a.got.Channels != "/tunnel/channel" ||
			a.got.HeartbeatInterval != 15_000 || a.got.HeartbeatTimeout != 45_000 || a.key == v.key {
			t.Errorf("%+v", a.got)
		}

		v.send(wire.TypeGetClientList, "l", nil)
		list, m := hear[wire.ClientList](v, wire.TypeClientList)
		if m.ID != "l" || len(list.Clients) != 2 || list.Omitted != 0 {
			t.Fatalf("%s %+v", m.ID, list)
		}
		c := list.Clients[0]
		if c.ID != "client-a" || c.Status != wire.Online || len(c.Services) != 1 || !reflect.DeepEqual(c.Services[0], web("web")) ||
			c.RegisteredAt != time.Now().UnixMilli() || c.LastHeartbeat != time.Now().UnixMilli() {
			t.Errorf("%+v", c)
		}

		// What a visitor says about itself does not count.
		v.send(wire.TypeConnectRequest, "c", wire.ConnectRequest{
			FromClientID: "client-x", ToClientID: "client-a", ServiceID: "web", SessionID: "mine",
		})
		req, m := hear[wire.ConnectRequest](a, wire.TypeConnectRequest)
		if req.FromClientID != "client-b" || req.ToClientID != "client-a" || req.ServiceID != "web" || m.ID != "" ||
			len(req.SessionID) != 22 || req.SessionID[0] == '-' {
			t.Errorf("%+v", req)
		}
		a.send(wire.TypeAcceptSession, "", wire.AcceptSession{SessionID: req.SessionID})
		ca, _ := hear[wire.CreateSession](a, wire.TypeCreateSession)
		cv, m := hear[wire.CreateSession](v, wire.TypeCreateSession)
		addr := wire.RelayAddr{Host: "gateway.example", Port: 9001, Protocol: "tcp"}
		if ca.SessionID != req.SessionID || ca.PeerClientID != "client-b" || !reflect.DeepEqual(ca.Service, web("web")) || ca.Key != nil ||
			ca.Role != wire.Provider || ca.RelayAddr != addr || ca.Label != "" || ca.Mode != wire.ModePlain {
			t.Errorf("provider: %+v", ca)
		}
		shown := wire.Service{ID: "web", Protocol: wire.ServiceHTTP, Description: "pages"}
		if m.ID != "c" || cv.SessionID != req.SessionID || cv.PeerClientID != "client-a" || !reflect.DeepEqual(cv.Service, shown) || cv.Key == nil ||
			cv.Role != wire.Visitor || cv.RelayAddr != addr || cv.Label != "mine" || cv.Mode != wire.ModePlain {
			t.Errorf("visitor: %s %+v", m.ID, cv)
		}
		if s := b.Sessions(); len(s) != 1 || s[0].Status != Connecting || s[0].Provider != "client-a" || s[0].Visitor != "client-b" {
			t.Errorf("%+v", s)
		}
		a.send(wire.TypeSessionConnected, "", wire.SessionConnected{SessionID: req.SessionID})
		hear[wire.SessionConnected](v, wire.TypeSessionConnected)
		v.send(wire.TypeSessionConnected, "", wire.SessionConnected{SessionID: req.SessionID})
		hear[wire.SessionConnected](a, wire.TypeSessionConnected)
		if s := b.Sessions(); s[0].Status != Connected {
			t.Errorf("%+v", s)
		}

		v.send(wire.TypeSessionClosed, "", wire.SessionClosed{SessionID: req.SessionID, Reason: "enough"})
		end, _ := hear[wire.SessionClosed](a, wire.TypeSessionClosed)
		if end.SessionID != req.SessionID || end.Code != wire.CodeEnded || end.Reason != "enough" || !end.Final {
			t.Errorf("%+v", end)
		}
		v.quiet()
		time.Sleep(2 * keepEvery)
		if s := b.store.log(); len(b.Sessions()) != 0 || len(s) != 1 || s[0].ID != req.SessionID || s[0].Visitor != "client-b" {
			t.Errorf("log: %+v", s)
		}
	})
}

func TestUDPSessionHasBlocks(t *testing.T) {
	bubble(t, Config{RelayPort: 9001, AdvertiseHost: "relay.example", AdvertisePort: 443}, func(t *testing.T, b *bed) {
		a := b.join("t1", "a", "", wire.Service{ID: "dns", Protocol: wire.ServiceUDP, LocalPort: 53})
		v := b.join("t1", "b", "")
		cv, ca := open(v, a, "dns")
		if want := (wire.RelayAddr{Host: "relay.example", Port: 443, Protocol: "udp"}); cv.RelayAddr != want || ca.RelayAddr != want {
			t.Errorf("%+v, %+v", cv.RelayAddr, ca.RelayAddr)
		}
		if cv.Block == 0 || ca.Block == 0 || cv.Block%wire.FlowsPerBlock != 0 || ca.Block%wire.FlowsPerBlock != 0 {
			t.Errorf("blocks %d, %d", cv.Block, ca.Block)
		}
	})
}

func TestRefusalsReachTheVisitor(t *testing.T) {
	bubble(t, Config{MaxSessions: 2, MaxSessionsPerClient: 1}, func(t *testing.T, b *bed) {
		a := b.join("t1", "client-a", "", web("web"))
		v := b.join("t1", "client-b", "")
		ask := func(p *peer, to, service string) wire.RejectSession {
			t.Helper()
			p.send(wire.TypeConnectRequest, "q", wire.ConnectRequest{ToClientID: to, ServiceID: service, SessionID: "L"})
			r, m := hear[wire.RejectSession](p, wire.TypeRejectSession)
			if m.ID != "q" || r.SessionID != "L" {
				t.Errorf("answered %q, %q", m.ID, r.SessionID)
			}
			return r
		}
		if r := ask(v, "nobody", "web"); r.Code != wire.CodeClientNotFound {
			t.Errorf("%+v", r)
		}
		if r := ask(v, "client-a", "ssh"); r.Code != wire.CodeServiceNotFound {
			t.Errorf("%+v", r)
		}

		// The provider's own words, in bounds.
		v.send(wire.TypeConnectRequest, "q", wire.ConnectRequest{ToClientID: "client-a", ServiceID: "web"})
		req, _ := hear[wire.ConnectRequest](a, wire.TypeConnectRequest)
		a.send(wire.TypeRejectSession, "", wire.RejectSession{SessionID: req.SessionID, Reason: strings.Repeat("é", 200)})
		r, _ := hear[wire.RejectSession](v, wire.TypeRejectSession)
		if r.Code != wire.CodeRejected || r.Reason != strings.Repeat("é", 128) || r.SessionID != req.SessionID {
			t.Errorf("%+v", r)
		}

		// No words at all.
		v.send(wire.TypeConnectRequest, "q", wire.ConnectRequest{ToClientID: "client-a", ServiceID: "web"})
		req, _ = hear[wire.ConnectRequest](a, wire.TypeConnectRequest)
		asked := time.Now()
		r, _ = hear[wire.RejectSession](v, wire.TypeRejectSession)
		if d := time.Since(asked); r.Code != wire.CodeTimeout || d > answerTimeout+2*tick || d < answerTimeout {
			t.Errorf("%+v after %v", r, d)
		}
		a.send(wire.TypeAcceptSession, "late", wire.AcceptSession{SessionID: req.SessionID})
		if e, m := hear[wire.ErrorPayload](a, wire.TypeError); e.Code != wire.CodeSessionNotFound || m.ID != "late" {
			t.Errorf("%+v", e)
		}

		// Limits count at both ends, and each refusal names the one.
		open(v, a, "web")
		d := b.join("t1", "client-d", "", web("web"))
		for _, x := range []struct {
			p  *peer
			to string
		}{{v, "client-d"}, {d, "client-a"}} {
			if r := ask(x.p, x.to, "web"); r.Code != wire.CodeLimit || !strings.Contains(r.Reason, "limit of 1") ||
				!strings.Contains(r.Reason, "max_sessions_per_client") || !strings.Contains(r.Reason, "operator") {
				t.Errorf("%+v", r)
			}
		}
		b.Configure(Config{MaxSessions: 1, MaxSessionsPerClient: 5}) // holds at once
		if r := ask(d, "client-a", "web"); r.Code != wire.CodeLimit || !strings.Contains(r.Reason, "max_sessions ") {
			t.Errorf("%+v", r)
		}
		b.Configure(Config{})
		open(d, a, "web")

		a.hangUp()
		if r := ask(v, "client-a", "web"); r.Code != wire.CodeClientOffline {
			t.Errorf("%+v", r)
		}
	})
}

func TestProviderThatLeavesBeforeItAnswers(t *testing.T) {
	bubble(t, Config{}, func(t *testing.T, b *bed) {
		a, v := b.join("t1", "a", "", web("web")), b.join("t1", "b", "")
		v.send(wire.TypeConnectRequest, "q", wire.ConnectRequest{ToClientID: "a", ServiceID: "web", SessionID: "L"})
		hear[wire.ConnectRequest](a, wire.TypeConnectRequest)
		asked := time.Now()
		a.hangUp()
		r, m := hear[wire.RejectSession](v, wire.TypeRejectSession)
		if r.Code != wire.CodeClientOffline || m.ID != "q" || time.Since(asked) > time.Second {
			t.Errorf("%+v", r)
		}
		// A visitor that leaves is not answered, and leaves nothing behind.
		a = b.join("t1", "a", "", web("web"))
		v.send(wire.TypeConnectRequest, "q", wire.ConnectRequest{ToClientID: "a", ServiceID: "web"})
		req, _ := hear[wire.ConnectRequest](a, wire.TypeConnectRequest)
		v.hangUp()
		a.send(wire.TypeAcceptSession, "", wire.AcceptSession{SessionID: req.SessionID})
		if e, _ := hear[wire.ErrorPayload](a, wire.TypeError); e.Code != wire.CodeSessionNotFound {
			t.Errorf("%+v", e)
		}
		if st := b.Stats(); st.Requests != 0 || st.Sessions != 0 {
			t.Errorf("%+v", st)
		}
	})
}

// Only the ends of a session, or the one who is asked, may speak of it.
func TestOthersSessions(t *testing.T) {
	bubble(t, Config{}, func(t *testing.T, b *bed) {
		a, v, x := b.join("t1", "a", "", web("web")), b.join("t1", "b", ""), b.join("t2", "x", "")
		s, _ := open(v, a, "web")
		v.send(wire.TypeConnectRequest, "", wire.ConnectRequest{ToClientID: "a", ServiceID: "web"})
		req, _ := hear[wire.ConnectRequest](a, wire.TypeConnectRequest)
		for _, m := range []struct {
			typ     wire.Type
			payload any
		}{
			{wire.TypeAcceptSession, wire.AcceptSession{SessionID: req.SessionID}},
			{wire.TypeRejectSession, wire.RejectSession{SessionID: req.SessionID}},
			{wire.TypeSessionClosed, wire.SessionClosed{SessionID: s.SessionID}},
			{wire.TypeSessionConnected, wire.SessionConnected{SessionID: s.SessionID}},
		} {
			x.send(m.typ, "", m.payload)
			if e, _ := hear[wire.ErrorPayload](x, wire.TypeError); e.Code != wire.CodeSessionNotFound {
				t.Errorf("%s: %+v", m.typ, e)
			}
			a.quiet()
			v.quiet()
		}
		// Nor may the visitor accept its own wish.
		v.send(wire.TypeAcceptSession, "", wire.AcceptSession{SessionID: req.SessionID})
		if e, _ := hear[wire.ErrorPayload](v, wire.TypeError); e.Code != wire.CodeSessionNotFound {
			t.Errorf("%+v", e)
		}
	})
}

func TestIdleSessionMayBeAskedForAgain(t *testing.T) {
	bubble(t, Config{Relay: relay.Limits{IdleTimeout: time.Minute}}, func(t *testing.T, b *bed) {
		a, v := b.join("t1", "a", "", web("web")), b.join("t1", "b", "")
		s, _ := open(v, a, "web")
		stop := make(chan struct{})
		defer close(stop)
		go beat(stop, a, v)
		for _, p := range []*peer{a, v} {
			for {
				m := <-p.in
				if m.Type == wire.TypeHeartbeat {
					continue
				}
				var end wire.SessionClosed
				if err := m.Unmarshal(&end); err != nil || m.Type != wire.TypeSessionClosed || end.SessionID != s.SessionID ||
					end.Code != wire.CodeTimeout || end.Final {
					t.Errorf("%s %s, %v", m.Type, m.Payload, err)
				}
				break
			}
		}
	})
}

// beat sends heartbeats for peers until stop.
func beat(stop chan struct{}, peers ...*peer) {
	for {
		for _, p := range peers {
			b, _ := wire.Encode(wire.TypeHeartbeat, "", wire.Heartbeat{Timestamp: 1})
			_ = p.ws.WriteMessage(1, b)
		}
		select {
		case <-stop:
			return
		case <-time.After(10 * time.Second):
		}
	}
}

func TestServicesChange(t *testing.T) {
	bubble(t, Config{}, func(t *testing.T, b *bed) {
		a, v := b.join("t1", "a", "i", web("web"), web("other")), b.join("t1", "b", "")
		s1, _ := open(v, a, "web")
		s2, _ := open(v, a, "other")
		r := a.register("", "i", web("web"))
		if !r.Success || r.AssignedID != "a" || *r.Key != a.key || len(r.Sessions) != 1 || r.Sessions[0] != s1.SessionID {
			t.Errorf("%+v", r)
		}
		end, _ := hear[wire.SessionClosed](v, wire.TypeSessionClosed)
		if end.SessionID != s2.SessionID || end.Code != wire.CodeServiceNotFound || !end.Final {
			t.Errorf("%+v", end)
		}
		a.quiet()
		if r := a.register("c", "i"); r.Success || r.Code != wire.CodeInvalid {
			t.Errorf("a second name: %+v", r)
		}
		if c := b.Clients(); len(c) != 2 || len(c[0].Services) != 1 {
			t.Errorf("%+v", c)
		}
	})
}

func TestUnregisterEndsAtOnce(t *testing.T) {
	bubble(t, Config{}, func(t *testing.T, b *bed) {
		a, v := b.join("t1", "a", "i", web("web")), b.join("t1", "b", "")
		s, _ := open(v, a, "web")
		a.send(wire.TypeUnregister, "", nil)
		end, _ := hear[wire.SessionClosed](v, wire.TypeSessionClosed)
		if end.SessionID != s.SessionID || !end.Final {
			t.Errorf("%+v", end)
		}
		if c := b.Clients(); c[0].Online || len(b.Sessions()) != 0 {
			t.Errorf("%+v", c)
		}
		a.send(wire.TypeGetClientList, "", nil)
		if e, _ := hear[wire.ErrorPayload](a, wire.TypeError); e.Code != wire.CodeNotRegistered {
			t.Errorf("%+v", e)
		}
		if r := a.register("a", "i", web("web")); !r.Success || *r.Key == a.key || len(r.Sessions) != 0 {
			t.Errorf("%+v", r)
		}
	})
}

func TestCloseTellsAllToComeBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t, Config{})
		var peers []*peer
		for _, name := range []string{"a", "b", "c", "d"} {
			peers = append(peers, b.join("t1", name, "", web("web")))
		}
		s, _ := open(peers[1], peers[0], "web")
		err := b.Close(t.Context(), Closing{Code: wire.CloseRestart, Reason: "gateway restarting", Spread: time.Minute})
		if err != nil {
			t.Error(err)
		}
		hints := map[string]bool{}
		for _, p := range peers {
			if e, _ := hear[wire.ErrorPayload](p, wire.TypeError); e.Code != wire.CodeRestarting {
				t.Errorf("%+v", e)
			}
			text := p.closed(wire.CloseRestart)
			if !strings.HasPrefix(text, "gateway restarting; retry-after=0.") { // few come back soon
				t.Error(text)
			}
			hints[text] = true
		}
		if len(hints) < 2 {
			t.Errorf("not spread: %v", hints)
		}
		if log := b.store.log(); len(log) != 1 || log[0].ID != s.SessionID || log[0].Reason != "gateway restarting" {
			t.Errorf("%+v", log)
		}
		if p, resp := b.dial("t1"); p != nil || resp.StatusCode != 503 {
			t.Errorf("after Close: %v", resp)
		}
		b.close()
	})
}

// A client that does not read is closed, and nobody else waits for it.
func TestSlowClientIsClosed(t *testing.T) {
	bubble(t, Config{}, func(t *testing.T, b *bed) {
		a := b.join("t1", "a", "")
		slow, _ := b.connect("t1")
		began := time.Now()
		write := func(typ wire.Type, payload any) error {
			m, err := wire.Encode(typ, "", payload)
			if err != nil {
				t.Fatal(err)
			}
			return slow.WriteMessage(websocket.TextMessage, m)
		}
		if err := write(wire.TypeRegister, wire.Register{ClientID: "b"}); err != nil {
			t.Fatal(err)
		}
		for write(wire.TypeHeartbeat, wire.Heartbeat{Timestamp: 1}) == nil {
			if time.Since(began) > time.Minute {
				t.Fatal("it may send for ever")
			}
		}
		if d := time.Since(began); d > writeTimeout+closeTimeout+time.Second {
			t.Errorf("closed after %v", d)
		}
		time.Sleep(time.Second)
		a.send(wire.TypeGetClientList, "", nil)
		list, _ := hear[wire.ClientList](a, wire.TypeClientList)
		if len(list.Clients) != 2 || list.Clients[0].ID != "a" || list.Clients[1].Status != wire.Offline {
			t.Errorf("%+v", list)
		}
	})
}

func TestOutboxIsBounded(t *testing.T) {
	o := newOutbox()
	n := 0
	for o.push(make([]byte, 1024)) {
		n++
	}
	if n*1024 != maxQueuedBytes {
		t.Errorf("%d messages", n)
	}
	o = newOutbox()
	for n = 0; o.push([]byte{1}); n++ {
	}
	if n != maxQueued {
		t.Errorf("%d messages", n)
	}
	o.finish(1000, "x", true)
	if q, end := o.take(); len(q) != 0 || end == nil || end.code != 1000 {
		t.Errorf("%v %v", q, end)
	}
}

func TestStoreThatFailsIsTriedAgain(t *testing.T) {
	bubble(t, Config{}, func(t *testing.T, b *bed) {
		b.store.mu.Lock()
		b.store.err = errors.New("disk full")
		b.store.mu.Unlock()
		b.join("t1", "a", "", web("web"))
		time.Sleep(3 * keepEvery)
		b.store.mu.Lock()
		b.store.err = nil
		if len(b.store.clients) != 0 {
			t.Errorf("%+v", b.store.clients)
		}
		b.store.mu.Unlock()
		time.Sleep(2 * keepEvery)
		b.store.mu.Lock()
		defer b.store.mu.Unlock()
		if c := b.store.clients[clientKey{name: "a"}]; c.TokenID != "t1" || len(c.Services) != 1 || b.store.used["t1"].IsZero() {
			t.Errorf("%+v, %v", c, b.store.used)
		}
	})
}
