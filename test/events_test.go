// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package test

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
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

// eventStream opens an event stream and returns when it has begun.
func eventStream(t *testing.T, site, token, lastID string) *bufio.Reader {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, site+"/api/v1/events", nil)
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
	return r
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

// callAPI sends a request to the API, which has to succeed, and returns the answer.
func callAPI(t *testing.T, site, token, path, body string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, site+"/api/v1"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Close = true // a reload closes connections at rest, perhaps just now
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	text, _ := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if resp.StatusCode > 299 {
		t.Fatalf("%s: %s", resp.Status, text)
	}
	return string(text)
}

// Event streams hold up neither a reload nor the end, and what a client misses
// in between it is told when it comes back.
func TestEventsAcrossReload(t *testing.T) {
	s := newSite(t)
	s.start(t)
	token := s.token(t)
	r := eventStream(t, s.address(), token, "")
	callAPI(t, s.address(), token, "/endpoints", `{"name":"one"}`)
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
	callAPI(t, s.address(), token, "/endpoints", `{"name":"two"}`)
	r = eventStream(t, s.address(), token, last)
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

// A process that is told to end waits for its requests, and event streams are
// requests that never end by themselves.
func TestEventsAtExit(t *testing.T) {
	p := newPlace(t)
	g := p.start(t)
	const password = "Correct-Horse-7-Battery"
	file := filepath.Join(p.dir, "password")
	if err := os.WriteFile(file, []byte(password), 0o600); err != nil {
		t.Fatal(err)
	}
	p.mustRun(t, "admin", "create", "root", "--email", "root@example.com", "--password-file", file)
	var login struct{ Token string }
	text := callAPI(t, p.site(), "", "/auth/login", `{"login":"root","password":"`+password+`"}`)
	if err := json.Unmarshal([]byte(text), &login); err != nil {
		t.Fatal(err)
	}
	r := eventStream(t, p.site(), login.Token, "")
	if took := g.stop(t); took > 10*time.Second {
		t.Errorf("it has waited %v for a stream", took)
	}
	if _, err := io.Copy(io.Discard, r); err != nil {
		t.Errorf("the stream is broken off: %v", err)
	}
	if log := g.stderr.String(); strings.Contains(log, login.Token) || strings.Contains(log, password) {
		t.Errorf("the log has a secret:\n%s", log)
	}
}
