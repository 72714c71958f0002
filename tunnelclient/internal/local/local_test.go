// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package local

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"go.uber.org/zap"

	"github.com/culvertd/culvert/internal/tunnel"
	"github.com/culvertd/culvert/internal/wire"
)

type engine struct {
	err    error
	closed chan string
}

func (e engine) Status() tunnel.Status {
	return tunnel.Status{ClientID: "a", State: tunnel.StateOnline}
}

func (e engine) List(context.Context) ([]wire.ClientInfo, error) {
	return []wire.ClientInfo{{ID: "b"}}, e.err
}

func (e engine) Forward(ctx context.Context, s tunnel.ForwardSpec) (Forward, error) {
	if s.Target == "waits" {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if s.Target == "refuses" {
		return nil, e.err
	}
	return forward{e, s}, nil
}

type forward struct {
	engine
	spec tunnel.ForwardSpec
}

func (f forward) Status() tunnel.ForwardStatus {
	return tunnel.ForwardStatus{Target: f.spec.Target, Local: f.spec.Local}
}

func (f forward) Close() error {
	f.closed <- f.spec.Target
	return nil
}

// start serves an engine and returns a client for it.
func start(t *testing.T, e Engine) (*Client, *Server) {
	t.Helper()
	home := t.TempDir()
	i, err := Acquire(t.Context(), home, Info{Identity: Identity{Server: "s", ClientID: "a"}, Command: "run", Config: "a.json"})
	if err != nil {
		t.Fatal(err)
	}
	s, err := i.Serve(e, "v1", zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	found, err := Find(t.Context(), home, Identity{})
	if err != nil || len(found) != 1 {
		t.Fatalf("found %v, %v", found, err)
	}
	c := found[0].Dial()
	t.Cleanup(func() {
		c.Close()
		if err := errors.Join(s.Close(), i.Close()); err != nil {
			t.Error(err)
		}
	})
	return c, s
}

func TestQueries(t *testing.T) {
	c, _ := start(t, engine{})
	st, err := c.Status(t.Context())
	want := Status{Status: tunnel.Status{ClientID: "a", State: tunnel.StateOnline}, PID: os.Getpid(), Version: "v1", Command: "run", Config: "a.json"}
	if err != nil || !reflect.DeepEqual(st, want) {
		t.Errorf("got %+v, %v", st, err)
	}
	list, err := c.List(t.Context())
	if err != nil || len(list) != 1 || list[0].ID != "b" {
		t.Errorf("got %+v, %v", list, err)
	}
}

// TestErrorsKeepTheirKind on the way through the socket.
func TestErrorsKeepTheirKind(t *testing.T) {
	for kind := range kinds {
		c, _ := start(t, engine{err: &tunnel.Error{Kind: kind, Code: "code", Err: errors.New("why")}})
		for what, call := range map[string]func() error{
			"list": func() error { _, err := c.List(t.Context()); return err },
			"forward": func() error {
				return c.Forward(t.Context(), []tunnel.ForwardSpec{{Target: "waits"}, {Target: "refuses"}}, nil)
			},
		} {
			var got *tunnel.Error
			if err := call(); !errors.As(err, &got) || got.Kind != kind || got.Code != "code" || got.Error() != "why" {
				t.Errorf("%s, %s: got %#v", KindName(kind), what, err)
			}
		}
	}
	c, _ := start(t, engine{err: errors.New("why")})
	var kind *tunnel.Error
	if _, err := c.List(t.Context()); err == nil || err.Error() != "why" || errors.As(err, &kind) {
		t.Errorf("got %#v", err)
	}
}

func TestForwardsLiveAsLongAsTheCommand(t *testing.T) {
	e := engine{closed: make(chan string, 2)}
	c, s := start(t, e)
	specs := []tunnel.ForwardSpec{{Target: "x", Local: "1"}, {Target: "y", Local: "2"}}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	err := c.Forward(ctx, specs, func(got []tunnel.ForwardStatus) error {
		if len(got) != 2 || got[0].Target != "x" || got[1].Local != "2" {
			t.Errorf("got %+v", got)
		}
		cancel()
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	<-e.closed
	<-e.closed
	err = c.Forward(t.Context(), specs, func([]tunnel.ForwardStatus) error {
		go func() { _ = s.Close() }() // again by the test's cleanup
		return nil
	})
	if !errors.Is(err, ErrGone) {
		t.Errorf("after the server's end: %v", err)
	}
	<-e.closed
	<-e.closed
}

func TestAFailureClosesTheOthers(t *testing.T) {
	e := engine{err: errors.New("why"), closed: make(chan string, 1)}
	if _, err := OpenAll(t.Context(), e, []tunnel.ForwardSpec{{Target: "x"}, {Target: "waits"}, {Target: "refuses"}}); err == nil || err.Error() != "why" {
		t.Errorf("got %v", err)
	}
	if got := <-e.closed; got != "x" {
		t.Errorf("closed %s", got)
	}
}

func TestServerRefusesWhatItDoesNotKnow(t *testing.T) {
	c, _ := start(t, engine{})
	for _, tc := range []struct{ method, path, body, want string }{
		{http.MethodGet, "/v2/x", "", "both must be of one version"},
		{http.MethodPost, "/v1/forwards", "", "reading the request"},
		{http.MethodPost, "/v1/forwards", `{"forwards":[]}`, "1 to 1000 are allowed"},
		{http.MethodPost, "/v1/forwards", `{"forwards":[{"Frob":1}]}`, "unknown field"},
		{http.MethodPost, "/v1/forwards", `{"forwards":[{"Target":"` + strings.Repeat("x", maxBody) + `"}]}`, "too large"},
	} {
		if _, err := c.do(t.Context(), tc.method, tc.path, strings.NewReader(tc.body)); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s %s: got %v, want %q", tc.method, tc.path, err, tc.want)
		}
	}
}

func TestOneHolder(t *testing.T) {
	home := t.TempDir()
	id := Identity{Server: "s", ClientID: "a", TokenHash: "h"}
	first, err := Acquire(t.Context(), home, Info{Identity: id})
	if err != nil {
		t.Fatal(err)
	}
	var held *HeldError
	if _, err := Acquire(t.Context(), home, Info{Identity: id}); !errors.As(err, &held) || held.Info.PID != os.Getpid() {
		t.Errorf("a second holder: %v", err)
	}
	for _, other := range []Identity{{Server: "s", ClientID: "b"}, {Server: "t", ClientID: "a"}, {Server: "s", TokenHash: "h"}} {
		i, err := Acquire(t.Context(), home, Info{Identity: other})
		if err != nil {
			t.Errorf("%+v: %v", other, err)
			continue
		}
		defer i.Close()
	}
	if err := first.Close(); err != nil {
		t.Error(err)
	}
	again, err := Acquire(t.Context(), home, Info{Identity: id})
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
}

// TestFindSkipsTheDead: a file that a killed process left is no client.
func TestFindSkipsTheDead(t *testing.T) {
	home := t.TempDir()
	if found, err := Find(t.Context(), filepath.Join(home, "none"), Identity{}); err != nil || found != nil {
		t.Errorf("without a folder: %v, %v", found, err)
	}
	i, err := Acquire(t.Context(), home, Info{Identity: Identity{Server: "s"}})
	if err != nil {
		t.Fatal(err)
	}
	defer i.Close()
	for _, text := range []string{"", "{", "null"} {
		dir := filepath.Join(home, hash(text))
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, infoFile), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if found, err := Find(t.Context(), home, Identity{}); err != nil || found != nil {
		t.Errorf("found %v, %v", found, err)
	}
}

func TestFindByTheNameThatTheGatewayGave(t *testing.T) {
	home := t.TempDir()
	i, err := Acquire(t.Context(), home, Info{Identity: Identity{Server: "s", TokenHash: "h"}})
	if err != nil {
		t.Fatal(err)
	}
	defer i.Close()
	s, err := i.Serve(engine{}, "v1", zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := i.SetClientID("given"); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		want Identity
		n    int
	}{
		{Identity{}, 1},
		{Identity{Server: "s"}, 1},
		{Identity{Server: "t"}, 0},
		{Identity{ClientID: "given"}, 1},
		{Identity{ClientID: "other"}, 0},
		{Identity{TokenHash: "h"}, 1},
		{Identity{TokenHash: "i"}, 0},
		{Identity{ClientID: "given", TokenHash: "i"}, 1},
	} {
		if found, err := Find(t.Context(), home, tc.want); err != nil || len(found) != tc.n {
			t.Errorf("%+v: found %v, %v", tc.want, found, err)
		}
	}
}

// TestLongHome: the socket finds a place of its own.
func TestLongHome(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	home := filepath.Join(t.TempDir(), strings.Repeat("long", 30))
	i, err := Acquire(t.Context(), home, Info{Identity: Identity{Server: "s", ClientID: "a"}})
	if err != nil {
		t.Fatal(err)
	}
	defer i.Close()
	s, err := i.Serve(engine{}, "v1", zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	found, err := Find(t.Context(), home, Identity{ClientID: "a"})
	if err != nil || len(found) != 1 {
		t.Fatalf("found %v, %v", found, err)
	}
	c := found[0].Dial()
	defer c.Close()
	if _, err := c.Status(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestCanonical(t *testing.T) {
	for _, same := range [][]string{
		{"wss://Example.com", "https://example.com/", "wss://example.com:443/tunnel", "https://example.com/tunnel/"},
		{"ws://x", "http://x:80"},
		{"ws://x:443"},
		{"wss://x:80"},
		{"wss://example.com/sub"},
		{"wss://[::1]:8443", "https://[::1]:8443/tunnel"},
	} {
		var texts []string
		for _, s := range same {
			u, err := url.Parse(s)
			if err != nil {
				t.Fatal(err)
			}
			texts = append(texts, Canonical(u))
		}
		for _, text := range texts {
			if text != texts[0] {
				t.Errorf("%q became %q", same, texts)
			}
		}
	}
}

func TestHome(t *testing.T) {
	dir := t.TempDir()
	got, err := Home(func(string) string { return dir })
	if err != nil || got != dir {
		t.Errorf("got %s, %v", got, err)
	}
	if got, err := Home(func(string) string { return "" }); err == nil && filepath.Base(got) != "culvert" {
		t.Errorf("got %s", got)
	}
}
