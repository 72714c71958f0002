// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package gateway_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/culvertd/culvert/internal/control"
	"github.com/culvertd/culvert/internal/gateway"
	"github.com/culvertd/culvert/internal/hub"
	"github.com/culvertd/culvert/internal/wstest"
)

func folder(t *testing.T) string {
	t.Helper()
	dir, err := gateway.DataDir(filepath.Join(t.TempDir(), "data"))
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func generation(port string) *gateway.Generation {
	return &gateway.Generation{
		Config: gateway.Config{Site: gateway.Site{Host: "localhost", Port: port}},
		Logger: zap.NewNop(),
	}
}

// start returns a core with one generation; it is closed with the test.
func start(t *testing.T, dir string) (*gateway.Core, *gateway.Generation) {
	t.Helper()
	c, g := gateway.New(dir), generation("1")
	if err := c.Push(t.Context(), g); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(gateway.Removed); err != nil {
			t.Error(err)
		}
	})
	return c, g
}

// serve answers /ws/<id> from the core.
func serve(t *testing.T, c *gateway.Core) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.Hub().Serve(w, r, hub.ID(strings.TrimPrefix(r.URL.Path, "/ws/")), netip.MustParseAddr("192.0.2.7"))
	}))
	t.Cleanup(s.Close)
	return s
}

func dial(t *testing.T, s *httptest.Server, id string) *wstest.Conn {
	t.Helper()
	c, err := wstest.Dial(t.Context(), strings.Replace(s.URL, "http", "ws", 1)+"/ws/"+id, wstest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func create(t *testing.T, es control.Endpoints, name string) control.Endpoint {
	t.Helper()
	e, err := es.CreateEndpoint(t.Context(), "", name, control.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestNewTouchesNothing(t *testing.T) {
	dir := folder(t)
	c := gateway.New(dir)
	if c.Hub() != nil {
		t.Error("there is a hub before the first push")
	}
	var e *control.Error
	if _, err := c.Endpoints(t.Context()); !errors.As(err, &e) || e.Code != control.CodeUnavailable {
		t.Errorf("operation before the first push: %v", err)
	}
	if c.Pop(generation("1")) != 0 || c.Close(gateway.Removed) != nil {
		t.Error("closing what was never open")
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder: %v", err)
	}
}

func TestNewestGenerationIsInForce(t *testing.T) {
	c, g1 := start(t, folder(t))
	e := create(t, c, "")
	port := func() string {
		t.Helper()
		es, err := c.Endpoints(t.Context())
		if err != nil || len(es) != 1 {
			t.Fatal(es, err)
		}
		return strings.TrimSuffix(strings.TrimPrefix(es[0].URL, "ws://localhost:"), "/ws/"+e.ID)
	}
	push := func(g *gateway.Generation) {
		t.Helper()
		if err := c.Push(t.Context(), g); err != nil {
			t.Fatal(err)
		}
	}
	h := c.Hub()
	g2, g3 := generation("2"), generation("3")
	push(g2)
	if p := port(); p != "2" {
		t.Errorf("after the second push: %s", p)
	}
	if err := c.Push(t.Context(), g2); err == nil {
		t.Error("pushed twice")
	}
	c.Pop(g1) // a reload that succeeds
	if p := port(); p != "2" {
		t.Errorf("after the first is popped: %s", p)
	}
	push(g3)
	for range 2 { // a reload that fails, with Stop and Cleanup
		if n := c.Pop(g3); n != 1 {
			t.Errorf("%d generations left", n)
		}
	}
	if p := port(); p != "2" {
		t.Errorf("after the third is popped: %s", p)
	}
	if n := c.Pop(g2); n != 0 || c.Hub() != h {
		t.Errorf("%d generations, and the hub is %p, not %p", n, c.Hub(), h)
	}
	if p := port(); p != "2" {
		t.Errorf("without generations: %s", p)
	}
	if c.Pushes() != 3 {
		t.Errorf("%d pushes", c.Pushes())
	}
}

func TestFolderIsLocked(t *testing.T) {
	dir := folder(t)
	c, _ := start(t, dir)
	began := time.Now()
	err := gateway.New(dir).Push(t.Context(), generation("1"))
	if err == nil || !strings.Contains(err.Error(), dir) || !strings.Contains(err.Error(), "CULVERT_DATA") {
		t.Errorf("second gateway: %v", err)
	}
	if d := time.Since(began); d > 5*time.Second {
		t.Errorf("took %v to say so", d)
	}
	if err := c.Close(gateway.Restarting); err != nil {
		t.Fatal(err)
	}
	if err := c.Push(t.Context(), generation("1")); err == nil {
		t.Error("pushed to a closed core")
	}
	start(t, dir)
}

func TestFailedPushUndoesItself(t *testing.T) {
	dir := folder(t)
	// A folder where the database belongs.
	if err := os.MkdirAll(filepath.Join(dir, "culvert.db", "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	c := gateway.New(dir)
	if err := c.Push(t.Context(), generation("1")); err == nil {
		t.Fatal("no error")
	}
	if c.Hub() != nil || c.Pushes() != 0 {
		t.Error("half open")
	}
	if err := os.RemoveAll(filepath.Join(dir, "culvert.db")); err != nil {
		t.Fatal(err)
	}
	// A folder where the socket belongs: everything else is open by then.
	if err := os.MkdirAll(filepath.Join(control.SocketPath(dir), "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := c.Push(t.Context(), generation("1")); err == nil {
		t.Fatal("no error")
	}
	if err := os.RemoveAll(control.SocketPath(dir)); err != nil {
		t.Fatal(err)
	}
	// The lock is free again, and the same core works.
	if err := c.Push(t.Context(), generation("1")); err != nil {
		t.Fatal(err)
	}
	if err := c.Close(gateway.Removed); err != nil {
		t.Error(err)
	}
}

func TestEverythingOutlivesARestart(t *testing.T) {
	dir := folder(t)
	c, _ := start(t, dir)
	a, b := create(t, c, "a"), create(t, c, "b")
	small := int64(16)
	if _, err := c.UpdateEndpoint(t.Context(), a.ID, control.Changes{MaxMessageSize: &small}); err != nil {
		t.Fatal(err)
	}
	s := serve(t, c)
	one, two := dial(t, s, a.ID), dial(t, s, a.ID)
	if err := one.Send(wstest.T("hello")); err != nil {
		t.Fatal(err)
	}
	if m, err := two.ReadMessage(); err != nil || string(m.Payload) != "hello" {
		t.Fatalf("%q, %v", m.Payload, err)
	}
	if err := c.DeleteEndpoint(t.Context(), b.ID); err != nil {
		t.Fatal(err)
	}
	go func() { _ = one.Shake(1012) }()
	go func() { _ = two.Shake(1012) }()
	if err := c.Close(gateway.Restarting); err != nil {
		t.Fatal(err)
	}

	c, _ = start(t, dir)
	es, err := c.Endpoints(t.Context())
	if err != nil || len(es) != 1 {
		t.Fatalf("%+v, %v", es, err)
	}
	e := es[0]
	if e.Name != "a" || e.Settings.MaxMessageSize != small || e.LastActiveAt.IsZero() {
		t.Errorf("%+v", e)
	}
	want := control.Stats{TotalConnections: 2, MessagesIn: 1, BytesIn: 5, MessagesOut: 1, BytesOut: 5}
	if e.Stats != want {
		t.Errorf("stats %+v, want %+v", e.Stats, want)
	}
	lines, err := c.ConnectionLog(t.Context(), a.ID, 10)
	if err != nil || len(lines) != 4 {
		t.Fatalf("%+v, %v", lines, err)
	}
	for i, want := range []string{"disconnected", "disconnected", "connected", "connected"} {
		if lines[i].Event != want || lines[i].Address != "192.0.2.7" {
			t.Errorf("line %d: %+v", i, lines[i])
		}
	}
	if lines[0].Code != 1012 {
		t.Errorf("%+v", lines[0])
	}
	// What the settings say holds in the new hub.
	long := dial(t, serve(t, c), a.ID)
	if err := long.Send(wstest.T(strings.Repeat("x", 17))); err != nil {
		t.Fatal(err)
	}
	var closed *wstest.CloseError
	if _, err := long.ReadMessage(); !errors.As(err, &closed) || closed.Code != 1009 {
		t.Errorf("got %v, want 1009", err)
	}
}

func TestDeleteClosesConnections(t *testing.T) {
	c, _ := start(t, folder(t))
	e := create(t, c, "")
	conn := dial(t, serve(t, c), e.ID)
	if err := c.DeleteEndpoint(t.Context(), e.ID); err != nil {
		t.Fatal(err)
	}
	var closed *wstest.CloseError
	if _, err := conn.ReadMessage(); !errors.As(err, &closed) || closed.Code != 4410 || closed.Reason != "endpoint deleted" {
		t.Errorf("got %v", err)
	}
	_ = conn.Close()
	for _, err := range []error{
		c.DeleteEndpoint(t.Context(), e.ID),
		second(c.UpdateEndpoint(t.Context(), e.ID, control.Changes{})),
		second(c.ConnectionLog(t.Context(), e.ID, 1)),
	} {
		var ce *control.Error
		if !errors.As(err, &ce) || ce.Code != control.CodeNotFound {
			t.Errorf("after deletion: %v", err)
		}
	}
	if m, ok := c.Metrics(); !ok || m.TotalConnections != 1 || m.Endpoints != 0 {
		t.Errorf("%+v", m)
	}
}

func second[T any](_ T, err error) error { return err }
