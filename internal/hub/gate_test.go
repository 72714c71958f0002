// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package hub

import (
	"context"
	"io"
	"maps"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/culvertd/culvert/internal/wire"
)

const other ID = "BBBBBBBBBBBBBBBBBBBBBB"

// reach dials any endpoint with a query and headers.
func (s *server) reach(id ID, query string, head http.Header) (*websocket.Conn, *http.Response) {
	s.t.Helper()
	ws, resp, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(s.URL, "http")+"/ws/"+string(id)+query, head)
	if err == nil {
		s.t.Cleanup(func() { ws.Close() })
	} else if resp == nil {
		s.t.Fatal(err)
	}
	return ws, resp
}

func TestPrivateEndpoint(t *testing.T) {
	key := NewKey()
	s := serve(t, Config{}, Settings{KeyHash: HashKey(key)})
	s.Set(other, Settings{KeyHash: HashKey(NewKey())})
	bearer := func(k string) http.Header { return http.Header{"Authorization": {"Bearer " + k}} }
	protocols := func(ps ...string) http.Header {
		return http.Header{"Sec-Websocket-Protocol": {strings.Join(ps, ", ")}}
	}
	for _, tc := range []struct {
		name   string
		id     ID
		head   http.Header
		open   bool
		chosen string
	}{
		{"nothing", room, nil, false, ""},
		{"wrong bearer", room, bearer(NewKey()), false, ""},
		{"empty bearer", room, bearer(""), false, ""},
		{"another scheme", room, http.Header{"Authorization": {"Basic " + key}}, false, ""},
		{"bearer", room, bearer(key), true, ""},
		{"bearer beside a wrong subprotocol", room, http.Header{
			"Authorization": {"bearer " + key}, "Sec-Websocket-Protocol": {"culvert.key.x"},
		}, true, "culvert.key.x"},
		{"subprotocol", room, protocols("culvert.key." + key), true, "culvert.key." + key},
		{"subprotocol beside another", room, protocols("culvert.key."+key, "chat"), true, "chat"},
		{"wrong subprotocol", room, protocols("culvert.key." + key + "x"), false, ""},
		{"only the first key counts", room, protocols("culvert.key.x", "culvert.key."+key), false, ""},
		{"key of another endpoint", other, bearer(key), false, ""},
		{"key as a ticket", room, nil, false, ""},
	} {
		query := ""
		if tc.name == "key as a ticket" {
			query = "?ticket=" + key
		}
		ws, resp := s.reach(tc.id, query, tc.head)
		if open := ws != nil; open != tc.open {
			t.Errorf("%s: %s", tc.name, resp.Status)
		} else if open && ws.Subprotocol() != tc.chosen {
			t.Errorf("%s: subprotocol %q", tc.name, ws.Subprotocol())
		}
	}
}

// TestWrongKeyLooksLikeNoEndpoint: nobody learns that a private endpoint is
// there, from no kind of request.
func TestWrongKeyLooksLikeNoEndpoint(t *testing.T) {
	s := serve(t, Config{}, Settings{KeyHash: HashKey(NewKey())})
	ask := func(id ID, head http.Header) string {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/ws/"+string(id), nil)
		if err != nil {
			t.Fatal(err)
		}
		maps.Copy(req.Header, head)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		resp.Header.Del("Date")
		var b strings.Builder
		_ = resp.Header.Write(&b)
		return resp.Status + "\n" + b.String() + string(body)
	}
	upgrade := http.Header{
		"Connection": {"Upgrade"}, "Upgrade": {"websocket"}, "Sec-Websocket-Version": {"13"},
		"Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="}, "Authorization": {"Bearer cvk_wrong"},
	}
	old := upgrade.Clone()
	old.Set("Sec-Websocket-Version", "8")
	for name, head := range map[string]http.Header{"plain": nil, "upgrade": upgrade, "old version": old} {
		secret, unknown := ask(room, head), ask(other, head)
		if secret != unknown || !strings.HasPrefix(secret, "404") {
			t.Errorf("%s:\n%s\nunknown:\n%s", name, secret, unknown)
		}
	}
}

func TestTicket(t *testing.T) {
	s := serve(t, Config{}, Settings{KeyHash: HashKey(NewKey())})
	s.Set(other, Settings{KeyHash: HashKey(NewKey())})
	if _, _, ok := s.Ticket("CCCCCCCCCCCCCCCCCCCCCC"); ok {
		t.Error("a ticket to nowhere")
	}
	mine, _, _ := s.Ticket(room)
	if ws, resp := s.reach(other, "?ticket="+mine, nil); ws != nil {
		t.Errorf("elsewhere: %s", resp.Status)
	}
	if ws, resp := s.reach(room, "?ticket="+mine, nil); ws == nil {
		t.Errorf("first use: %s", resp.Status)
	}
	if ws, resp := s.reach(room, "?ticket="+mine, nil); ws != nil {
		t.Errorf("second use: %s", resp.Status)
	}
	void, _, _ := s.Ticket(room)
	s.CloseAll(room, Closing{Code: CloseKey, Reason: "new key"})
	if ws, resp := s.reach(room, "?ticket="+void, nil); ws != nil {
		t.Errorf("after a new key: %s", resp.Status)
	}
}

func TestTicketsAreShortLivedAndFew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := New(Config{})
		defer h.Close(context.Background(), Closing{Code: wire.CloseGoingAway})
		h.Set(room, Settings{KeyHash: HashKey(NewKey())})
		ep := h.find(room)
		text, expires, _ := h.Ticket(room)
		if d := time.Until(expires); d != 30*time.Second {
			t.Errorf("good for %v", d)
		}
		time.Sleep(30 * time.Second)
		if ep.redeem(HashKey(text)) {
			t.Error("good for too long")
		}
		first, _, _ := h.Ticket(room)
		second, _, _ := h.Ticket(room)
		for range maxTickets - 1 {
			h.Ticket(room)
		}
		if len(ep.tickets) != maxTickets || ep.redeem(HashKey(first)) || !ep.redeem(HashKey(second)) {
			t.Errorf("%d tickets", len(ep.tickets))
		}
		time.Sleep(time.Minute)
		if h.Ticket(room); len(ep.tickets) != 1 {
			t.Errorf("%d tickets after a minute", len(ep.tickets))
		}
	})
}

// TestLetInBeforeTheKeyChanged: an upgrade that is under way when all are
// parted with does not slip in.
func TestLetInBeforeTheKeyChanged(t *testing.T) {
	s := serve(t, Config{}, Settings{})
	ep := s.find(room)
	ours, theirs := net.Pipe()
	defer theirs.Close()
	defer ours.Close()
	if !s.admit() {
		t.Fatal("closed")
	}
	ep.reserve()
	c := &conn{ep: ep, nc: ours, cuts: ep.cuts.Load()}
	s.CloseAll(room, Closing{Code: CloseKey})
	if err := c.enter(); err == nil {
		t.Error("slipped in")
	}
	c.stillborn()
	if st := s.settled(); st.Connections != 0 || ep.reserved != 0 {
		t.Errorf("%+v, %d reserved", st, ep.reserved)
	}
}

func TestSecret(t *testing.T) {
	for _, tc := range []struct {
		url, protocol string
		want          bool
	}{
		{"/ws/x", "", false},
		{"/ws/x", "chat", false},
		{"/ws/x", "chat, culvert.key.k", true},
		{"/ws/x?ticket=t", "", true},
		{"/ws/x?other=t", "", false},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, tc.url, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Sec-Websocket-Protocol", tc.protocol)
		if Secret(r) != tc.want {
			t.Errorf("%+v", tc)
		}
	}
}
