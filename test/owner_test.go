// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package test

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/gorilla/websocket"

	"github.com/culvertd/culvert/internal/account"
	"github.com/culvertd/culvert/internal/control"
	"github.com/culvertd/culvert/internal/store"
)

// heard is an event handler that keeps what it is told.
type heard struct{}

var events = make(chan caddy.Event, 16)

func (*heard) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "events.handlers.test_heard", New: func() caddy.Module { return new(heard) }}
}

func (*heard) Handle(_ context.Context, e caddy.Event) error {
	events <- e
	return nil
}

func (*heard) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next()
	return nil
}

func init() { caddy.RegisterModule(new(heard)) }

// TestQuotaIsAnEvent: the operator hears of an account that nears its traffic
// of the month by Caddy's own events, and by a metric.
func TestQuotaIsAnEvent(t *testing.T) {
	s := newSite(t)
	s.global = "events {\non culvert_quota_warning test_heard\non culvert_quota_exceeded test_heard\n}"
	s.body = "metrics /metrics"
	s.start(t)
	core := app(t).Core()
	owner, err := core.Accounts().CreateAdmin(t.Context(), account.System(), "ann", "ann@example.com", "correct horse battery", account.From{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = core.Accounts().UpdateUser(t.Context(), account.System(), owner.ID, 0,
		account.UserChanges{Limits: &store.UserLimits{MonthlyBytes: 1000}}, account.From{})
	if err != nil {
		t.Fatal(err)
	}
	e, err := core.CreateEndpoint(t.Context(), "ann", "", control.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	a, b := dial(t, e.URL), dial(t, e.URL)
	for i, want := range []string{"culvert_quota_warning", "culvert_quota_exceeded"} {
		if err := a.WriteMessage(websocket.BinaryMessage, make([]byte, []int{420, 100}[i])); err != nil {
			t.Fatal(err)
		}
		select {
		case ev := <-events:
			if ev.Name() != want || ev.Data["account"] != "ann" || ev.Data["monthly_bytes"] != int64(1000) {
				t.Errorf("%s: %+v", ev.Name(), ev.Data)
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("no %s", want)
		}
	}
	_ = b.SetReadDeadline(time.Now().Add(10 * time.Second))
	for err = nil; err == nil; {
		_, _, err = b.ReadMessage()
	}
	if !websocket.IsCloseError(err, 4429) {
		t.Errorf("ended with %v", err)
	}
	m := s.scrape(t)
	for _, want := range []string{
		`culvert_quota_events_total{kind="warning"} 1`, `culvert_quota_events_total{kind="exceeded"} 1`, "culvert_quota_exceeded_accounts 1",
	} {
		if !strings.Contains(m, want) {
			t.Errorf("no %s in the metrics", want)
		}
	}
}

// TestKeysAreInNoLog: neither a refused nor an accepted request of a private
// endpoint leaves its key or ticket in the access log.
func TestKeysAreInNoLog(t *testing.T) {
	s := newSite(t)
	access := filepath.Join(t.TempDir(), "access.log")
	s.body = "log {\noutput file " + access + "\n}"
	s.start(t)
	e := s.create(t, control.Settings{})
	api := app(t).Core().API()
	key, _, err := api.NewEndpointKey(t.Context(), 0, e.ID)
	if err != nil {
		t.Fatal(err)
	}
	ticket, _, err := api.EndpointTicket(t.Context(), 0, e.ID)
	if err != nil {
		t.Fatal(err)
	}
	try := func(url string, head http.Header) bool {
		t.Helper()
		ws, resp, err := websocket.DefaultDialer.DialContext(t.Context(), url, head)
		if resp != nil {
			_ = resp.Body.Close()
		}
		if err == nil {
			_ = ws.Close()
		}
		return err == nil
	}
	bearer := http.Header{"Authorization": {"Bearer " + key}}
	protocol := http.Header{"Sec-Websocket-Protocol": {"culvert.key." + key}}
	elsewhere := strings.Replace(e.URL, e.ID, strings.Repeat("x", 22), 1)
	if !try(e.URL, bearer) || !try(e.URL, protocol) || !try(e.URL+"?ticket="+ticket, nil) {
		t.Error("not let in")
	}
	if try(e.URL+"?ticket="+ticket, nil) || try(elsewhere, bearer) || try(elsewhere, protocol) || try(e.URL, nil) {
		t.Error("let in")
	}
	s.settles(t)
	log, err := os.ReadFile(access)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(log), `"status":404`); n != 2 { // with a bearer, and with nothing
		t.Errorf("%d refusals in the log", n)
	}
	if strings.Contains(string(log), key) || strings.Contains(string(log), ticket) {
		t.Errorf("a secret is in the access log:\n%s", log)
	}
}
