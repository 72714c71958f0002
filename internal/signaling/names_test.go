// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package signaling

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/culvertd/culvert/internal/wire"
)

func TestNamesBelongToTheirTokens(t *testing.T) {
	bubble(t, Config{}, func(t *testing.T, b *bed) {
		b.join("t1", "mine", "")
		for _, tc := range []struct {
			token, wants, gets, code string
		}{
			{token: "t2", wants: "mine", code: wire.CodeNameTaken},
			{token: "t2", wants: "bound", code: wire.CodeNameTaken},
			{token: "t2", wants: "-x", code: wire.CodeInvalid},
			{token: "t2", wants: "a.b", code: wire.CodeInvalid},
			{token: "t2", wants: strings.Repeat("x", 64), code: wire.CodeInvalid},
			{token: "bound", wants: "other", code: wire.CodeUnauthorized},
			{token: "bound", wants: "", gets: "bound"},
			{token: "bound", wants: "bound", gets: "bound"},
			{token: "t1", wants: "mine", gets: "mine"},
			{token: "t2", wants: "yours", gets: "yours"},
		} {
			p, _ := b.dial(tc.token)
			p.name = tc.token
			r := p.register(tc.wants, "")
			if r.Success != (tc.code == "") || r.AssignedID != tc.gets || r.Code != tc.code || (r.Key != nil) != r.Success {
				t.Errorf("%+v: got %+v", tc, r)
			}
			if r.Success {
				continue
			}
			if r.Error == "" || r.Version != wire.ProtocolVersion {
				t.Errorf("%+v: no reason: %+v", tc, r)
			}
			// The connection is good for another try.
			if r := p.register("", ""); !r.Success {
				t.Errorf("%+v: another try: %+v", tc, r)
			}
		}
	})
}

func TestAssignedNamesAreForgotten(t *testing.T) {
	bubble(t, Config{}, func(t *testing.T, b *bed) {
		p, _ := b.dial("t1")
		q, _ := b.dial("t1")
		name := p.register("", "i").AssignedID
		if other := q.register("", "j").AssignedID; !isAssigned(name) || !isAssigned(other) || name == other {
			t.Errorf("%q, %q", name, other)
		}
		key := *p.got.Key
		p.hangUp()
		// Back in time, it has its name and key by naming itself.
		p = b.join("t1", name, "i")
		if p.key != key {
			t.Error("another key")
		}
		if x, _ := b.dial("t2"); x.register(name, "i").Code != wire.CodeNameTaken {
			t.Errorf("%+v", x.got)
		}
		p.hangUp()
		q.hangUp()
		time.Sleep(grace + time.Second)
		kept, _ := b.store.Clients(t.Context())
		if c := b.Clients(); len(c) != 0 || len(kept) != 0 {
			t.Errorf("%+v, %+v", c, kept)
		}
	})
}

func TestNamesOfOneTokenAreLimited(t *testing.T) {
	bubble(t, Config{}, func(t *testing.T, b *bed) {
		p, _ := b.dial("t1")
		for i := range maxNames {
			if r := p.register(fmt.Sprintf("n%d", i), ""); !r.Success {
				t.Fatalf("%d: %+v", i, r)
			}
			p.send(wire.TypeUnregister, "", nil)
		}
		if r := p.register("more", ""); r.Code != wire.CodeLimit || !strings.Contains(r.Error, "1000") || !strings.Contains(r.Error, "operator") {
			t.Errorf("%+v", r)
		}
		if r := p.register("n5", ""); !r.Success {
			t.Errorf("%+v", r)
		}
	})
}

func TestNamesOutliveARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t, Config{})
		a := b.join("t1", "a", "i", web("web"))
		b.close()
		b = reopen(t, Config{}, b.store)
		defer b.close()
		if c := b.Clients(); len(c) != 1 || c[0].Online || c[0].Name != "a" || !reflect.DeepEqual(c[0].Services[0], web("web")) {
			t.Errorf("%+v", c)
		}
		if x, _ := b.dial("t2"); x.register("a", "").Code != wire.CodeNameTaken {
			t.Errorf("%+v", x.got)
		}
		if a2 := b.join("t1", "a", "i", web("web")); a2.key == a.key {
			t.Error("a key came back")
		}
	})
}

func TestRevokedToken(t *testing.T) {
	bubble(t, Config{}, func(t *testing.T, b *bed) {
		a, v := b.join("t1", "a", "i", web("web")), b.join("t2", "b", "")
		b.join("t1", "away", "").hangUp()
		s, _ := open(v, a, "web")
		idle, _ := b.dial("t1")
		b.RevokeToken("nobody's")
		began := time.Now()
		b.RevokeToken("t1")
		a.closed(wire.CloseUnauthorized)
		idle.closed(wire.CloseUnauthorized)
		if end := expect(t, v, wire.CodeClientOffline, true); end.SessionID != s.SessionID || time.Since(began) > 2*time.Second {
			t.Errorf("%+v", end)
		}
		if c := b.Clients(); len(c) != 1 || c[0].Name != "b" || len(b.Sessions()) != 0 {
			t.Errorf("%+v", c)
		}
		if p, resp := b.dial("t1"); p != nil || resp.StatusCode != 401 {
			t.Errorf("%v", resp)
		}
		// Its names are free.
		b.join("t2", "a", "")
		// And one made while the server runs is good at once.
		b.AddToken(tokenOf("t3", ""))
		b.join("t3", "c", "")
	})
}

// A process that lost its name keeps its sessions for a while; a token that is
// revoked ends these too.
func TestRevokedTokenOfAReplacedProcess(t *testing.T) {
	bubble(t, Config{}, func(t *testing.T, b *bed) {
		a, v := b.join("t1", "a", "i1", web("web")), b.join("t2", "b", "")
		open(v, a, "web")
		b.join("t1", "a", "i2", web("web"))
		expect(t, v, wire.CodeClientOffline, false)
		b.RevokeToken("t1")
		expect(t, v, wire.CodeClientOffline, true)
		if s := b.Sessions(); len(s) != 0 {
			t.Errorf("%+v", s)
		}
	})
}

// Two tokens may be bound to one name, so that tokens can be changed in peace.
func TestTokenIsReplacedByAnother(t *testing.T) {
	bubble(t, Config{}, func(t *testing.T, b *bed) {
		a, v := b.join("bound", "bound", "i", web("web")), b.join("t1", "b", "")
		s, _ := open(v, a, "web")
		b.AddToken(tokenOf("new", "bound"))
		a2 := b.join("new", "bound", "i", web("web"))
		if a2.key != a.key || len(a2.got.Sessions) != 1 {
			t.Errorf("%+v", a2.got)
		}
		a.closed(wire.CloseNormal)
		b.RevokeToken("bound")
		v.quiet()
		a2.quiet()
		if all := b.Sessions(); len(all) != 1 || all[0].ID != s.SessionID {
			t.Errorf("%+v", all)
		}
	})
}

func TestMistakesAreAnswered(t *testing.T) {
	bubble(t, Config{}, func(t *testing.T, b *bed) {
		p := b.join("t1", "a", "")
		fresh, _ := b.dial("t1")
		for _, tc := range []struct {
			p         *peer
			kind      int
			text      string
			code, say string
		}{
			{p, websocket.TextMessage, `{`, wire.CodeInvalid, "JSON"},
			{p, websocket.TextMessage, `{}`, wire.CodeInvalid, "type"},
			{p, websocket.TextMessage, `{"type":5}`, wire.CodeInvalid, "type"},
			{p, websocket.TextMessage, `{"type":"heartbeat","payload":{"timestamp":"now"}}`, wire.CodeInvalid, "timestamp"},
			{p, websocket.TextMessage, `{"type":"connect_request","payload":[]}`, wire.CodeInvalid, "connect_request"},
			{p, websocket.TextMessage, `{"type":"connect_request","payload":{"sessionId":"` + strings.Repeat("x", 64) + `"}}`, wire.CodeInvalid, "63"},
			{p, websocket.TextMessage, `{"type":"create_session"}`, wire.CodeUnknownType, "create_session"},
			{p, websocket.TextMessage, `{"type":"dance","more":1}`, wire.CodeUnknownType, "dance"},
			{p, websocket.BinaryMessage, `{"type":"heartbeat"}`, wire.CodeInvalid, "binary"},
			{fresh, websocket.TextMessage, `{"type":"get_client_list"}`, wire.CodeNotRegistered, "register"},
			{fresh, websocket.TextMessage, `{"type":"connect_request"}`, wire.CodeNotRegistered, "register"},
			{fresh, websocket.TextMessage, `{"type":"accept_session"}`, wire.CodeNotRegistered, "register"},
			{fresh, websocket.TextMessage, `{"type":"session_closed"}`, wire.CodeNotRegistered, "register"},
			{fresh, websocket.TextMessage, `{"type":"unregister"}`, wire.CodeNotRegistered, "register"},
		} {
			tc.p.write(tc.kind, []byte(tc.text))
			e, _ := hear[wire.ErrorPayload](tc.p, wire.TypeError)
			if e.Code != tc.code || !strings.Contains(e.Message, tc.say) {
				t.Errorf("%s: %+v", tc.text, e)
			}
		}
		// What it does right still works, and unknown fields do no harm.
		p.write(websocket.TextMessage, []byte(`{"type":"heartbeat","colour":"green","payload":{"timestamp":7,"x":[]}}`))
		if h, _ := hear[wire.Heartbeat](p, wire.TypeHeartbeat); h.Timestamp != 7 {
			t.Errorf("%+v", h)
		}
		// In a loop it is too much.
		for range mistakeBurst {
			_ = p.ws.WriteMessage(websocket.TextMessage, []byte(`{`)) // it may be closed already
			synctest.Wait()
		}
		if text := p.closed(wire.ClosePolicy); !strings.Contains(text, "too many wrong messages") {
			t.Error(text)
		}
	})
}

func TestRegistrationsThatAreWrong(t *testing.T) {
	many := make([]wire.Service, wire.MaxServices+1)
	for i := range many {
		many[i] = web(fmt.Sprintf("s%d", i))
	}
	edit := func(f func(*wire.Service)) []wire.Service {
		v := web("web")
		f(&v)
		return []wire.Service{v}
	}
	for _, tc := range []struct {
		say string
		reg wire.Register
	}{
		{"", wire.Register{Services: many[1:]}},
		{"at most 256", wire.Register{Services: many}},
		{"instance", wire.Register{Instance: strings.Repeat("x", 65)}},
		{"twice", wire.Register{Services: []wire.Service{web("a"), web("a")}}},
		{"services[0].id", wire.Register{Services: edit(func(v *wire.Service) { v.ID = "" })}},
		{"services[0].id", wire.Register{Services: edit(func(v *wire.Service) { v.ID = "a/b" })}},
		{"services[0].protocol", wire.Register{Services: edit(func(v *wire.Service) { v.Protocol = "sctp" })}},
		{"services[0].localPort", wire.Register{Services: edit(func(v *wire.Service) { v.LocalPort = 65536 })}},
		{"services[0].localPort", wire.Register{Services: edit(func(v *wire.Service) { v.LocalPort = -1 })}},
		{"services[0].localHost", wire.Register{Services: edit(func(v *wire.Service) { v.LocalHost = strings.Repeat("x", 256) })}},
		{"services[0].description", wire.Register{Services: edit(func(v *wire.Service) { v.Description = strings.Repeat("x", 257) })}},
		{"", wire.Register{Services: edit(func(v *wire.Service) { v.Description = strings.Repeat("x", 256); v.LocalPort = 65535 })}},
	} {
		err := check(&tc.reg)
		if (err == nil) != (tc.say == "") || err != nil && !strings.Contains(err.Error(), tc.say) {
			t.Errorf("want %q, got %v", tc.say, err)
		}
	}
}

// A list that is too long for a message names those who are online first, and
// says that it is not whole.
func TestLongListIsCut(t *testing.T) {
	infos := make([]wire.ClientInfo, 20)
	for i := range infos {
		infos[i] = wire.ClientInfo{ID: "x", Services: []wire.Service{{Description: strings.Repeat("d", 20_000)}}}
	}
	list, omitted, err := fit(infos)
	if err != nil || len(list)+omitted != len(infos) || omitted == 0 || len(list) < 10 {
		t.Errorf("%d and %d, %v", len(list), omitted, err)
	}
	if b, err := wire.Encode(wire.TypeClientList, strings.Repeat("i", wire.MaxName), list); err != nil {
		t.Errorf("%d bytes: %v", len(b), err)
	}
	bubble(t, Config{}, func(t *testing.T, b *bed) {
		b.join("t1", "aaa", "").hangUp()
		z := b.join("t1", "zzz", "")
		z.send(wire.TypeGetClientList, "", nil)
		if l, _ := hear[wire.ClientList](z, wire.TypeClientList); len(l.Clients) != 2 || l.Clients[0].ID != "zzz" {
			t.Errorf("%+v", l)
		}
	})
}
