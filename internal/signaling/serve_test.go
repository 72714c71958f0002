// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package signaling

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/culvertd/culvert/internal/refusal"
	"github.com/culvertd/culvert/internal/wire"
)

// handler serves b as a gateway does, but without Caddy.
func handler(b *bed) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/tunnel", func(w http.ResponseWriter, r *http.Request) {
		b.Serve(w, r, netip.MustParseAddrPort(r.RemoteAddr).Addr())
	})
	mux.HandleFunc(ChannelsPath, func(w http.ResponseWriter, r *http.Request) {
		b.ServeChannel(w, r, netip.MustParseAddrPort(r.RemoteAddr).Addr())
	})
	return mux
}

// site starts a server on real sockets.
func site(t *testing.T, cfg Config) (*bed, *httptest.Server) {
	t.Helper()
	b := newBed(t, cfg)
	s := httptest.NewServer(handler(b))
	t.Cleanup(func() {
		s.Close()
		b.close()
	})
	return b, s
}

func call(t *testing.T, s *httptest.Server, method, path string, head http.Header, body io.Reader) (*http.Response, refusal.Refusal) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header = head
	resp, err := s.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var no refusal.Refusal
	if err := json.NewDecoder(resp.Body).Decode(&no); err != nil {
		t.Errorf("%s: %v", resp.Status, err)
	}
	return resp, no
}

func TestRefusalsBeforeTheUpgrade(t *testing.T) {
	_, s := site(t, Config{})
	upgrade := func(more ...string) http.Header {
		h := http.Header{
			"Connection": {"Upgrade"}, "Upgrade": {"websocket"},
			"Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {"AAAAAAAAAAAAAAAAAAAAAA=="},
		}
		for i := 0; i < len(more); i += 2 {
			h.Set(more[i], more[i+1])
		}
		return h
	}
	for _, tc := range []struct {
		path   string
		head   http.Header
		body   io.Reader
		status int
		code   string
	}{
		{"/tunnel", upgrade(), nil, 401, "unauthorized"},
		{"/tunnel", http.Header{}, nil, 401, "unauthorized"}, // tells nothing to strangers
		{"/tunnel", upgrade("Authorization", "Bearer t9"), nil, 401, "unauthorized"},
		{"/tunnel", upgrade("Authorization", "Basic t1"), nil, 401, "unauthorized"},
		{"/tunnel", upgrade("Authorization", "t1"), nil, 401, "unauthorized"},
		{"/tunnel", http.Header{"Authorization": {"Bearer t1"}}, nil, 426, "upgrade_required"},
		{"/tunnel", upgrade("Authorization", "Bearer t1", "Sec-Websocket-Version", "12"), nil, 400, "bad_handshake"},
		{"/tunnel", upgrade("Authorization", "Bearer t1"), strings.NewReader("x"), 400, "body_not_allowed"},
		{ChannelsPath, http.Header{}, nil, 426, "upgrade_required"},
		{ChannelsPath, upgrade(), strings.NewReader("x"), 400, "body_not_allowed"},
	} {
		resp, no := call(t, s, http.MethodGet, tc.path, tc.head, tc.body)
		if resp.StatusCode != tc.status || no.Code != tc.code || no.Message == "" || resp.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s %v: %s %+v", tc.path, tc.head, resp.Status, no)
		}
	}
}

func TestGuessesAreLimited(t *testing.T) {
	b, s := site(t, Config{})
	wrong := http.Header{"Authorization": {"Bearer cvt_wrong"}}
	for i := range guessBurst + 5 {
		resp, no := call(t, s, http.MethodGet, "/tunnel", wrong, nil)
		want := 401
		if i >= guessBurst {
			want = 429
		}
		if resp.StatusCode != want || (want == 429) != (resp.Header.Get("Retry-After") != "") {
			t.Errorf("%d: %s %+v", i, resp.Status, no)
		}
	}
	// The neighbour with the right one gets in.
	if resp, no := call(t, s, http.MethodGet, "/tunnel", http.Header{"Authorization": {"bearer t1"}}, nil); resp.StatusCode != 426 {
		t.Errorf("%s %+v", resp.Status, no)
	}
	if st := b.Stats(); st.Unauthorized != guessBurst+5 {
		t.Errorf("%+v", st)
	}
	// One IPv6 customer is one source, and other sources are others.
	var g guard
	for i := range guessBurst {
		if g.wrong(netip.MustParseAddr("2001:db8::").Next()) != 0 {
			t.Errorf("%d refused", i)
		}
	}
	if g.wrong(netip.MustParseAddr("2001:db8::ffff:1")) == 0 || g.wrong(netip.MustParseAddr("2001:db8:0:1::1")) != 0 ||
		g.wrong(netip.Addr{}) != 0 {
		t.Error("sources are not told apart")
	}
	g.forget()
	if len(g.sources) != 3 {
		t.Errorf("%d sources", len(g.sources))
	}
}

func real(t *testing.T, b *bed, s *httptest.Server, name string, services ...wire.Service) *peer {
	t.Helper()
	ws, _, err := websocket.DefaultDialer.DialContext(t.Context(), strings.Replace(s.URL, "http", "ws", 1)+"/tunnel",
		http.Header{"Authorization": {"Bearer t1"}})
	if err != nil {
		t.Fatal(err)
	}
	p := &peer{t: t, ws: ws, in: make(chan wire.Message, 100), end: make(chan *websocket.CloseError, 1), name: name}
	go p.read()
	p.register(name, name, services...)
	p.key = *p.got.Key
	t.Cleanup(func() { _ = ws.Close() })
	return p
}

// The keys that clients get open channels at the relay, and only while they
// are in force.
func TestKeysOpenChannels(t *testing.T) {
	b, s := site(t, Config{})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- b.Relay().ServeTCP(ln) }()
	defer func() {
		_ = ln.Close()
		if err := <-served; err != nil {
			t.Error(err)
		}
	}()
	dial := func(l wire.Line, k wire.Key, data string) net.Conn {
		t.Helper()
		c, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		l.Protocol, l.Key = wire.TCP, k.ID
		if _, err := c.Write(append(l.Append(nil, k.Secret), data...)); err != nil {
			t.Fatal(err)
		}
		_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
		return c
	}
	a, v := real(t, b, s, "a", web("web")), real(t, b, s, "b")
	cv, _ := open(v, a, "web")

	// A visitor that finds nobody parked has the provider asked.
	visitor := dial(wire.Line{Role: wire.Open, Session: cv.SessionID, Counter: 1}, *cv.Key, "hello")
	if w, _ := hear[wire.ChannelsWanted](a, wire.TypeChannelsWanted); w.Count < 1 {
		t.Errorf("%+v", w)
	}
	provider := dial(wire.Line{Role: wire.Park, Counter: 1}, a.key, "")
	want := "GO " + cv.SessionID + " web tcp plain\nhello"
	if got := make([]byte, len(want)); true {
		if _, err := io.ReadFull(provider, got); err != nil || string(got) != want {
			t.Fatalf("%q, %v", got, err)
		}
	}
	if _, err := provider.Write([]byte("hi")); err != nil {
		t.Fatal(err)
	}
	if got := make([]byte, 3); true {
		if _, err := io.ReadFull(visitor, got); err != nil || string(got) != "+hi" {
			t.Fatalf("%q, %v", got, err)
		}
	}
	eventually(t, func() bool { return b.Sessions()[0].Down == 2 }) // bytes are counted once they have gone
	if st := b.Sessions()[0]; st.Status != Connected || st.Up != 5 || st.Down != 2 || st.Channels != 1 {
		t.Errorf("%+v", st)
	}

	parked := dial(wire.Line{Role: wire.Park, Counter: 2}, a.key, "")
	eventually(t, func() bool { return b.Clients()[0].Parked == 1 })
	began := time.Now()
	b.RevokeToken("t1")
	for _, c := range []net.Conn{provider, visitor, parked} {
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("after the revocation: %v", err)
		}
	}
	if d := time.Since(began); d > 2*time.Second {
		t.Errorf("took %v", d)
	}
	late := dial(wire.Line{Role: wire.Open, Session: cv.SessionID, Counter: 2}, *cv.Key, "")
	if answer, err := io.ReadAll(late); !bytes.HasPrefix(answer, []byte("-denied ")) {
		t.Errorf("%q, %v", answer, err)
	}
	eventually(t, func() bool { log := b.store.log(); return len(log) == 1 && log[0].Up+log[0].Down == 7 })
}

// eventually waits until ok.
func eventually(t *testing.T, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it did not come to that")
		}
	}
}

// A channel over WebSocket is taken over by the relay.
func TestChannelOverWebSocket(t *testing.T) {
	b, s := site(t, Config{})
	a := real(t, b, s, "a")
	ws, _, err := websocket.DefaultDialer.DialContext(t.Context(), strings.Replace(s.URL, "http", "ws", 1)+ChannelsPath, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ws.Close()
	line := wire.Line{Role: wire.Park, Protocol: wire.TCP, Key: a.key.ID, Counter: 1}.Append(nil, a.key.Secret)
	if err := ws.WriteMessage(websocket.BinaryMessage, line); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() bool { return b.Clients()[0].Parked == 1 })
}
