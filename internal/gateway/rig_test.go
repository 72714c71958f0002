// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/zap"

	"github.com/culvertd/culvert/internal/account"
	"github.com/culvertd/culvert/internal/hub"
	"github.com/culvertd/culvert/internal/inventory"
	"github.com/culvertd/culvert/internal/store"
)

// rig is a running core behind net/http, with its inside at hand.
type rig struct {
	*API
	core *Core
	web  *httptest.Server
	t    *testing.T
}

func newRig(t *testing.T, dir string, cfg Config) *rig {
	t.Helper()
	c := New(dir)
	if err := c.Push(t.Context(), &Generation{Config: cfg, Logger: zap.NewNop()}); err != nil {
		t.Fatal(err)
	}
	r := &rig{API: c.API(), core: c, t: t}
	r.web = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		addr, _ := netip.ParseAddr(req.Header.Get("X-Test-Addr"))
		c.Hub().Serve(w, req, hub.ID(strings.TrimPrefix(req.URL.Path, "/ws/")), addr)
	}))
	t.Cleanup(func() {
		r.web.Close()
		if err := c.Close(Removed); err != nil {
			t.Error(err)
		}
	})
	return r
}

func dataDir(t *testing.T) string {
	t.Helper()
	dir, err := DataDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// person makes an account without hashing a password, which takes long.
func (r *rig) person(name string, limits store.UserLimits) int64 {
	r.t.Helper()
	u, err := r.b.store.CreateUser(r.t.Context(), store.User{
		Name: name, Email: name + "@example.com", CreatedAt: time.Now(), Limits: limits,
	})
	if err != nil {
		r.t.Fatal(err)
	}
	r.b.changed(account.Change{Kind: account.UserCreated, UserID: u.ID})
	return u.ID
}

func (r *rig) endpoint(owner int64, name string) inventory.Endpoint {
	r.t.Helper()
	e, err := r.CreateEndpoint(r.t.Context(), owner, name, inventory.EndpointSettings{})
	if err != nil {
		r.t.Fatal(err)
	}
	return e
}

// try dials an endpoint; the status is that of a refusal.
func (r *rig) try(id, query string, head ...string) (*websocket.Conn, int) {
	r.t.Helper()
	h := http.Header{"X-Test-Addr": {"192.0.2.7"}}
	for i := 0; i < len(head); i += 2 {
		h.Set(head[i], head[i+1])
	}
	ws, resp, err := websocket.DefaultDialer.DialContext(r.t.Context(), strings.Replace(r.web.URL, "http", "ws", 1)+"/ws/"+id+query, h)
	if err != nil {
		if resp == nil {
			r.t.Fatal(err)
		}
		return nil, resp.StatusCode
	}
	r.t.Cleanup(func() { _ = ws.Close() })
	return ws, resp.StatusCode
}

func (r *rig) dial(id string, head ...string) *websocket.Conn {
	r.t.Helper()
	ws, status := r.try(id, "", head...)
	if ws == nil {
		r.t.Fatalf("refused with %d", status)
	}
	return ws
}

// pass sends n bytes from one to another.
func (r *rig) pass(from, to *websocket.Conn, n int) {
	r.t.Helper()
	if err := from.WriteMessage(websocket.BinaryMessage, make([]byte, n)); err != nil {
		r.t.Fatal(err)
	}
	_ = to.SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, b, err := to.ReadMessage(); err != nil || len(b) != n {
		r.t.Fatalf("%d bytes, %v", len(b), err)
	}
}

// closes checks that a connection ends with the code, within the two seconds
// that it may take (rules S15).
func (r *rig) closes(ws *websocket.Conn, code int) {
	r.t.Helper()
	_ = ws.SetReadDeadline(time.Now().Add(2 * time.Second))
	for {
		_, _, err := ws.ReadMessage()
		if err == nil {
			continue
		}
		var ce *websocket.CloseError
		if !errors.As(err, &ce) || ce.Code != code {
			r.t.Errorf("ended with %v, want %d", err, code)
		}
		return
	}
}

// isCode reports whether err is an account's error with the code.
func isCode(err error, code account.Code) bool {
	e, ok := errors.AsType[*account.Error](err)
	return ok && e.Code == code
}

// settle has the pulse look, and what the hub has counted written.
func (r *rig) settle() {
	r.t.Helper()
	r.quiet()
	r.b.pulse.look(time.Now())
	if err := r.b.flush(r.t.Context()); err != nil {
		r.t.Fatal(err)
	}
}

// quiet waits until all is counted: a delivery is just after it has come.
func (r *rig) quiet() {
	for busy := true; busy; {
		busy = false
		r.b.hub.Each(func(_ hub.ID, s hub.Stats) bool {
			busy = s.Eligible != s.MessagesOut+s.Dropped.Total()+s.Queued
			return !busy
		})
	}
}

// history reads the minutes of the last day.
func (r *rig) history(scope int64, q inventory.HistoryQuery) []inventory.Point {
	r.t.Helper()
	if q.Resolution == 0 {
		q.Resolution = time.Minute
	}
	q.From, q.To = time.Now().Add(-24*time.Hour), time.Now().Add(time.Hour)
	points, err := r.History(r.t.Context(), scope, q)
	if err != nil {
		r.t.Fatal(err)
	}
	return points
}
