// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package control_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/culvertd/culvert/internal/control"
)

const id = "AAAAAAAAAAAAAAAAAAAAAA"

// fake answers with what it was given.
type fake struct {
	got any
	err error
}

func (f *fake) CreateEndpoint(_ context.Context, owner, name string, s control.Settings) (control.Endpoint, error) {
	f.got = owner + "/" + name
	return control.Endpoint{ID: id, Name: name, Settings: s}, f.err
}

func (f *fake) Endpoints(context.Context) ([]control.Endpoint, error) {
	return []control.Endpoint{{ID: id}, {ID: "b", CreatedAt: time.Unix(5, 0).UTC()}}, f.err
}

func (f *fake) UpdateEndpoint(_ context.Context, id string, c control.Changes) (control.Endpoint, error) {
	f.got = c
	return control.Endpoint{ID: id}, f.err
}

func (f *fake) DeleteEndpoint(_ context.Context, id string) error {
	f.got = id
	return f.err
}

func (f *fake) ConnectionLog(_ context.Context, _ string, limit int) ([]control.LogLine, error) {
	f.got = limit
	return []control.LogLine{{Event: "connected", Conn: 7}}, f.err
}

func (f *fake) CreateClientToken(_ context.Context, owner, client string) (control.NewClientToken, error) {
	f.got = owner + "/" + client
	return control.NewClientToken{ClientToken: control.ClientToken{ID: "t", Client: client}, Token: "secret"}, f.err
}

func (f *fake) ClientTokens(context.Context) ([]control.ClientToken, error) {
	return []control.ClientToken{{ID: "t", CreatedAt: time.Unix(5, 0).UTC()}}, f.err
}

func (f *fake) RevokeClientToken(_ context.Context, id string) error {
	f.got = id
	return f.err
}

func (f *fake) ForgetClientKey(_ context.Context, client string) error {
	f.got = client
	return f.err
}

func (f *fake) Clients(context.Context) ([]control.TunnelClient, error) {
	return []control.TunnelClient{{Name: "a", Sessions: []control.TunnelSession{{ID: "s", BytesUp: 7}}}}, f.err
}

func serve(t *testing.T, dir string, svc control.Service) *control.Client {
	t.Helper()
	s, err := control.Serve(dir, svc, func(msg string, err error) { t.Logf("%s: %v", msg, err) })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	c, err := control.Dial(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestCallsArriveAsTheyWereMade(t *testing.T) {
	f := new(fake)
	c := serve(t, t.TempDir(), f)
	ctx := t.Context()

	want := control.Settings{Compression: true, Origins: []string{"https://a.example"}, MaxMessageSize: 5}
	e, err := c.CreateEndpoint(ctx, "älice", "näme", want)
	if err != nil || f.got != "älice/näme" || !reflect.DeepEqual(e.Settings, want) {
		t.Errorf("create: %+v, %v", e, err)
	}
	es, err := c.Endpoints(ctx)
	if err != nil || len(es) != 2 || !es[1].CreatedAt.Equal(time.Unix(5, 0)) {
		t.Errorf("list: %+v, %v", es, err)
	}
	off, none := false, []string{}
	if _, err := c.UpdateEndpoint(ctx, id, control.Changes{Compression: &off, Origins: &none}); err != nil {
		t.Error(err)
	}
	ch, ok := f.got.(control.Changes)
	if !ok || ch.Compression == nil || *ch.Compression || ch.Origins == nil || len(*ch.Origins) != 0 || ch.Name != nil {
		t.Errorf("update: %+v", f.got)
	}
	if err := c.DeleteEndpoint(ctx, id); err != nil || f.got != id {
		t.Errorf("delete: %v, %v", f.got, err)
	}
	lines, err := c.ConnectionLog(ctx, id, 33)
	if err != nil || f.got != 33 || len(lines) != 1 || lines[0].Conn != 7 {
		t.Errorf("log: %+v, %v, %v", lines, f.got, err)
	}
}

func TestClientCallsArriveAsTheyWereMade(t *testing.T) {
	f := new(fake)
	c := serve(t, t.TempDir(), f)
	ctx := t.Context()

	if err := c.ForgetClientKey(ctx, "alice/client-a"); err != nil || f.got != "alice/client-a" {
		t.Errorf("forget key: %v, %v", f.got, err)
	}
	tok, err := c.CreateClientToken(ctx, "alice", "client-a")
	if err != nil || f.got != "alice/client-a" || tok.Token != "secret" || tok.ID != "t" || tok.Client != "client-a" {
		t.Errorf("create: %+v, %v", tok, err)
	}
	ts, err := c.ClientTokens(ctx)
	if err != nil || len(ts) != 1 || !ts[0].CreatedAt.Equal(time.Unix(5, 0)) || !ts[0].LastUsedAt.IsZero() {
		t.Errorf("list: %+v, %v", ts, err)
	}
	if err := c.RevokeClientToken(ctx, "abcdefg234"); err != nil || f.got != "abcdefg234" {
		t.Errorf("revoke: %v, %v", f.got, err)
	}
	// An id is whatever somebody typed.
	var e *control.Error
	for _, id := range []string{"", "abc", "a/b", "..", "a b?c", "../endpoints"} {
		if err := c.RevokeClientToken(ctx, id); !errors.As(err, &e) || e.Code != control.CodeNotFound {
			t.Errorf("revoke %q: %v", id, err)
		}
	}
	cs, err := c.Clients(ctx)
	if err != nil || len(cs) != 1 || cs[0].Name != "a" || len(cs[0].Sessions) != 1 || cs[0].Sessions[0].BytesUp != 7 {
		t.Errorf("clients: %+v, %v", cs, err)
	}
	f.err = control.NoToken("abcdefg235")
	if err := c.RevokeClientToken(ctx, "abcdefg235"); !errors.As(err, &e) || e.Code != control.CodeNotFound {
		t.Errorf("revoke: %v", err)
	}
}

func TestErrorsKeepTheirShape(t *testing.T) {
	f := new(fake)
	c := serve(t, t.TempDir(), f)
	for _, want := range []*control.Error{
		{Code: control.CodeInvalid, Message: "name is wrong", Details: map[string]string{"name": "is wrong"}},
		{Code: control.CodeUnavailable, Message: "later"},
		control.NotFound(id),
	} {
		f.err = errors.Join(want) // also when wrapped
		err := c.DeleteEndpoint(t.Context(), id)
		var got *control.Error
		if !errors.As(err, &got) || !reflect.DeepEqual(got, want) {
			t.Errorf("got %#v, want %#v", err, want)
		}
	}
	f.err = errors.New("disk on fire")
	var got *control.Error
	if err := c.DeleteEndpoint(t.Context(), id); !errors.As(err, &got) || got.Code != control.CodeInternal {
		t.Errorf("got %#v", err)
	}
	f.err = nil
	for _, bad := range []string{"", "x", "../../../etc/passwd", strings.Repeat("é", 11), id + "?"} {
		f.got = nil
		if err := c.DeleteEndpoint(t.Context(), bad); !errors.As(err, &got) || got.Code != control.CodeNotFound || f.got != nil {
			t.Errorf("%q: got %v, and the gateway was asked for %v", bad, err, f.got)
		}
	}
}

func TestServerRefusesWhatItDoesNotKnow(t *testing.T) {
	dir := t.TempDir()
	serve(t, dir, new(fake))
	c := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", control.SocketPath(dir))
	}}}
	defer c.CloseIdleConnections()
	for _, tc := range []struct {
		method, path, body, code string
	}{
		{"POST", "/v1/endpoints", `{"nonesuch":"x"}`, "invalid"},
		{"POST", "/v1/endpoints", `{} {}`, "invalid"},
		{"POST", "/v1/endpoints", ``, "invalid"},
		{"POST", "/v1/endpoints", `{"name":"` + strings.Repeat("x", 65<<10) + `"}`, "too_large"},
		{"GET", "/v1/endpoints/" + id + "/log?limit=x", ``, "invalid"},
		{"GET", "/v2/anything", ``, "invalid"},
	} {
		req, err := http.NewRequestWithContext(t.Context(), tc.method, "http://culvert"+tc.path, strings.NewReader(tc.body))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := c.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil || resp.StatusCode < 400 || !strings.Contains(string(b), `"code":"`+tc.code+`"`) {
			t.Errorf("%s %s: %s %s, %v; want code %q", tc.method, tc.path, resp.Status, b, err, tc.code)
		}
	}
}

func TestSocket(t *testing.T) {
	t.Run("stale file is replaced, mode is 0600", func(t *testing.T) {
		dir := t.TempDir()
		path := control.SocketPath(dir)
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
		serve(t, dir, new(fake))
		info, err := os.Stat(path)
		if err != nil || info.Mode() != fs0600 {
			t.Errorf("%v, %v", info.Mode(), err)
		}
	})
	t.Run("long path", func(t *testing.T) {
		t.Setenv("TMPDIR", t.TempDir())
		dir := filepath.Join(t.TempDir(), strings.Repeat("long", 30))
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if p := control.SocketPath(dir); len(p) > 100 || p != control.SocketPath(dir) || p == control.SocketPath(dir+"x") {
			t.Errorf("%q", p)
		}
		c := serve(t, dir, new(fake))
		if _, err := c.Endpoints(t.Context()); err != nil {
			t.Error(err)
		}
	})
	t.Run("a stranger's folder is not used", func(t *testing.T) {
		t.Setenv("TMPDIR", t.TempDir())
		dir := filepath.Join(t.TempDir(), strings.Repeat("long", 30))
		if err := os.Mkdir(filepath.Dir(control.SocketPath(dir)), 0o777); err != nil {
			t.Fatal(err)
		}
		if _, err := control.Serve(dir, new(fake), nil); err == nil {
			t.Error("served in a folder that others may write to")
		}
		if _, err := control.Dial(t.Context(), dir); err == nil || !strings.Contains(err.Error(), "0700") {
			t.Errorf("dialled: %v", err)
		}
	})
	t.Run("nothing is left", func(t *testing.T) {
		dir := t.TempDir()
		s, err := control.Serve(dir, new(fake), nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if left, _ := os.ReadDir(dir); len(left) != 0 {
			t.Errorf("%v", left)
		}
		if _, err := control.Dial(t.Context(), dir); err == nil {
			t.Error("dialled a closed server")
		}
	})
}

const fs0600 = os.ModeSocket | 0o600
