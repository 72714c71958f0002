// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/culvertd/culvert/internal/wire"
)

// accounts is a gateway where somebody confirms at the second question.
type accounts struct {
	mu     sync.Mutex
	asked  int
	client string
	no     string
}

func (a *accounts) serve(t *testing.T) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/v1/device/code", func(w http.ResponseWriter, r *http.Request) {
		var q map[string]string
		_ = json.NewDecoder(r.Body).Decode(&q)
		a.mu.Lock()
		defer a.mu.Unlock()
		a.client = q["client_name"]
		_ = json.NewEncoder(w).Encode(map[string]any{
			"device_code": "secret-code", "user_code": "WDJB-MJHT\x1b[2J", "verification_uri": "http://" + r.Host + "/device",
			"verification_uri_complete": "http://" + r.Host + "/device#WDJB-MJHT", "expires_in": 600, "interval": 1,
		})
	})
	mux.HandleFunc("POST /api/v1/device/token", func(w http.ResponseWriter, _ *http.Request) {
		a.mu.Lock()
		defer a.mu.Unlock()
		code := "authorization_pending"
		if a.asked++; a.asked > 1 {
			if a.no == "" {
				_, _ = w.Write([]byte(`{"access_token":"secret-token"}`))
				return
			}
			code = a.no
		}
		w.WriteHeader(http.StatusBadRequest)
		_ = json.NewEncoder(w).Encode(map[string]string{"error": code})
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s.URL
}

// TestLogin: after it no other setting is needed.
func TestLogin(t *testing.T) {
	b, a := newBench(t), &accounts{}
	site := a.serve(t)
	code, stdout, stderr := b.run(t, "login", site, "--client", "nas")
	if code != 0 || !strings.HasPrefix(stdout, "Logged in at "+site+" as nas; the token is in "+b.env["CULVERT_HOME"]) || a.client != "nas" {
		t.Fatalf("%d: %q, %q", code, stdout, stderr)
	}
	if !strings.HasPrefix(stderr, "Open "+site+"/device#WDJB-MJHT\nand confirm the code WDJB-MJHT") ||
		strings.Contains(stderr, "\x1b") || strings.Contains(stdout+stderr, "secret") {
		t.Errorf("%q", stderr)
	}

	for i, args := range [][]string{
		{"list"},
		{"list", "--server", site},
		{"list", "--config", b.file(t, "c.yaml", "connects: [{target: alice/nas, service: web, local: 0}]")},
	} {
		if code, _, stderr := b.run(t, args...); code != 0 {
			t.Fatalf("%q: %d, %s", args, code, stderr)
		}
		if cfg := b.engine(t, i).cfg; cfg.Server.String() != site || cfg.Token != "secret-token" || cfg.ClientID != "" {
			t.Errorf("%q: %+v", args, cfg)
		}
	}
	if code, stdout, _ := b.run(t, "verify"); code != 0 || !strings.Contains(stdout, site) {
		t.Errorf("%d: %s", code, stdout)
	}
	// A token of one's own goes before it, and another gateway has none.
	b.env["CULVERT_TOKEN"] = "other-token"
	if code, _, stderr := b.run(t, "list", "--server", site); code != 0 || b.engine(t, 3).cfg.Token != "other-token" {
		t.Errorf("%d: %s", code, stderr)
	}
	delete(b.env, "CULVERT_TOKEN")
	if code, _, stderr := b.run(t, "list", "--server", "wss://other.example"); code != 2 || !strings.Contains(stderr, "tunnelclient login URL") {
		t.Errorf("%d: %s", code, stderr)
	}

	c := b.start(t, "connect", "alice/nas/web:0")
	c.prints(t, "→ alice/nas/web")
	if code, stdout, stderr := b.run(t, "status"); code != 0 || !strings.Contains(stdout, site) {
		t.Errorf("%d: %s, %s", code, stdout, stderr)
	}
	c.cancel()
	c.wait(t)

	if code, stdout, stderr := b.run(t, "logout"); code != 0 || !strings.Contains(stdout, "remove the one of nas from the client tokens of your account at "+site) {
		t.Errorf("%d: %q, %s", code, stdout, stderr)
	}
	for _, args := range [][]string{{"list"}, {"logout"}, {"login"}} {
		if code, _, stderr := b.run(t, args...); code != 2 || !strings.Contains(stderr, "login") {
			t.Errorf("%q: %d, %s", args, code, stderr)
		}
	}
}

func TestLoginRefused(t *testing.T) {
	for no, says := range map[string]string{"access_denied": "declined", "expired_token": "in time"} {
		b, a := newBench(t), &accounts{no: no}
		code, stdout, stderr := b.run(t, "login", a.serve(t), "--json")
		lines := strings.Split(strings.TrimSpace(stderr), "\n")
		var first, last map[string]any
		if err := json.Unmarshal([]byte(lines[0]), &first); err != nil {
			t.Fatalf("%v: %s", err, stderr)
		}
		if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err != nil {
			t.Fatalf("%v: %s", err, stderr)
		}
		if code != 3 || stdout != "" || first["verificationUri"] == "" || first["client"] != machineName() || last["code"] != no ||
			last["exitCode"] != 3.0 || !strings.Contains(last["error"].(string), says) {
			t.Errorf("%d: %v, %v", code, first, last)
		}
	}
	b := newBench(t)
	if code, _, stderr := b.run(t, "login", "http://127.0.0.1:1"); code != 5 {
		t.Errorf("%d: %s", code, stderr)
	}
	if code, _, stderr := b.run(t, "login", "example.com"); code != 2 || !strings.Contains(stderr, "the URL") {
		t.Errorf("%d: %s", code, stderr)
	}
}

// TestSeveralLogins: a person chooses; what runs already needs no choice.
func TestSeveralLogins(t *testing.T) {
	b := newBench(t)
	one, two := (&accounts{}).serve(t), (&accounts{}).serve(t)
	for _, site := range []string{one, two} {
		if code, _, stderr := b.run(t, "login", site, "--client", "nas"); code != 0 {
			t.Fatal(stderr)
		}
	}
	for _, args := range [][]string{{"list"}, {"logout"}} {
		code, _, stderr := b.run(t, args...)
		if code != 2 || !strings.Contains(stderr, one) || !strings.Contains(stderr, two) || !strings.Contains(stderr, "choose one") {
			t.Errorf("%q: %d, %s", args, code, stderr)
		}
	}
	c := b.start(t, "connect", "a/b:0", "--server", one)
	c.prints(t, "→ a/b")
	if code, _, stderr := b.run(t, "list"); code != 0 || len(b.made) != 1 {
		t.Errorf("%d: %s", code, stderr)
	}
	c.cancel()
	c.wait(t)
	if code, _, stderr := b.run(t, "logout", one); code != 0 {
		t.Error(stderr)
	}
	if code, _, stderr := b.run(t, "list"); code != 0 || b.engine(t, 1).cfg.Server.String() != two {
		t.Errorf("%d: %s", code, stderr)
	}
}

// TestLoginInterrupted: what was not confirmed is no success.
func TestLoginInterrupted(t *testing.T) {
	b := newBench(t)
	c := b.start(t, "login", (&accounts{no: "authorization_pending"}).serve(t), "--client", "nas")
	c.says(t, "and confirm the code")
	c.cancel()
	if code := c.wait(t); code != 3 {
		t.Errorf("exit code %d, want 3\n%s", code, &c.stderr)
	}
	c.says(t, "interrupted before the code was confirmed")
}

func TestMachineName(t *testing.T) {
	if name := machineName(); name != "" && !wire.ValidName(name) {
		t.Errorf("%q", name)
	}
}
