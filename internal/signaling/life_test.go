// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package signaling

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/culvertd/culvert/internal/wire"
)

func TestSilentClientIsOffline(t *testing.T) {
	bubble(t, Config{}, func(t *testing.T, b *bed) {
		a := b.join("t1", "a", "")
		began := time.Now()
		text := a.closed(wire.CloseHeartbeat)
		if d := time.Since(began); d < 45*time.Second || d > 46*time.Second || !strings.Contains(text, "45s") {
			t.Errorf("after %v: %s", d, text)
		}
		if c := b.Clients(); c[0].Online || c[0].LastSeen.Sub(began) > time.Second {
			t.Errorf("%+v", c)
		}
	})
}

func TestSignsOfLife(t *testing.T) {
	for name, sign := range map[string]func(p *peer){
		"heartbeat": func(p *peer) { p.send(wire.TypeHeartbeat, "h", wire.Heartbeat{Timestamp: 42}) },
		"message":   func(p *peer) { p.send(wire.TypeGetClientList, "", nil) },
		"ping":      func(p *peer) { _ = p.ws.WriteControl(websocket.PingMessage, nil, time.Now().Add(time.Second)) },
		"mistake":   func(p *peer) { p.write(websocket.TextMessage, []byte(`{}`)) },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, Config{}, func(t *testing.T, b *bed) {
				a := b.join("t1", "a", "")
				for range 5 {
					time.Sleep(44 * time.Second)
					sign(a)
				}
				synctest.Wait()
				if c := b.Clients(); !c[0].Online {
					t.Error("offline")
				}
				if name == "heartbeat" {
					if h, m := hear[wire.Heartbeat](a, wire.TypeHeartbeat); h.Timestamp != 42 || m.ID != "h" {
						t.Errorf("%+v", h)
					}
				}
			})
		})
	}
}

func TestTimesOfANewConfigHoldAtOnce(t *testing.T) {
	bubble(t, Config{RelayPort: 9001}, func(t *testing.T, b *bed) {
		a := b.join("t1", "a", "i")
		b.Configure(Config{RelayPort: 9001, MaxSessions: 5})
		a.quiet() // nothing that concerns it
		b.Configure(Config{RelayPort: 9002, HeartbeatInterval: 2 * time.Second, HeartbeatTimeout: 5 * time.Second})
		r, m := hear[wire.RegisterResponse](a, wire.TypeRegisterResponse)
		if m.ID != "" || !r.Success || r.HeartbeatInterval != 2000 || r.HeartbeatTimeout != 5000 || r.Relay.Port != 9002 || *r.Key != a.key {
			t.Errorf("%+v", r)
		}
		began := time.Now()
		a.closed(wire.CloseHeartbeat)
		if d := time.Since(began); d > 6*time.Second {
			t.Errorf("after %v", d)
		}
	})
}

func TestRegistrationMustComeSoon(t *testing.T) {
	bubble(t, Config{}, func(t *testing.T, b *bed) {
		p, _ := b.dial("t1")
		began := time.Now()
		go func() { // is alive
			for range 3 {
				b, _ := wire.Encode(wire.TypeHeartbeat, "", wire.Heartbeat{})
				_ = p.ws.WriteMessage(websocket.TextMessage, b)
				time.Sleep(3 * time.Second)
			}
		}()
		p.closed(wire.ClosePolicy)
		if d := time.Since(began); d < 10*time.Second || d > 11*time.Second {
			t.Errorf("after %v", d)
		}
	})
}

func TestConnectionLostForAMoment(t *testing.T) {
	bubble(t, Config{}, func(t *testing.T, b *bed) {
		a, v := b.join("t1", "a", "i1", web("web")), b.join("t1", "b", "i2")
		s, _ := open(v, a, "web")
		stop := make(chan struct{})
		defer close(stop)
		a.hangUp()
		go beat(stop, v)
		if c := b.Clients(); c[0].Online || !c[1].Online {
			t.Errorf("%+v", c)
		}
		time.Sleep(grace - 10*time.Second)
		a2 := b.join("t1", "a", "i1", web("web"))
		if a2.key != a.key || len(a2.got.Sessions) != 1 || a2.got.Sessions[0] != s.SessionID {
			t.Errorf("%+v", a2.got)
		}
		// And it is an end of its session as before.
		a2.send(wire.TypeSessionClosed, "", wire.SessionClosed{SessionID: s.SessionID})
		expect(t, v, wire.CodeEnded, true)
	})
}

// expect waits for a session_closed among heartbeats.
func expect(t *testing.T, p *peer, code string, final bool) wire.SessionClosed {
	t.Helper()
	for {
		m, ok := <-p.in
		if m.Type == wire.TypeHeartbeat {
			continue
		}
		var end wire.SessionClosed
		if err := m.Unmarshal(&end); err != nil || !ok || m.Type != wire.TypeSessionClosed || end.Code != code || end.Final != final {
			t.Fatalf("got %s %s, want session_closed %s %t", m.Type, m.Payload, code, final)
		}
		return end
	}
}

func TestConnectionLostForTooLong(t *testing.T) {
	bubble(t, Config{}, func(t *testing.T, b *bed) {
		a, v := b.join("t1", "a", "i1", web("web")), b.join("t1", "b", "i2")
		open(v, a, "web")
		stop := make(chan struct{})
		defer close(stop)
		go beat(stop, v)
		lost := time.Now()
		a.hangUp()
		expect(t, v, wire.CodeClientOffline, false) // its streams may outlast it
		if d := time.Since(lost); d < grace || d > grace+time.Second {
			t.Errorf("after %v", d)
		}
		// The name and its services are known all the same.
		if c := b.Clients(); len(c) != 2 || c[0].Online || len(c[0].Services) != 1 {
			t.Errorf("%+v", c)
		}
		a2 := b.join("t1", "a", "i1", web("web"))
		if a2.key == a.key || len(a2.got.Sessions) != 0 {
			t.Errorf("%+v", a2.got)
		}
	})
}

func TestNewestHolderHasTheName(t *testing.T) {
	bubble(t, Config{}, func(t *testing.T, b *bed) {
		a, v := b.join("t1", "a", "i1", web("web")), b.join("t1", "b", "")
		s, _ := open(v, a, "web")
		began := time.Now()
		a2 := b.join("t1", "a", "i2", web("web"))
		if e, _ := hear[wire.ErrorPayload](a, wire.TypeError); e.Code != wire.CodeReplaced {
			t.Errorf("%+v", e)
		}
		a.closed(wire.CloseReplaced)
		if d := time.Since(began); d > time.Second {
			t.Errorf("after %v", d)
		}
		if a2.key == a.key || len(a2.got.Sessions) != 0 {
			t.Errorf("%+v", a2.got)
		}
		// The visitor shall ask again, and finds the new one.
		end := expect(t, v, wire.CodeClientOffline, false)
		if end.SessionID != s.SessionID {
			t.Errorf("%+v", end)
		}
		s2, _ := open(v, a2, "web")
		// The old session rests until its channels are gone: there are none.
		if n := len(b.Sessions()); n != 2 {
			t.Errorf("%d sessions", n)
		}
		stop := make(chan struct{})
		defer close(stop)
		go beat(stop, v, a2)
		time.Sleep(3 * orphanRest)
		if all := b.Sessions(); len(all) != 1 || all[0].ID != s2.SessionID {
			t.Errorf("%+v", all)
		}
	})
}

func TestSameInstanceOnANewConnection(t *testing.T) {
	bubble(t, Config{}, func(t *testing.T, b *bed) {
		a, v := b.join("t1", "a", "i1", web("web")), b.join("t1", "b", "")
		s, _ := open(v, a, "web")
		a2 := b.join("t1", "a", "i1", web("web"))
		a.closed(wire.CloseNormal)
		if a2.key != a.key || len(a2.got.Sessions) != 1 || a2.got.Sessions[0] != s.SessionID {
			t.Errorf("%+v", a2.got)
		}
		v.quiet()
		if st := b.Stats(); st.Takeovers != 0 || st.Online != 2 {
			t.Errorf("%+v", st)
		}
	})
}

func TestFightForANameIsReported(t *testing.T) {
	bubble(t, Config{}, func(t *testing.T, b *bed) {
		for i := range 4 {
			b.join("t1", "a", string(rune('k'+i)))
		}
		if st := b.Stats(); st.Takeovers != 3 || st.Alarms != 0 {
			t.Errorf("%+v", st)
		}
		b.join("t1", "a", "z")
		if st := b.Stats(); st.Takeovers != 4 || st.Alarms != 1 {
			t.Errorf("%+v", st)
		}
		for i := range 5 { // as often, but with time between
			time.Sleep(30 * time.Second)
			b.join("t1", "a", string(rune('A'+i)))
		}
		if st := b.Stats(); st.Takeovers != 9 || st.Alarms != 1 {
			t.Errorf("%+v", st)
		}
	})
}
