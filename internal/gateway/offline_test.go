// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package gateway_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/culvertd/culvert/internal/control"
	"github.com/culvertd/culvert/internal/gateway"
)

// open is what a command does.
func open(t *testing.T, dir string, create bool) (control.Service, error) {
	t.Helper()
	es, closeAll, err := gateway.Open(t.Context(), dir, gateway.Options{Create: create})
	if err == nil {
		t.Cleanup(func() {
			if err := closeAll(); err != nil {
				t.Error(err)
			}
		})
	}
	return es, err
}

func TestOpen(t *testing.T) {
	dir := folder(t)
	if _, err := open(t, dir, false); err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("a folder that is not there: %v", err)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("and it was made")
	}
	t.Run("stopped", func(t *testing.T) {
		es, err := open(t, dir, true)
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := es.(*gateway.Offline); !ok {
			t.Errorf("%T", es)
		}
		// No gateway has run yet, so the default it would have.
		if e := create(t, es, "early"); !strings.HasPrefix(e.URL, "ws://localhost:8080/ws/") || !control.ValidID(e.ID) {
			t.Errorf("%+v", e)
		}
	})
	t.Run("running", func(t *testing.T) {
		c, _ := start(t, dir)
		es, err := open(t, dir, false)
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := es.(*control.Client); !ok {
			t.Errorf("%T", es)
		}
		create(t, es, "late")
		if list, err := c.Endpoints(t.Context()); err != nil || len(list) != 2 || list[0].Name != "early" {
			t.Errorf("%+v, %v", list, err)
		}
	})
	t.Run("stopped again", func(t *testing.T) {
		es, err := open(t, dir, false)
		if err != nil {
			t.Fatal(err)
		}
		list, err := es.Endpoints(t.Context())
		if err != nil || len(list) != 2 {
			t.Fatalf("%+v, %v", list, err)
		}
		// The site of the last gateway.
		if !strings.HasPrefix(list[1].URL, "ws://localhost:1/ws/") {
			t.Error(list[1].URL)
		}
		if err := es.DeleteEndpoint(t.Context(), list[0].ID); err != nil {
			t.Error(err)
		}
	})
	t.Run("locked, but silent", func(t *testing.T) {
		start(t, dir)
		if err := os.Remove(control.SocketPath(dir)); err != nil {
			t.Fatal(err)
		}
		if _, err := open(t, dir, false); err == nil || !strings.Contains(err.Error(), "socket") {
			t.Errorf("got %v", err)
		}
	})
}

func TestOpenSiteWins(t *testing.T) {
	dir := folder(t)
	es, closeAll, err := gateway.Open(t.Context(), dir, gateway.Options{Site: gateway.Site{TLS: true, Host: "example.com"}, Create: true})
	if err != nil {
		t.Fatal(err)
	}
	if e := create(t, es, ""); e.URL != "wss://example.com/ws/"+e.ID {
		t.Error(e.URL)
	}
	if err := closeAll(); err != nil {
		t.Error(err)
	}
}

func TestDataDir(t *testing.T) {
	base, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(base, "real"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("real", filepath.Join(base, "link")); err != nil {
		t.Fatal(err)
	}
	t.Chdir(base)
	for in, want := range map[string]string{
		"real":               "real",
		"./real/":            "real",
		"link":               "real",
		"link/../real/x/../": "real",
		"link/new/er":        "real/new/er",
		"none/../link":       "real",
		base + "/link":       "real",
	} {
		if got, err := gateway.DataDir(in); err != nil || got != filepath.Join(base, want) {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
	if _, err := gateway.DataDir(""); err == nil {
		t.Error("no error for no name")
	}
}

func TestValidation(t *testing.T) {
	es, err := open(t, folder(t), true)
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name  string
		s     control.Settings
		field string // that is wrong; none if empty
	}{
		{name: ""},
		{name: "Straße 東京 🚧"},
		{name: strings.Repeat("é", 100)},
		{name: strings.Repeat("é", 101), field: "name"},
		{name: "a\nb", field: "name"},
		{name: "a\x1b[2J", field: "name"},
		{name: "a\xff", field: "name"},
		{name: "a\u202eb", field: "name"}, // turns the writing direction
		{s: control.Settings{Origins: []string{"https://a.example", "http://localhost:3000", "null"}}},
		{s: control.Settings{Origins: []string{"a.example"}}, field: "origins"},
		{s: control.Settings{Origins: []string{"https://a.example/"}}, field: "origins"},
		{s: control.Settings{Origins: []string{"https://A.example"}}, field: "origins"},
		{s: control.Settings{Origins: []string{"https://a.example:443"}}, field: "origins"},
		{s: control.Settings{Origins: []string{"*"}}, field: "origins"},
		{s: control.Settings{Origins: make([]string, 101)}, field: "origins"},
		{s: control.Settings{MaxMessageSize: 64 << 20}},
		{s: control.Settings{MaxMessageSize: 64<<20 + 1}, field: "max_message_size"},
		{s: control.Settings{MaxConnections: -1}, field: "max_connections"},
		{s: control.Settings{EndpointBytesPerSecond: -1}, field: "endpoint_bytes_per_second"},
	} {
		_, err := es.CreateEndpoint(t.Context(), "", tc.name, tc.s)
		if tc.field == "" {
			if err != nil {
				t.Errorf("%+v: %v", tc, err)
			}
			continue
		}
		var e *control.Error
		if !errors.As(err, &e) || e.Code != control.CodeInvalid || e.Details[tc.field] == "" ||
			!strings.Contains(e.Message, tc.field) {
			t.Errorf("%+v: got %v", tc, err)
		}
	}
}
