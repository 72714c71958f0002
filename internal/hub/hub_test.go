// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package hub

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/culvertd/culvert/internal/wire"
)

const room ID = "AAAAAAAAAAAAAAAAAAAAAA"

// server is a hub behind net/http, with the endpoint room.
type server struct {
	*Hub
	*httptest.Server
	t *testing.T
}

func serve(t *testing.T, cfg Config, s Settings) *server {
	t.Helper()
	before := runtime.NumGoroutine()
	h := New(cfg)
	h.Set(room, s)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.Serve(w, r, ID(strings.TrimPrefix(r.URL.Path, "/ws/")), netip.MustParseAddr("127.0.0.1"))
	}))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		_ = h.Close(ctx, Closing{Code: wire.CloseGoingAway, Reason: "test over"})
		srv.Close()
		if used := h.used.Load(); used < 0 {
			t.Errorf("memory accounted at %d", used)
		}
		for range 200 {
			if runtime.NumGoroutine() <= before {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
		buf := make([]byte, 1<<20)
		t.Errorf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, buf[:runtime.Stack(buf, true)])
	})
	return &server{h, srv, t}
}

func (s *server) dial(head ...string) *websocket.Conn {
	s.t.Helper()
	ws, resp, err := s.try(head...)
	if err != nil {
		s.t.Fatalf("dialling: %v, %v", err, resp)
	}
	s.t.Cleanup(func() { ws.Close() })
	return ws
}

func (s *server) try(head ...string) (*websocket.Conn, *http.Response, error) {
	h := http.Header{}
	for i := 0; i < len(head); i += 2 {
		h.Add(head[i], head[i+1])
	}
	ws, resp, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(s.URL, "http")+"/ws/"+string(room), h)
	return ws, resp, err
}

func (s *server) settled() Stats {
	st, ok := s.Stats(room)
	if !ok {
		s.t.Fatal("the endpoint is gone")
	}
	return st
}

func (s *server) until(ok func(Stats) bool) Stats {
	s.t.Helper()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		st := s.settled()
		if ok(st) {
			return st
		}
		if time.Now().After(end) {
			s.t.Fatalf("did not come: %+v", st)
		}
	}
}

func send(t *testing.T, ws *websocket.Conn, kind int, p []byte) {
	t.Helper()
	if err := ws.WriteMessage(kind, p); err != nil {
		t.Fatalf("sending: %v", err)
	}
}

func want(t *testing.T, ws *websocket.Conn, kind int, p []byte) {
	t.Helper()
	_ = ws.SetReadDeadline(time.Now().Add(10 * time.Second))
	k, got, err := ws.ReadMessage()
	if err != nil || k != kind || !bytes.Equal(got, p) {
		t.Fatalf("got type %d, %d bytes, %v; want %d, %d bytes", k, len(got), err, kind, len(p))
	}
}

func wantClose(t *testing.T, ws *websocket.Conn, code int, text string) {
	t.Helper()
	_ = ws.SetReadDeadline(time.Now().Add(10 * time.Second))
	for {
		_, _, err := ws.ReadMessage()
		if err == nil {
			continue
		}
		var ce *websocket.CloseError
		if !errors.As(err, &ce) || ce.Code != code || !strings.Contains(ce.Text, text) {
			t.Fatalf("ended with %v; want %d %q", err, code, text)
		}
		return
	}
}

func TestRelay(t *testing.T) {
	s := serve(t, Config{}, Settings{})
	a, b, c := s.dial(), s.dial(), s.dial()
	big := bytes.Repeat([]byte("0123456789abcdef"), 1<<16) // 1 MiB
	for _, m := range []struct {
		kind int
		p    []byte
	}{
		{websocket.TextMessage, []byte("hello, 世界")},
		{websocket.BinaryMessage, []byte{0, 1, 2, 255}},
		{websocket.TextMessage, nil},
		{websocket.BinaryMessage, big},
		{websocket.TextMessage, big[:70000]},
	} {
		send(t, a, m.kind, m.p)
		want(t, b, m.kind, m.p)
		want(t, c, m.kind, m.p)
	}
	// a must not have got its own: the next that it reads is b's.
	send(t, b, websocket.TextMessage, []byte("from b"))
	want(t, a, websocket.TextMessage, []byte("from b"))
	want(t, c, websocket.TextMessage, []byte("from b"))
	st := s.until(func(x Stats) bool { return x.MessagesOut == 12 })
	if st.Eligible != 12 || st.MessagesIn != 6 || st.Queued != 0 || st.Dropped.Total() != 0 || st.Connections != 3 {
		t.Errorf("stats: %+v", st)
	}
	if st.BytesOut != 2*st.BytesIn {
		t.Errorf("%d bytes out for %d in to two others", st.BytesOut, st.BytesIn)
	}
}

func TestFragmentsAreJoined(t *testing.T) {
	s := serve(t, Config{}, Settings{})
	a, b := s.dial(), s.dial()
	w, err := a.NextWriter(websocket.TextMessage)
	if err != nil {
		t.Fatal(err)
	}
	p := []byte(strings.Repeat("größer ", 3000)) // over gorilla's buffer, so several frames
	for _, part := range bytes.SplitAfter(p, []byte("ö")[:1]) {
		if _, err := w.Write(part); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	want(t, b, websocket.TextMessage, p)
}

func TestCloses(t *testing.T) {
	for _, tc := range []struct {
		name string
		set  Settings
		do   func(t *testing.T, s *server, ws *websocket.Conn)
		code int
		text string
	}{
		{"echo", Settings{}, func(t *testing.T, _ *server, ws *websocket.Conn) {
			_ = ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(4321, "bye"), time.Now().Add(time.Second))
		}, 4321, ""},
		{"too big", Settings{Limits: Limits{MaxMessageSize: 1000}}, func(t *testing.T, _ *server, ws *websocket.Conn) {
			send(t, ws, websocket.BinaryMessage, make([]byte, 1001))
		}, 1009, "1000 bytes (max_message_size)"},
		{"not UTF-8", Settings{}, func(t *testing.T, _ *server, ws *websocket.Conn) {
			send(t, ws, websocket.TextMessage, []byte("a\xc0\xaf"))
		}, 1007, "UTF-8"},
		{"message rate", Settings{Limits: Limits{MessagesPerSecond: 3}}, func(t *testing.T, _ *server, ws *websocket.Conn) {
			for range 5 {
				_ = ws.WriteMessage(websocket.TextMessage, []byte("x"))
			}
		}, 1008, "3 messages a second per connection (message_rate)"},
		{"byte rate", Settings{Limits: Limits{BytesPerSecond: 10, MaxMessageSize: 15}}, func(t *testing.T, _ *server, ws *websocket.Conn) {
			for range 2 {
				_ = ws.WriteMessage(websocket.TextMessage, []byte("123456789"))
			}
		}, 1008, "10 bytes a second per connection (byte_rate)"},
		{"endpoint rate", Settings{Limits: Limits{EndpointMessagesPerSecond: 2}}, func(t *testing.T, _ *server, ws *websocket.Conn) {
			for range 4 {
				_ = ws.WriteMessage(websocket.TextMessage, []byte("x"))
			}
		}, 1013, "2 messages a second per endpoint (endpoint_message_rate)"},
		{"deleted", Settings{}, func(t *testing.T, s *server, _ *websocket.Conn) {
			s.Remove(room, Closing{Code: wire.CloseDeleted, Reason: "endpoint deleted"})
			s.Set(room, Settings{})
		}, 4410, "endpoint deleted"},
		{"shutdown", Settings{}, func(t *testing.T, s *server, _ *websocket.Conn) {
			go s.Hub.Close(context.Background(), Closing{Code: 1012, Reason: "restarting", Spread: time.Second})
		}, 1012, "restarting; retry-after=0."},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := serve(t, Config{}, tc.set)
			ws := s.dial()
			tc.do(t, s, ws)
			wantClose(t, ws, tc.code, tc.text)
			s.until(func(x Stats) bool { return x.Connections == 0 })
		})
	}
}

func TestRefusals(t *testing.T) {
	s := serve(t, Config{}, Settings{Limits: Limits{MaxConnections: 1}, Origins: []string{"https://app.example.com"}})
	for _, tc := range []struct {
		name, method, path string
		head               []string
		status             int
		code               string
	}{
		{"unknown", "GET", "/ws/BBBBBBBBBBBBBBBBBBBBBB", upgradeHead, 404, "endpoint_not_found"},
		{"plain", "GET", "/ws/" + string(room), nil, 426, "upgrade_required"},
		{"connect", "CONNECT", "/ws/" + string(room), nil, 501, "extended_connect_unsupported"},
		{"origin", "GET", "/ws/" + string(room), append([]string{"Origin", "https://app.example.com.evil.test"}, upgradeHead...), 403, "origin_not_allowed"},
		{"version", "GET", "/ws/" + string(room), []string{"Connection", "upgrade", "Upgrade", "websocket", "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version", "8"}, 426, "version_not_supported"},
		{"key", "GET", "/ws/" + string(room), []string{"Connection", "upgrade", "Upgrade", "websocket", "Sec-WebSocket-Version", "13"}, 400, "bad_handshake"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := httptest.NewRequest(tc.method, "http://x"+tc.path, nil)
			for i := 0; i < len(tc.head); i += 2 {
				r.Header.Set(tc.head[i], tc.head[i+1])
			}
			w := httptest.NewRecorder()
			s.Config.Handler.ServeHTTP(w, r)
			if w.Code != tc.status || !strings.Contains(w.Body.String(), `"code":"`+tc.code+`"`) {
				t.Errorf("got %d %s, want %d %s", w.Code, w.Body, tc.status, tc.code)
			}
		})
	}
	ws := s.dial("Origin", "https://app.example.com")
	_, resp, err := s.try()
	if err == nil || resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" {
		t.Errorf("over the limit: %v, %v", resp, err)
	}
	_ = ws.Close()
	s.until(func(x Stats) bool { return x.Connections == 0 })
	s.dial() // there is room again
}

var upgradeHead = []string{
	"Connection", "upgrade", "Upgrade", "websocket", "Sec-WebSocket-Version", "13",
	"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==",
}

func TestSubprotocolIsTheClientsFirst(t *testing.T) {
	s := serve(t, Config{}, Settings{})
	_, resp, err := s.try("Sec-WebSocket-Protocol", "graphql-ws, chat")
	if err != nil || resp.Header.Get("Sec-WebSocket-Protocol") != "graphql-ws" {
		t.Errorf("got %v, %v", resp, err)
	}
}

// TestSlowReader has one receiver that never reads: it alone is closed.
func TestSlowReader(t *testing.T) {
	s := serve(t, Config{LogSize: 1 << 20, CloseTimeout: 100 * time.Millisecond}, Settings{Limits: Limits{MaxMessageSize: 64 << 10}})
	from, slow, good := s.dial(), s.dial(), s.dial()
	_ = slow.NetConn().(*net.TCPConn).SetReadBuffer(4 << 10)
	p := make([]byte, 32<<10)
	done := make(chan int)
	go func() {
		n := 0
		for ; n < 2000; n++ {
			_ = good.SetReadDeadline(time.Now().Add(10 * time.Second))
			if _, _, err := good.ReadMessage(); err != nil {
				break
			}
		}
		done <- n
	}()
	for range 2000 {
		send(t, from, websocket.BinaryMessage, p)
		time.Sleep(50 * time.Microsecond)
	}
	if n := <-done; n != 2000 {
		t.Errorf("the good receiver got %d of 2000", n)
	}
	// The frame that has begun is lost only when the close timeout is over.
	st := s.until(func(x Stats) bool {
		return x.Connections == 2 && x.Eligible == x.MessagesOut+x.Dropped.Total()+x.Queued
	})
	if st.Dropped.Slow == 0 {
		t.Errorf("stats: %+v", st)
	}
}

func TestPingTimeout(t *testing.T) {
	s := serve(t, Config{PingInterval: 200 * time.Millisecond, PongTimeout: 100 * time.Millisecond}, Settings{})
	var mu sync.Mutex
	pings := 0
	alive, dead := s.dial(), s.dial()
	alive.SetPingHandler(func(p string) error {
		mu.Lock()
		defer mu.Unlock()
		pings++
		return alive.WriteControl(websocket.PongMessage, []byte(p), time.Now().Add(time.Second))
	})
	go alive.ReadMessage()
	_ = dead // never reads, so never answers
	s.until(func(x Stats) bool { return x.Connections == 1 })
	time.Sleep(500 * time.Millisecond)
	mu.Lock()
	defer mu.Unlock()
	if st := s.settled(); st.Connections != 1 || pings < 2 {
		t.Errorf("%d connections after %d pings", st.Connections, pings)
	}
}

func TestCompression(t *testing.T) {
	s := serve(t, Config{}, Settings{Compression: true, Limits: Limits{MaxMessageSize: 1 << 20}})
	d := websocket.Dialer{EnableCompression: true}
	dial := func() *websocket.Conn {
		ws, resp, err := d.Dial("ws"+strings.TrimPrefix(s.URL, "http")+"/ws/"+string(room), nil)
		if err != nil || !strings.Contains(resp.Header.Get("Sec-Websocket-Extensions"), "permessage-deflate") {
			t.Fatalf("%v, %v", resp, err)
		}
		t.Cleanup(func() { ws.Close() })
		return ws
	}
	a, b, plain := dial(), dial(), s.dial()
	s.until(func(x Stats) bool { return x.Connections == 3 })
	for _, p := range []string{"short", strings.Repeat("a longer text ", 1000), strings.Repeat("x", 1<<20)} {
		send(t, a, websocket.TextMessage, []byte(p))
		want(t, b, websocket.TextMessage, []byte(p))
		want(t, plain, websocket.TextMessage, []byte(p))
		send(t, plain, websocket.BinaryMessage, []byte(p))
		want(t, a, websocket.BinaryMessage, []byte(p))
		want(t, b, websocket.BinaryMessage, []byte(p))
	}
	// A bomb: small on the wire, over the limit when inflated.
	send(t, a, websocket.BinaryMessage, make([]byte, 1<<20+1))
	wantClose(t, a, 1009, "max_message_size")
}

func TestNegotiate(t *testing.T) {
	for offer, ok := range map[string]bool{
		"permessage-deflate":                                                         true,
		"permessage-deflate; client_max_window_bits":                                 true,
		"permessage-deflate; client_max_window_bits=10":                              true,
		"permessage-deflate; client_max_window_bits=16":                              false,
		"permessage-deflate; server_max_window_bits=15":                              true,
		"permessage-deflate; server_max_window_bits=10":                              false,
		"permessage-deflate; server_max_window_bits=10, permessage-deflate":          true,
		"permessage-deflate; server_no_context_takeover; client_no_context_takeover": true,
		"permessage-deflate; server_no_context_takeover=1":                           false,
		"permessage-deflate; client_max_window_bits; client_max_window_bits":         false,
		"permessage-deflate; foo":                                                    false,
		"x-webkit-deflate-frame":                                                     false,
		"":                                                                           false,
		"x-foo; a=1, permessage-deflate; client_max_window_bits=\"9\"":               true,
	} {
		if got := negotiate([]string{offer}) != ""; got != ok {
			t.Errorf("%q: %v, want %v", offer, got, ok)
		}
	}
}
