// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/culvertd/culvert/internal/gateway"
	"github.com/culvertd/culvert/ui"
)

// newUI is the interface of a gateway that has not started.
func newUI(t *testing.T) *UI {
	t.Helper()
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	h, err := ui.New(fstest.MapFS{
		"index.html":        file(`<meta property="csp-nonce" content="__CSP_NONCE__">`),
		"assets/main.js":    file("plain"),
		"assets/main.js.br": file("brotli"),
		"assets/main.js.gz": file("gzipped"),
	})
	if err != nil {
		t.Fatal(err)
	}
	return &UI{core: gateway.New(t.TempDir()), ui: h}
}

func (h *UI) ask(t *testing.T, path string, next caddyhttp.HandlerFunc, header ...string) (*httptest.ResponseRecorder, map[string]any, error) {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, "http://gateway.example:8080"+path, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	vars := make(map[string]any)
	r = r.WithContext(context.WithValue(r.Context(), caddyhttp.VarsCtxKey, vars))
	rec := httptest.NewRecorder()
	err := h.ServeHTTP(rec, r, next)
	return rec, vars, err
}

// nobody is the end of Caddy's chain of handlers.
func nobody(_ http.ResponseWriter, r *http.Request) error {
	caddyhttp.SetVar(r.Context(), unhandled, true)
	return nil
}

// Whoever else answers has the last word.
func TestInterfaceIsLast(t *testing.T) {
	h := newUI(t)
	rec, vars, err := h.ask(t, "/setup", nobody)
	if err != nil || rec.Code != 200 || !strings.Contains(rec.Body.String(), "csp-nonce") || len(vars) != 0 {
		t.Errorf("%v, %d %s, variables %v", err, rec.Code, rec.Body, vars)
	}
	rec, _, err = h.ask(t, "/metrics", func(w http.ResponseWriter, _ *http.Request) error {
		w.WriteHeader(http.StatusTeapot)
		return nil
	})
	if err != nil || rec.Code != http.StatusTeapot || rec.Body.Len() != 0 || len(rec.Header()) != 0 {
		t.Errorf("%v, %d %s, %v", err, rec.Code, rec.Body, rec.Header())
	}
	broken := errors.New("broken")
	rec, _, err = h.ask(t, "/", func(http.ResponseWriter, *http.Request) error { return broken })
	if !errors.Is(err, broken) || rec.Body.Len() != 0 {
		t.Errorf("%v, %s", err, rec.Body)
	}
}

func TestInterfaceEncodings(t *testing.T) {
	h := newUI(t)
	for accepted, want := range map[string]string{
		"": "plain", "br": "brotli", "gzip, deflate, br, zstd": "brotli", "gzip": "gzipped", "br;q=0, gzip": "gzipped",
		"br;q=0, gzip;q=0": "plain", "gzip;q=1.0, br;q=0.5": "gzipped", "deflate": "plain", "BR": "brotli",
	} {
		rec, _, err := h.ask(t, "/assets/main.js", nobody, "Accept-Encoding", accepted)
		if got := rec.Body.String(); err != nil || got != want || rec.Header().Get("Vary") != "Accept-Encoding" {
			t.Errorf("%q: %v, %s, want %s; %v", accepted, err, got, want, rec.Header())
		}
	}
}

func TestInterfaceSockets(t *testing.T) {
	h := newUI(t)
	rec, _, err := h.ask(t, "/", nobody)
	if csp := rec.Header().Get("Content-Security-Policy"); err != nil || !strings.Contains(csp, "connect-src 'self' ws://gateway.example:8080;") {
		t.Errorf("%v, %s", err, csp)
	}
}
