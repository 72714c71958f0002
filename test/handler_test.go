// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package test

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/quic-go/quic-go/http3"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/culvertd/culvert/internal/control"
)

// exchange checks that a message goes from a to b.
func exchange(t *testing.T, a, b *websocket.Conn) {
	t.Helper()
	if err := a.WriteMessage(websocket.TextMessage, []byte("hello")); err != nil {
		t.Fatal(err)
	}
	if err := b.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, msg, err := b.ReadMessage(); err != nil || string(msg) != "hello" {
		t.Fatalf("%q, %v", msg, err)
	}
}

// TestBehindOtherHandlers: logs, encodings and deferred headers wrap the
// response, and none of Caddy's timeouts for requests may reach a WebSocket.
func TestBehindOtherHandlers(t *testing.T) {
	s := newSite(t)
	access := filepath.Join(t.TempDir(), "access.log")
	s.body = "log {\noutput file " + access + "\n}\nencode gzip\nheader >X-Deferred yes\nrespond /other elsewhere"
	s.global = "servers {\ntrusted_proxies static 127.0.0.0/8\ntimeouts {\nread_body 1s\nread_header 1s\nwrite 1s\nidle 1s\n}\n}"
	s.start(t)
	e := s.create(t, control.Settings{})

	header := http.Header{"X-Forwarded-For": {"203.0.113.9"}}
	a, resp, err := websocket.DefaultDialer.DialContext(t.Context(), e.URL, header)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	b := dial(t, e.URL)
	time.Sleep(1500 * time.Millisecond) // all timeouts have passed
	exchange(t, a, b)
	exchange(t, b, a)
	_, _ = a.Close(), b.Close()

	for path, want := range map[string]int{
		"/other":                         http.StatusOK,
		"/ws":                            http.StatusNotFound, // the web interface's answer, for nobody else has one
		"/ws/" + strings.Repeat("x", 22): http.StatusNotFound,
		"/ws/a/b":                        http.StatusNotFound,
		"/ws/" + e.ID:                    http.StatusUpgradeRequired,
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
	s.settles(t)
	lines, err := app(t).Core().ConnectionLog(t.Context(), e.ID, 10)
	if err != nil || len(lines) != 4 {
		t.Fatalf("%+v, %v", lines, err)
	}
	// client_ip, not the address of the connection: Caddy knows whom to trust.
	if first := lines[3]; first.Address != "203.0.113.9" {
		t.Errorf("%+v", first)
	}
	// The access log has what was refused, and nothing of what was taken over.
	log, err := os.ReadFile(access)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(log), `"status":426`); n != 1 {
		t.Errorf("%d lines with status 426", n)
	}
	if strings.Contains(string(log), "Sec-Websocket-Key") {
		t.Errorf("a connection is in the access log:\n%s", log)
	}
}

func TestUpgradeWithBodyIsRefused(t *testing.T) {
	s := newSite(t)
	s.start(t)
	e := s.create(t, control.Settings{})
	c, err := net.Dial("tcp", strings.TrimPrefix(s.address(), "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	_, err = fmt.Fprintf(c, "GET /ws/%s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nContent-Length: 3\r\n\r\nabc", e.ID, s.port)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusBadRequest {
		t.Errorf("got %s", resp.Status)
	}
}

// refusalCode reads the code of an error.
func refusalCode(t *testing.T, body io.Reader) string {
	t.Helper()
	var e struct{ Code, Message string }
	if err := json.NewDecoder(body).Decode(&e); err != nil || e.Message == "" {
		t.Fatalf("%+v, %v", e, err)
	}
	return e.Code
}

// TestTLS: messages pass over HTTPS with HTTP/1.1, and extended CONNECT over
// HTTP/3, which quic-go's server always offers, is refused in words.
func TestTLS(t *testing.T) {
	s := newSite(t)
	s.tls = true
	s.global = "skip_install_trust\nauto_https disable_redirects"
	s.start(t)
	e := s.create(t, control.Settings{})
	if want := fmt.Sprintf("wss://localhost:%d/ws/%s", s.port, e.ID); e.URL != want {
		t.Fatalf("%s, want %s", e.URL, want)
	}
	insecure := &tls.Config{InsecureSkipVerify: true}
	var conns []*websocket.Conn
	for range 2 {
		d := websocket.Dialer{TLSClientConfig: insecure}
		c, resp, err := d.DialContext(t.Context(), e.URL, nil)
		// Caddy serves before its own authority has made the certificate.
		for end := time.Now().Add(10 * time.Second); err != nil && strings.Contains(err.Error(), "tls: internal error") && time.Now().Before(end); {
			time.Sleep(20 * time.Millisecond)
			c, resp, err = d.DialContext(t.Context(), e.URL, nil)
		}
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		defer func() { _ = c.Close() }()
		conns = append(conns, c)
	}
	exchange(t, conns[0], conns[1])

	h3 := &http3.Transport{TLSClientConfig: insecure}
	defer func() { _ = h3.Close() }()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodConnect, strings.Replace(e.URL, "wss", "https", 1), nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Proto = "websocket"
	resp, err := h3.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if code := refusalCode(t, resp.Body); resp.StatusCode != http.StatusNotImplemented || code != "extended_connect_unsupported" {
		t.Errorf("got %s, %s", resp.Status, code)
	}
}

// TestExtendedConnectOverHTTP2 needs a process of its own, because only the
// environment at its start turns extended CONNECT on.
func TestExtendedConnectOverHTTP2(t *testing.T) {
	p := newPlace(t)
	p.env = append(p.env, "GODEBUG=http2xconnect=1")
	caddyfile := fmt.Sprintf("{\nservers {\nprotocols h1 h2c\n}\n}\n%s {\nculvert\n}\n", p.site())
	if err := os.WriteFile(filepath.Join(p.dir, "Caddyfile"), []byte(caddyfile), 0o600); err != nil {
		t.Fatal(err)
	}
	p.start(t)
	url := strings.TrimSpace(p.mustRun(t, "endpoint", "create"))

	c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", p.port))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, http2.ClientPreface); err != nil {
		t.Fatal(err)
	}
	fr := http2.NewFramer(c, c)
	fr.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	if err := fr.WriteSettings(); err != nil {
		t.Fatal(err)
	}
	var block strings.Builder
	enc := hpack.NewEncoder(&block)
	for _, f := range [][2]string{
		{":method", "CONNECT"},
		{":protocol", "websocket"},
		{":scheme", "http"},
		{":path", "/ws/" + url[strings.LastIndex(url, "/")+1:]},
		{":authority", fmt.Sprintf("127.0.0.1:%d", p.port)},
		{"sec-websocket-version", "13"},
	} {
		if err := enc.WriteField(hpack.HeaderField{Name: f[0], Value: f[1]}); err != nil {
			t.Fatal(err)
		}
	}
	err = fr.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: []byte(block.String()), EndHeaders: true})
	if err != nil {
		t.Fatal(err)
	}
	status, offered := "", false
	for {
		frame, err := fr.ReadFrame()
		if err != nil {
			t.Fatalf("status %q, then %v", status, err)
		}
		switch frame := frame.(type) {
		case *http2.SettingsFrame:
			v, ok := frame.Value(http2.SettingEnableConnectProtocol)
			offered = offered || ok && v == 1
		case *http2.MetaHeadersFrame:
			status = frame.PseudoValue("status")
		case *http2.RSTStreamFrame:
			t.Fatalf("stream reset: %v", frame.ErrCode)
		case *http2.DataFrame:
			if code := refusalCode(t, strings.NewReader(string(frame.Data()))); !offered || status != "501" || code != "extended_connect_unsupported" {
				t.Errorf("offered: %v, got %s, %s", offered, status, code)
			}
			return
		}
	}
}

// TestMetrics: the figures are there, and survive reloads.
func TestMetrics(t *testing.T) {
	s := newSite(t)
	s.body = "metrics /metrics"
	s.start(t)
	e := s.create(t, control.Settings{})
	a, b := dial(t, e.URL), dial(t, e.URL)
	defer func() { _, _ = a.Close(), b.Close() }()
	exchange(t, a, b)
	for n := range 3 {
		if n > 0 {
			s.body = fmt.Sprintf("metrics /metrics\nrespond /%d x", n)
			if err := s.load(t, "", n); err != nil {
				t.Fatal(err)
			}
		}
		// Sums are written every two seconds.
		want := []string{
			"culvert_ws_endpoints 1\n", "culvert_ws_connections 2\n", "culvert_ws_messages_queued 0\n",
			"culvert_ws_connections_total 2\n", "culvert_ws_messages_received_total 1\n", "culvert_ws_received_bytes_total 5\n",
			"culvert_ws_messages_delivered_total 1\n", "culvert_ws_delivered_bytes_total 5\n",
			`culvert_ws_messages_dropped_total{reason="slow"} 0` + "\n",
			fmt.Sprintf("culvert_config_generations_total %d\n", n+1), "culvert_connection_log_lost_total 0\n",
		}
		deadline := time.Now().Add(10 * time.Second)
		for len(want) > 0 {
			out := s.scrape(t)
			for len(want) > 0 && strings.Contains(out, want[0]) {
				want = want[1:]
			}
			if strings.Contains(out, e.ID) {
				t.Error("an id is in the metrics")
			}
			if time.Now().After(deadline) {
				t.Fatalf("after %d reloads: no %q in\n%s", n, want[0], out)
			}
			time.Sleep(50 * time.Millisecond)
		}
	}
}

// scrape returns the figures of a site that serves them at /metrics.
func (s *site) scrape(t *testing.T) string {
	t.Helper()
	resp, err := http.Get(s.address() + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	out, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s, %v\n%s", resp.Status, err, out)
	}
	return string(out)
}
