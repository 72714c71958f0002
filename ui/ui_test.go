// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
)

const pageText = `<!doctype html><meta property="csp-nonce" content="` + nonceMark + `"><title>Culvert</title>`

// build is one with a file of each kind.
func build() fstest.MapFS {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	return fstest.MapFS{
		"index.html":           file(pageText),
		"favicon.svg":          file("<svg/>"),
		".keep":                file("nothing"),
		"assets/main-1a.js":    file("console.log('plain')"),
		"assets/main-1a.js.br": file("brotli"),
		"assets/main-1a.js.gz": file("gzipped"),
		"assets/main-2b.css":   file("body{}"),
	}
}

func newHandler(t *testing.T) *Handler {
	t.Helper()
	h, err := New(build())
	if err != nil {
		t.Fatal(err)
	}
	return h
}

type reply struct {
	*http.Response
	text string
}

func ask(t *testing.T, h *Handler, method, path string, v Visit, header ...string) reply {
	t.Helper()
	r := httptest.NewRequest(method, "https://gateway.example"+path, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	rec := httptest.NewRecorder()
	h.Serve(rec, r, v)
	resp := rec.Result()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{resp, string(text)}
}

func TestPaths(t *testing.T) {
	h := newHandler(t)
	for path, want := range map[string]int{
		"/": 200, "/setup": 200, "/register": 200, "/reset": 200, "/device": 200, "/endpoints/abc-DEF_1": 200,
		"/tunnels": 200, "/wsx": 200, "/apis": 200, "/docs/api": 200, "/account/": 200,
		"/favicon.svg": 200, "/assets/main-1a.js": 200, "/assets/main-2b.css": 200,
		"/assets/main-0.js": 404, "/assets/": 404, "/assets": 404, "/assets/main-1a": 404, "/assets/main-1a.js.br": 404,
		"/robots.txt": 404, "/favicon.ico": 404, "/index.html": 404, "/.keep": 404, "/.well-known/acme": 404, "/a/b.js": 404,
		"/ws": 404, "/ws/": 404, "/ws/abc": 404, "/api": 404, "/api/v1/site": 404, "/tunnel": 404, "/tunnel/channel": 404,
	} {
		got := ask(t, h, "GET", path, Visit{})
		if got.StatusCode != want {
			t.Errorf("%s: %d, want %d", path, got.StatusCode, want)
		}
		if isPage := strings.Contains(got.text, "<title>"); isPage != (want == 200 && !strings.Contains(path, ".")) {
			t.Errorf("%s: %s", path, got.text)
		}
		if want == 404 && got.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: a 404 may be kept: %v", path, got.Header)
		}
	}
}

func TestMethods(t *testing.T) {
	h := newHandler(t)
	for _, path := range []string{"/", "/assets/main-1a.js"} {
		for _, method := range []string{"POST", "PUT", "DELETE", "OPTIONS"} {
			if got := ask(t, h, method, path, Visit{}); got.StatusCode != 405 || got.Header.Get("Allow") != "GET, HEAD" {
				t.Errorf("%s %s: %d, %v", method, path, got.StatusCode, got.Header)
			}
		}
		head, get := ask(t, h, "HEAD", path, Visit{}), ask(t, h, "GET", path, Visit{})
		if head.StatusCode != 200 || head.text != "" || head.Header.Get("Content-Length") != get.Header.Get("Content-Length") {
			t.Errorf("HEAD %s: %d, %q, %v; GET has %v", path, head.StatusCode, head.text, head.Header, get.Header)
		}
	}
	if got := ask(t, h, "POST", "/api/v1/endpoints", Visit{}); got.StatusCode != 404 {
		t.Errorf("POST to another handler's path: %d", got.StatusCode)
	}
}

func TestHeaders(t *testing.T) {
	h := newHandler(t)
	sockets := []string{"wss://gateway.example:8443", "wss://gateway.example:8443", "ws://[::1]:80", "ws://a;script-src *", "ws://*"}
	for _, path := range []string{"/", "/assets/main-1a.js", "/favicon.svg", "/nothing.js", "/ws/x"} {
		head := ask(t, h, "GET", path, Visit{Sockets: sockets}).Header
		csp := head.Get("Content-Security-Policy")
		for _, part := range []string{
			"default-src 'none'; script-src 'self'; style-src 'self' 'nonce-", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'",
			"connect-src 'self' wss://gateway.example:8443 ws://[::1]:80; manifest-src 'self'; worker-src 'self'",
		} {
			if !strings.Contains(csp, part) {
				t.Errorf("%s: no %q in %q", path, part, csp)
			}
		}
		if strings.Contains(csp, "unsafe") || strings.Contains(csp, "*") {
			t.Errorf("%s: %q", path, csp)
		}
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin",
		} {
			if got := head.Get(name); got != want {
				t.Errorf("%s: %s is %q", path, name, got)
			}
		}
		if !strings.Contains(head.Get("Permissions-Policy"), "clipboard-write=(self)") {
			t.Errorf("%s: Permissions-Policy is %q", path, head.Get("Permissions-Policy"))
		}
	}
}

var nonceOf = regexp.MustCompile(`'nonce-([A-Za-z0-9+/=]{22,})'`)

func TestNonce(t *testing.T) {
	h := newHandler(t)
	seen := make(map[string]bool)
	for range 100 {
		got := ask(t, h, "GET", "/setup", Visit{})
		m := nonceOf.FindStringSubmatch(got.Header.Get("Content-Security-Policy"))
		if m == nil || seen[m[1]] {
			t.Fatalf("nonce %v in %v", m, got.Header)
		}
		seen[m[1]] = true
		if want := strings.Replace(pageText, nonceMark, m[1], 1); got.text != want {
			t.Fatalf("page %s, want %s", got.text, want)
		}
		if got.Header.Get("Cache-Control") != "no-store" || got.Header.Get("Content-Type") != "text/html; charset=utf-8" {
			t.Fatalf("headers %v", got.Header)
		}
	}
}

func TestEncodings(t *testing.T) {
	h := newHandler(t)
	const path = "/assets/main-1a.js"
	etags := make(map[string]bool)
	for _, tc := range []struct {
		takes          []string
		encoding, text string
	}{
		{nil, "", "console.log('plain')"},
		{[]string{"zstd"}, "", "console.log('plain')"},
		{[]string{"br", "gzip"}, "br", "brotli"},
		{[]string{"zstd", "gzip", "br"}, "gzip", "gzipped"},
		{[]string{"identity", "gzip"}, "", "console.log('plain')"},
	} {
		v := Visit{Encodings: tc.takes}
		got := ask(t, h, "GET", path, v)
		head := got.Header
		if got.text != tc.text || head.Get("Content-Encoding") != tc.encoding || got.ContentLength != int64(len(tc.text)) {
			t.Errorf("%v: %q, %v", tc.takes, got.text, head)
		}
		if head.Get("Vary") != "Accept-Encoding" || head.Get("Content-Type") != "text/javascript; charset=utf-8" ||
			head.Get("Cache-Control") != "public, max-age=31536000, immutable" {
			t.Errorf("%v: %v", tc.takes, head)
		}
		etags[head.Get("ETag")] = true
		again := ask(t, h, "GET", path, v, "If-None-Match", head.Get("ETag"))
		if again.StatusCode != 304 || again.text != "" || again.Header.Get("Vary") == "" {
			t.Errorf("%v again: %d, %v", tc.takes, again.StatusCode, again.Header)
		}
	}
	if len(etags) != 3 || etags[""] {
		t.Errorf("three answers have the tags %v", etags)
	}
	if got := ask(t, h, "GET", "/favicon.svg", Visit{Encodings: []string{"br"}}); got.Header.Get("Cache-Control") != "no-cache" ||
		got.Header.Get("Vary") != "" || got.Header.Get("Content-Type") != "image/svg+xml" || got.text != "<svg/>" {
		t.Errorf("favicon: %q, %v", got.text, got.Header)
	}
}

// A build that cannot work is found when the gateway starts.
func TestBadBuilds(t *testing.T) {
	for name, change := range map[string]func(fstest.MapFS){
		"no place for the nonce": func(f fstest.MapFS) { f["index.html"].Data = []byte("<title>") },
		"two":                    func(f fstest.MapFS) { f["index.html"].Data = []byte(nonceMark + nonceMark) },
		"an unknown type":        func(f fstest.MapFS) { f["assets/a.exe"] = &fstest.MapFile{} },
	} {
		f := build()
		change(f)
		if _, err := New(f); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// Without a build everything else is as it would be.
func TestNoBuild(t *testing.T) {
	h, err := New(fstest.MapFS{".keep": &fstest.MapFile{}})
	if err != nil {
		t.Fatal(err)
	}
	got := ask(t, h, "GET", "/setup", Visit{})
	if got.StatusCode != 200 || !strings.Contains(got.text, missing) || strings.Contains(got.text, nonceMark) {
		t.Errorf("%d: %s", got.StatusCode, got.text)
	}
	if got := ask(t, h, "GET", "/assets/main-1a.js", Visit{}); got.StatusCode != 404 {
		t.Errorf("a file: %d", got.StatusCode)
	}
}

// What the program holds can be served, be it built or not.
func TestBuilt(t *testing.T) {
	h, err := Built()
	if err != nil {
		t.Fatal(err)
	}
	if got := ask(t, h, "GET", "/", Visit{}); got.StatusCode != 200 {
		t.Errorf("%d", got.StatusCode)
	}
	for path := range h.assets {
		if got := ask(t, h, "GET", path, Visit{Encodings: Encodings}); got.StatusCode != 200 || len(got.text) == 0 {
			t.Errorf("%s: %d, %d bytes", path, got.StatusCode, len(got.text))
		}
	}
}
