// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/culvertd/culvert/internal/tunnel"
	"github.com/culvertd/culvert/internal/wire"
	"github.com/culvertd/culvert/test/process"
)

// folder is a website that says what it is asked for, and echoes by WebSocket.
func folder(t *testing.T) int {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if websocket.IsWebSocketUpgrade(r) {
			echoSocket(w, r)
			return
		}
		_, _ = fmt.Fprintf(w, "%s below %s", r.RequestURI, r.Header.Get("X-Forwarded-Prefix"))
	}))
	t.Cleanup(s.Close)
	u, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(u.Port())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// TestPublishedByPath: names in the path, by culvert_publish and by the snippets of
// docs/publishing.md.
func TestPublishedByPath(t *testing.T) {
	simple, own, rewriting, kept := process.FreePort(t), process.FreePort(t), process.FreePort(t), process.FreePort(t)
	s := startSite(t, "")
	s.extra = fmt.Sprintf(`
http://127.0.0.1:%d {
	culvert_publish path
}
http://127.0.0.1:%d {
	uri path_regexp ^/[^/]*/? /
	reverse_proxy {
		dynamic culvert path
		transport culvert
	}
}
http://127.0.0.1:%d {
	@app path_regexp app ^/[^/]*/(.*)$
	reverse_proxy @app {
		dynamic culvert path
		transport culvert
		rewrite /{re.app.1}
		header_up X-Forwarded-Prefix /{http.request.orig_uri.path.0}
	}
}
http://127.0.0.1:%d {
	reverse_proxy {
		dynamic culvert path
		transport culvert
	}
}`, simple, own, rewriting, kept)
	s.load(t)
	port := folder(t)
	web, gone := published("web", port, ""), published("gone", process.FreePort(t), "")
	web.Publish.Host, gone.Publish.Host = "shop", "gone"
	ctx, cancel := context.WithCancel(t.Context())
	s.clientUntil(ctx, t, tunnel.Config{ClientID: "home", Key: newKey(t), Services: []wire.Service{web, gone}})
	ask := func(site int, path string) (status int, body, location string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, fmt.Sprintf("http://127.0.0.1:%d%s", site, path), nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Forwarded-Prefix", "/forged")
		resp, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(b), resp.Header.Get("Location")
	}
	for _, tc := range []struct {
		site   int
		path   string
		status int
		body   string // part of it
	}{
		{simple, "/shop/", 200, "/ below /shop"},
		{simple, "/shop/a/b?c=d", 200, "/a/b?c=d below /shop"},
		{simple, "/shop/a%2Fb", 200, "/a%2Fb below /shop"},
		{simple, "/shop/shop/x", 200, "/shop/x below /shop"},
		{simple, "/shop", 307, ""},
		{simple, "/gone/", 502, "The service does not answer"},
		{simple, "/other/", 404, "Nothing is published here"},
		{simple, "/other", 404, "Nothing is published here"},
		{simple, "/", 404, "Nothing is published here"},
		{simple, "//shop/", 404, "Nothing is published here"},
		{simple, "/shop%2Fa", 404, "Nothing is published here"},
		{own, "/shop/a/b?c=d", 200, "/a/b?c=d below "},
		{own, "/shop", 200, "/ below "},
		{own, "/other/", 503, ""},
		{rewriting, "/shop/a/b?c=d", 200, "/a/b?c=d below /shop"},
		{rewriting, "/other/", 503, ""},
		{kept, "/shop/a/b?c=d", 200, "/shop/a/b?c=d below "},
	} {
		if status, body, _ := ask(tc.site, tc.path); status != tc.status || !strings.Contains(body, tc.body) {
			t.Errorf("%d%s: %d, %.100q, want %d, %q", tc.site, tc.path, status, body, tc.status, tc.body)
		}
	}
	if _, _, to := ask(simple, "/shop?a=b"); to != "/shop/?a=b" {
		t.Errorf("one is led to %q", to)
	}
	for _, site := range []int{simple, own, rewriting, kept} {
		chat(t, fmt.Sprintf("ws://127.0.0.1:%d/shop/chat", site))
	}
	cancel()
	eventually(t, "the client is away", func() bool { status, _, _ := ask(simple, "/shop/"); return status == http.StatusServiceUnavailable })
}
