// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package test

import (
	"bufio"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/culvertd/culvert/internal/account"
)

// token logs an administrator in whom it makes.
func (s *site) token(t *testing.T) string {
	t.Helper()
	const password = "Correct-Horse-7-Battery"
	svc := app(t).Core().Accounts()
	from := account.From{}
	if _, err := svc.CreateAdmin(t.Context(), account.System(), "root", "root@example.com", password, from); err != nil {
		t.Fatal(err)
	}
	l, err := svc.LogIn(t.Context(), "root", password, from)
	if err != nil {
		t.Fatal(err)
	}
	return l.Token
}

// events opens an event stream and returns when it has begun.
func (s *site) events(t *testing.T, token, lastID string) (*http.Response, *bufio.Reader) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.address()+"/api/v1/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	if lastID != "" {
		req.Header.Set("Last-Event-ID", lastID)
	}
	// A connection of its own: a kept one would be of the config before.
	c := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = resp.Body.Close() })
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(resp.Body)
		t.Fatalf("%s: %s", resp.Status, text)
	}
	r := bufio.NewReader(resp.Body)
	if line, err := r.ReadString('\n'); err != nil || !strings.HasPrefix(line, "retry: ") {
		t.Fatalf("got %q, %v", line, err)
	}
	return resp, r
}

// change reads on to the next change of the kind and returns its id.
func change(t *testing.T, r *bufio.Reader, kind string) string {
	t.Helper()
	id := ""
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if v, ok := strings.CutPrefix(line, "id: "); ok {
			id = strings.TrimSpace(v)
		}
		if strings.HasPrefix(line, "data: ") && strings.Contains(line, `"kind":"`+kind+`"`) {
			return id
		}
	}
}

func (s *site) post(t *testing.T, token, path, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.address()+"/api/v1"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	text, _ := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusCreated {
		t.Fatalf("%s: %s", resp.Status, text)
	}
}

// Event streams hold up neither a reload nor the end, and what a client misses
// in between it is told when it comes back.
func TestEventsAcrossReload(t *testing.T) {
	s := newSite(t)
	s.start(t)
	token := s.token(t)
	_, r := s.events(t, token, "")
	s.post(t, token, "/endpoints", `{"name":"one"}`)
	last := change(t, r, "endpoint_created")

	s.body = "respond /other 204" // another config
	begun := time.Now()
	if err := s.load(t, "", 0); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, r); err != nil {
		t.Errorf("the stream is broken off: %v", err)
	}
	if took := time.Since(begun); took > 10*time.Second {
		t.Errorf("the old stream has lasted %v", took)
	}
	s.post(t, token, "/endpoints", `{"name":"two"}`)
	_, r = s.events(t, token, last)
	if id := change(t, r, "endpoint_created"); id == last {
		t.Errorf("%s is told twice", id)
	}

	begun = time.Now()
	if err := caddy.Stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, r); err != nil {
		t.Errorf("the stream is broken off: %v", err)
	}
	if took := time.Since(begun); took > 10*time.Second {
		t.Errorf("the end has waited %v for a stream", took)
	}
}
