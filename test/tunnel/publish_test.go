// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/culvertd/culvert/internal/identity"
	"github.com/culvertd/culvert/internal/tunnel"
	"github.com/culvertd/culvert/internal/wire"
	"github.com/culvertd/culvert/test/process"
)

// web is a service of the test's: whatever HTTP can do.
func web(t *testing.T) int {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("/hello", func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, "%s from %s by %s, %s", r.Proto, r.Header.Get("X-Forwarded-For"), r.Header.Get("X-Forwarded-Proto"), r.Host)
	})
	mux.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body) // what is not there the caller finds missing
		_, _ = w.Write(b)
	})
	mux.HandleFunc("/hash", func(w http.ResponseWriter, r *http.Request) {
		h := sha256.New()
		_, _ = io.Copy(h, r.Body)
		w.Header().Set("Trailer", "X-Sum")
		_, _ = io.WriteString(w, "done")
		_ = http.NewResponseController(w).Flush() // a body of known length has no trailers in HTTP/1.1
		w.Header().Set("X-Sum", fmt.Sprintf("%x", h.Sum(nil)))
	})
	mux.HandleFunc("/refuse", func(w http.ResponseWriter, _ *http.Request) { // an expected body is not asked for
		w.WriteHeader(http.StatusRequestEntityTooLarge)
	})
	mux.HandleFunc("/events", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for n := 0; r.Context().Err() == nil; n++ {
			_, _ = fmt.Fprintf(w, "data: %d\n\n", n)
			_ = http.NewResponseController(w).Flush()
			select {
			case <-time.After(20 * time.Millisecond):
			case <-r.Context().Done():
			}
		}
	})
	mux.HandleFunc("/ws", echoSocket)
	return serve(t, mux)
}

// echoSocket says everything back.
func echoSocket(w http.ResponseWriter, r *http.Request) {
	ws, err := new(websocket.Upgrader).Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer ws.Close()
	for {
		kind, b, err := ws.ReadMessage()
		if err != nil || ws.WriteMessage(kind, b) != nil {
			return
		}
	}
}

// serve is a web server on a port of its own.
func serve(t *testing.T, h http.Handler) int {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: h, Protocols: new(http.Protocols), ReadHeaderTimeout: time.Minute}
	srv.Protocols.SetHTTP1(true)
	srv.Protocols.SetUnencryptedHTTP2(true)
	go func() { _ = srv.Serve(ln) }()
	t.Cleanup(func() { _ = srv.Close() })
	return ln.Addr().(*net.TCPAddr).Port //nolint:forcetypeassert // it is
}

func newKey(t *testing.T) *identity.Key {
	t.Helper()
	k, err := identity.New()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// published is a service with the gateway's leave to visit it.
func published(id string, port int, encryption string) wire.Service {
	return wire.Service{
		ID: id, Protocol: wire.ServiceHTTP, LocalHost: "127.0.0.1", LocalPort: port, Encryption: encryption, Publish: &wire.Publish{},
	}
}

// TestTransport: what HTTP can do goes through Caddy's reverse proxy to a service
// behind a client, encrypted and bare, over each way.
func TestTransport(t *testing.T) {
	s := startSite(t, "")
	s.body = `
handle_path /web/* {
	reverse_proxy culvert/web.home {
		transport culvert
		flush_interval -1
	}
}
handle_path /bare/* {
	reverse_proxy culvert/bare.home {
		transport culvert
	}
}
handle_path /h2c/* {
	reverse_proxy culvert/web.home {
		transport culvert {
			versions h2c
		}
	}
}
handle_path /far/* {
	reverse_proxy culvert/web.far {
		transport culvert
	}
}`
	s.load(t)
	port := web(t)
	s.client(t, tunnel.Config{ClientID: "home", Key: newKey(t), Services: []wire.Service{
		published("web", port, ""), published("bare", port, wire.EncryptionNone),
	}})
	s.client(t, tunnel.Config{ClientID: "far", Key: newKey(t), Transport: tunnel.WebSocket, Services: []wire.Service{
		published("web", port, ""),
	}})
	for _, path := range []string{"web", "bare", "h2c", "far"} {
		t.Run(path, func(t *testing.T) {
			base := s.url().String() + "/" + path
			version := "HTTP/1.1"
			if path == "h2c" {
				version = "HTTP/2.0"
			}
			for range 3 {
				want := version + " from 127.0.0.1 by http, " + s.url().Host
				if got := fetch(t, base+"/hello"); got != want {
					t.Errorf("%q, want %q", got, want)
				}
			}
			bodies(t, base)
			if path != "h2c" { // Caddy speaks HTTP/1.1 for WebSockets, which that setting rules out
				chat(t, "ws"+strings.TrimPrefix(base, "http")+"/ws")
			}
			events(t, base+"/events")
		})
	}
}

func fetch(t *testing.T, url string) string {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v, %s", url, resp.Status, err, b)
	}
	return string(b)
}

// bodies sends large ones, gets them back, and sends one that nobody wants.
func bodies(t *testing.T, base string) {
	t.Helper()
	body := make([]byte, 3<<20+7)
	_, _ = rand.Read(body)
	resp, err := http.Post(base+"/echo", "application/octet-stream", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err != nil || !bytes.Equal(got, body) {
		t.Errorf("%d bytes come back, %v", len(got), err)
	}
	// Without a length, and with a trailer in the answer.
	resp, err = http.Post(base+"/hash", "application/octet-stream", io.MultiReader(bytes.NewReader(body)))
	if err != nil {
		t.Fatal(err)
	}
	got, err = io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if want := fmt.Sprintf("%x", sha256.Sum256(body)); err != nil || string(got) != "done" || resp.Trailer.Get("X-Sum") != want {
		t.Errorf("%q, %v, trailer %v, want %s", got, err, resp.Trailer, want)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+"/refuse", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Expect", "100-continue")
	c := &http.Client{Transport: &http.Transport{ExpectContinueTimeout: time.Second}}
	defer c.CloseIdleConnections()
	if resp, err = c.Do(req); err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusRequestEntityTooLarge {
		t.Error(resp.Status)
	}
}

func chat(t *testing.T, url string) {
	t.Helper()
	ws, resp, err := websocket.DefaultDialer.DialContext(t.Context(), url, nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	defer ws.Close()
	for _, want := range []string{"hello", strings.Repeat("x", 1<<17)} {
		if err := ws.WriteMessage(websocket.TextMessage, []byte(want)); err != nil {
			t.Fatal(err)
		}
		if _, got, err := ws.ReadMessage(); err != nil || string(got) != want {
			t.Fatalf("%d bytes, %v", len(got), err)
		}
	}
}

// events reads some as they come, and goes away.
func events(t *testing.T, url string) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	for n := range 3 {
		if !lines.Scan() || lines.Text() != fmt.Sprintf("data: %d", n) || !lines.Scan() {
			t.Fatalf("%q, %v", lines.Text(), lines.Err())
		}
	}
}

// TestPublishedNames: a service with a host has a URL as soon as its client has
// signed in, pages say what is missing, and hosts that are not quite the name are
// nobody's.
func TestPublishedNames(t *testing.T) {
	s := startSite(t, "")
	public := process.FreePort(t)
	s.culvert = fmt.Sprintf("publish http://*.apps.localhost:%d", public)
	s.extra = fmt.Sprintf("http://*.apps.localhost:%d {\nculvert_publish\n}", public)
	s.load(t)
	port := web(t)
	service := published("web", port, "")
	service.Publish.Host = "Shop"
	gone := published("gone", process.FreePort(t), "")
	gone.Publish.Host = "gone"
	admin := published("admin", port, "")
	admin.Publish.Host = "admin"
	ctx, cancel := context.WithCancel(context.Background())
	home := s.clientUntil(ctx, t, tunnel.Config{ClientID: "home", Key: newKey(t), Services: []wire.Service{service, gone, admin}})
	url := fmt.Sprintf("http://shop.apps.localhost:%d", public)
	for _, v := range home.Status().Services {
		want, problem := map[string]string{"web": url, "gone": strings.Replace(url, "shop", "gone", 1)}[v.ID], v.PublishError != ""
		if v.URL != want || problem != (v.ID == "admin") {
			t.Errorf("%s is at %q (%s), want %q", v.ID, v.URL, v.PublishError, want)
		}
	}
	ask := func(host, path string) (*http.Response, string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, fmt.Sprintf("http://127.0.0.1:%d%s", public, path), nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Host = host
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp, string(b)
	}
	name := strings.TrimPrefix(url, "http://")
	if resp, got := ask(name, "/hello"); resp.StatusCode != http.StatusOK || got != "HTTP/1.1 from 127.0.0.1 by http, "+name {
		t.Errorf("%s, %q", resp.Status, got)
	}
	for host, want := range map[string]int{
		"shop.apps.localhost":              http.StatusOK, // the port says nothing
		strings.ToUpper(name):              http.StatusOK,
		"gone.apps.localhost":              http.StatusBadGateway,
		"admin.apps.localhost":             http.StatusNotFound,
		"other.apps.localhost":             http.StatusNotFound,
		"web.apps.localhost":               http.StatusNotFound,
		"home.apps.localhost":              http.StatusNotFound,
		"web.home.apps.localhost":          0,
		"xshop.apps.localhost":             http.StatusNotFound,
		"shop.apps.localhost.evil.example": 0,
		"shop.apps.localhost.":             0,
		"127.0.0.1":                        0,
		"169.254.169.254":                  0,
		"[::ffff:7f00:1]":                  0,
		"culvert/web.home":                 http.StatusBadRequest,
		"\u017fhop.apps.localhost":         0, // a long s
		"xn--shop-0qa.apps.localhost":      http.StatusNotFound,
		"-.apps.localhost":                 http.StatusNotFound,
		"shop_.apps.localhost":             http.StatusNotFound,
	} {
		resp, got := ask(host, "/hello")
		served := strings.HasPrefix(got, "HTTP/1.1 from")
		if want == 0 && served || want != 0 && resp.StatusCode != want || served != (want == http.StatusOK) {
			t.Errorf("%s: %s, want %d: %.200s", host, resp.Status, want, got)
		}
	}
	cancel()
	eventually(t, "the client is away", func() bool { resp, _ := ask(name, "/hello"); return resp.StatusCode == http.StatusServiceUnavailable })
}

// eventually waits until ok is true.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("not within 20 s: " + what)
		}
	}
}
