// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package hub

import (
	"encoding/json"
	"net/http"
	"net/netip"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/gorilla/websocket"
)

func TestConnectionsAndKick(t *testing.T) {
	s := serve(t, Config{}, Settings{})
	a := s.dial()
	b, c := s.dial(), s.dial()
	send(t, a, websocket.TextMessage, []byte("hello"))
	want(t, b, websocket.TextMessage, []byte("hello"))
	want(t, c, websocket.TextMessage, []byte("hello"))

	list, ok := s.Connections(room, 0, 10)
	if !ok || len(list) != 3 {
		t.Fatalf("%+v, %v", list, ok)
	}
	if first := list[0]; first.MessagesIn != 1 || first.BytesIn != 5 || first.MessagesOut != 0 || first.Lag != 0 ||
		first.Addr != netip.MustParseAddr("127.0.0.1") || first.Since.IsZero() {
		t.Errorf("%+v", first)
	}
	if second := list[1]; second.MessagesOut != 1 || second.BytesOut != 5 || second.MessagesIn != 0 {
		t.Errorf("%+v", second)
	}
	page, _ := s.Connections(room, list[0].ID, 1)
	if len(page) != 1 || page[0].ID != list[1].ID {
		t.Errorf("second page: %+v", page)
	}
	if _, ok := s.Connections(other, 0, 10); ok {
		t.Error("connections of nothing")
	}

	if s.Kick(other, list[1].ID) || s.Kick(room, 1<<60) {
		t.Error("kicked nobody")
	}
	if !s.Kick(room, list[1].ID) {
		t.Error("not kicked")
	}
	wantClose(t, b, CloseKicked, "kicked")
	send(t, a, websocket.TextMessage, []byte("still"))
	want(t, c, websocket.TextMessage, []byte("still"))
	if n := s.Counts(); n.Kicks != 1 || n.Cut != 0 {
		t.Errorf("%+v", n)
	}
}

func TestLag(t *testing.T) {
	h := New(Config{})
	defer h.Close(t.Context(), Closing{Code: 1001})
	h.Set(room, Settings{})
	slow, sender := meet(t, h), meet(t, h) // nobody reads the pipe of slow
	defer slow.nc.Close()
	defer sender.nc.Close()
	for range 3 {
		sender.say(1, []byte("x"))
	}
	for {
		list, _ := h.Connections(room, 0, 2)
		if list[1].MessagesIn == 3 {
			list, _ = h.Connections(room, 0, 2) // a list is not of one moment
			if list[0].Lag != 3 || list[1].Lag != 0 {
				t.Errorf("%+v", list)
			}
			return
		}
	}
}

func TestCloseAllLeavesTheEndpoint(t *testing.T) {
	s := serve(t, Config{}, Settings{})
	a := s.dial()
	key := NewKey()
	s.Set(room, Settings{KeyHash: HashKey(key)})
	s.CloseAll(room, Closing{Code: CloseKey, Reason: "the endpoint has a new key"})
	wantClose(t, a, CloseKey, "new key")
	if ws, _, _ := s.try(); ws != nil {
		t.Error("came back without the key")
	}
	b := s.dial("Authorization", "Bearer "+key)
	c := s.dial("Authorization", "Bearer "+key)
	send(t, b, websocket.TextMessage, []byte("x"))
	want(t, c, websocket.TextMessage, []byte("x"))
	if n := s.Counts().Cut; n != 1 {
		t.Errorf("%d cut", n)
	}
}

func TestBlocked(t *testing.T) {
	var on atomic.Bool
	blocked := func(a netip.Addr) bool { return on.Load() && a == netip.MustParseAddr("127.0.0.1") }
	s := serve(t, Config{Blocked: blocked}, Settings{})
	a := s.dial()
	s.CloseAddr(blocked) // nothing is blocked yet
	on.Store(true)
	for _, id := range []ID{room, other} { // before anything else is looked at
		if ws, resp := s.reach(id, "", nil); ws != nil || resp.StatusCode != http.StatusForbidden || code(t, resp) != "blocked" {
			t.Errorf("%s: %s", id, resp.Status)
		}
	}
	s.CloseAddr(blocked)
	wantClose(t, a, CloseForbidden, "blocked")
	if n := s.Counts(); n.Blocked != 2 || n.Cut != 1 {
		t.Errorf("%+v", n)
	}
}

// TestBlockedWhileUpgrading: who was asked about before the list grew, and was
// no member yet when it was searched, is found all the same.
func TestBlockedWhileUpgrading(t *testing.T) {
	asked := new(atomic.Int32)
	s := serve(t, Config{Blocked: func(netip.Addr) bool { return asked.Add(1) > 1 }}, Settings{})
	wantClose(t, s.dial(), CloseForbidden, "blocked")
}

func TestGroup(t *testing.T) {
	g := new(Group)
	g.SetLimit(2)
	s := serve(t, Config{}, Settings{Group: g})
	s.Set(other, Settings{Group: g})
	a := s.dial()
	if ws, resp := s.reach(other, "", nil); ws == nil {
		t.Fatalf("second: %s", resp.Status)
	}
	ws, resp := s.reach(room, "", nil)
	if ws != nil || resp.StatusCode != http.StatusServiceUnavailable || code(t, resp) != "account_full" {
		t.Errorf("third: %s", resp.Status)
	}
	_ = a.Close()
	s.until(func(Stats) bool { return g.Connections() == 1 })
	s.dial()

	g.SetLimit(0)
	g.SetSpent(true)
	ws, resp = s.reach(room, "", nil)
	if ws != nil || resp.StatusCode != http.StatusTooManyRequests || code(t, resp) != "quota_exceeded" {
		t.Errorf("with a spent quota: %s", resp.Status)
	}
	g.SetSpent(false)
	s.dial()
	if n := s.Counts().Exceeded; n != 1 || g.Connections() != 3 {
		t.Errorf("%d refused, %d there", n, g.Connections())
	}
	s.Remove(room, Closing{Code: 4410})
	s.Remove(other, Closing{Code: 4410})
}

// TestGroupIsGivenBack: whatever becomes of an upgrade.
func TestGroupIsGivenBack(t *testing.T) {
	g := new(Group)
	s := serve(t, Config{Limits: Limits{MaxConnections: 1}}, Settings{Group: g})
	a := s.dial()
	for range 3 {
		if ws, _, _ := s.try(); ws != nil {
			t.Fatal("over the endpoint's limit")
		}
		if ws, _, _ := s.try("Sec-WebSocket-Extensions", "permessage-deflate"); ws != nil {
			t.Fatal("over the endpoint's limit")
		}
	}
	if n := g.Connections(); n != 1 {
		t.Errorf("%d after refusals", n)
	}
	_ = a.Close()
	s.until(func(Stats) bool { return g.Connections() == 0 })
}

func TestEachSum(t *testing.T) {
	s := serve(t, Config{}, Settings{})
	a, b := s.dial(), s.dial()
	send(t, a, websocket.TextMessage, []byte("x"))
	want(t, b, websocket.TextMessage, []byte("x"))
	s.until(func(st Stats) bool { return st.MessagesOut == 1 })
	var ids []ID
	s.Set(other, Settings{})
	s.EachSum(func(id ID, st Stats) bool {
		if ids = append(ids, id); id == room && (st.MessagesIn != 1 || st.Connections != 2) {
			t.Errorf("%+v", st)
		}
		return true
	})
	if slices.Sort(ids); !slices.Equal(ids, []ID{room, other}) {
		t.Error(ids)
	}
}

// code reads the stable code of a refusal.
func code(t *testing.T, resp *http.Response) string {
	t.Helper()
	var e struct{ Code string }
	if err := json.NewDecoder(resp.Body).Decode(&e); err != nil {
		t.Error(err)
	}
	return e.Code
}
