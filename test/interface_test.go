// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// read fetches what is at a URL. It repeats a request once, as browsers do:
// on Linux each config of Caddy listens on a socket of its own, and what waits
// in the old one's accept queue is reset when it closes, which may be after
// the load has returned. The client sees a reset or an end of file.
func read(t *testing.T, url string) (*http.Response, string) {
	t.Helper()
	resp, err := http.Get(url)
	if errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) {
		resp, err = http.Get(url)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(text)
}

var filesOfPage = regexp.MustCompile(`(?:src|href)="(/[^"]+\.[a-z0-9]+)"`)

// The web interface is where links lead, before and after reloads, and leaves
// to the site what the site answers.
func TestWebInterface(t *testing.T) {
	s := newSite(t)
	s.body = "metrics /metrics\nrespond /other elsewhere\nencode"
	s.start(t)
	socket := strings.Replace(s.address(), "http", "ws", 1)
	policies := make(map[string]bool)
	for n := range 3 {
		for _, path := range []string{"/", "/setup", "/register", "/reset", "/device", "/endpoints/x"} {
			got, text := read(t, s.address()+path)
			csp := got.Header.Get("Content-Security-Policy")
			if got.StatusCode != http.StatusOK || got.Header.Get("Content-Type") != "text/html; charset=utf-8" || !strings.Contains(text, "<title>Culvert") {
				t.Errorf("%s: %s, %v, %s", path, got.Status, got.Header, text)
			}
			if policies[csp] || !strings.Contains(csp, "connect-src 'self' "+socket+";") || strings.Contains(csp, "unsafe") {
				t.Errorf("%s: policy %s", path, csp)
			}
			policies[csp] = true
			for _, m := range filesOfPage.FindAllStringSubmatch(text, -1) {
				file, _ := read(t, s.address()+m[1])
				keep := file.Header.Get("Cache-Control")
				if file.StatusCode != http.StatusOK || strings.HasPrefix(m[1], "/assets/") != strings.Contains(keep, "immutable") {
					t.Errorf("%s: %s, %v", m[1], file.Status, file.Header)
				}
			}
		}
		for path, want := range map[string]int{
			"/robots.txt": http.StatusNotFound, "/api/v1/nothing": http.StatusNotFound, "/api": http.StatusNotFound,
			"/tunnel": http.StatusUnauthorized, "/tunnel/x": http.StatusNotFound,
		} {
			if got, text := read(t, s.address()+path); got.StatusCode != want || strings.Contains(text, "<title>") {
				t.Errorf("%s: %s, want %d: %s", path, got.Status, want, text)
			}
		}
		if got, text := read(t, s.address()+"/other"); text != "elsewhere" || got.Header.Get("Content-Security-Policy") != "" {
			t.Errorf("the site's own: %s, %v", text, got.Header)
		}
		if _, text := read(t, s.address()+"/metrics"); !strings.Contains(text, "culvert_ws_endpoints") {
			t.Errorf("metrics: %s", text)
		}
		s.culvert = fmt.Sprintf("max_connections %d", 100+n)
		if err := s.load(t, "", n); err != nil {
			t.Fatal(err)
		}
	}
	// A website that answers everything stays what it is.
	s.body = "respond website"
	if err := s.load(t, "", 0); err != nil {
		t.Fatal(err)
	}
	if _, text := read(t, s.address()+"/"); text != "website" {
		t.Errorf("the website: %s", text)
	}
	if got, _ := read(t, s.address()+"/ws/x"); got.StatusCode != http.StatusNotFound || got.Header.Get("Content-Type") != "application/json" {
		t.Errorf("an endpoint: %s, %v", got.Status, got.Header)
	}
}
