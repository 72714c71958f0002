// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/culvertd/culvert/internal/gateway"
)

// validate provisions a config with the app a, without starting it.
func validate(t *testing.T, a any) error {
	t.Helper()
	t.Setenv("XDG_DATA_HOME", t.TempDir())
	raw, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	off := false
	return caddy.Validate(&caddy.Config{
		Admin:   &caddy.AdminConfig{Disabled: true, Config: &caddy.ConfigSettings{Persist: &off}},
		Logging: &caddy.Logging{Logs: map[string]*caddy.CustomLog{"default": {BaseLog: caddy.BaseLog{WriterRaw: json.RawMessage(`{"output":"discard"}`)}}}},
		AppsRaw: caddy.ModuleMap{"culvert": raw},
	})
}

func TestProvisioningOpensNothing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	for range 2 { // and leaves nothing behind in the process either
		if err := validate(t, App{Data: dir}); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the folder: %v", err)
		}
		dir += "-other"
	}
}

func TestConfigsThatCannotWork(t *testing.T) {
	dir := t.TempDir()
	for _, tc := range []struct {
		app  any
		want []string // parts of the error
	}{
		{App{Data: "{env.CULVERT_TEST_NOT_SET}"}, []string{"data", "CULVERT_TEST_NOT_SET"}},
		{App{Data: dir, Site: "{env.CULVERT_TEST_NOT_SET}"}, []string{"site"}},
		{App{Data: dir, Database: "{env.CULVERT_TEST_NOT_SET}"}, []string{"database", "CULVERT_TEST_NOT_SET"}},
		{App{Data: dir, Resolver: "dns.example.org"}, []string{"resolver", "192.0.2.53"}},
		{App{Data: dir, Resolver: "192.0.2.53:0"}, []string{"resolver", "192.0.2.53"}},
		{App{Data: dir, Database: "culvert.db"}, []string{"database", "postgres://"}},
		{App{Data: dir, Site: "*.example.com"}, []string{"wildcard"}},
		{App{Data: dir, MaxConnections: -1, ByteRate: -1}, []string{"max_connections", "byte_rate"}},
		{App{Data: dir, MaxMessageSize: 1 << 30}, []string{"max_message_size", "log_size"}},
		{map[string]any{"data": dir, "colour": "green"}, []string{"colour"}},
		{App{Data: dir, Relay: &Relay{Listen: "{env.CULVERT_TEST_NOT_SET}"}}, []string{"relay", "CULVERT_TEST_NOT_SET"}},
		{App{Data: dir, Relay: &Relay{Listen: ":x"}}, []string{"relay", `"x"`}},
		{App{Data: dir, TCPPorts: "20000-x"}, []string{"tcp_ports", "20000-x", "write it like 20000-20999"}},
		{App{Data: dir, UDPPorts: "0-5"}, []string{"udp_ports", "0-5", "write it like 20000-20999"}},
		{App{Data: dir, Relay: &Relay{Advertise: "a:b"}}, []string{"advertise"}},
		{App{Data: dir, HeartbeatTimeout: caddy.Duration(time.Second)}, []string{"heartbeat_timeout", "heartbeat_interval"}},
	} {
		err := validate(t, tc.app)
		for _, want := range tc.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%+v: got %v, want %q", tc.app, err, want)
			}
		}
	}
	// None of them keeps the folder.
	cores.Range(func(key, _ any) bool {
		t.Errorf("%v is still in use", key)
		return true
	})
}

func TestPlaceholdersAndDefaults(t *testing.T) {
	t.Chdir(t.TempDir())
	wd, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("CULVERT_TEST", "x")
	for _, tc := range []struct {
		env       [2]string // CULVERT_SITE, CULVERT_DATA
		app       App
		site, dir string
	}{
		{site: "http://localhost:8080", dir: "culvert-data"},
		{env: [2]string{"a.example", "here"}, site: "https://a.example", dir: "here"},
		{env: [2]string{"a.example", "here"}, app: App{Site: "b.example", Data: "there"}, site: "https://b.example", dir: "there"},
		{app: App{Site: "{env.CULVERT_TEST}.example", Data: "{env.CULVERT_TEST}/y"}, site: "https://x.example", dir: "x/y"},
	} {
		t.Setenv(envSite, tc.env[0])
		t.Setenv(envData, tc.env[1])
		site, dir, err := tc.app.resolve()
		if err != nil || site.String() != tc.site || dir != filepath.Join(wd, tc.dir) {
			t.Errorf("%+v: %v, %s, %v", tc, site, dir, err)
		}
	}
}

func TestRelayAddresses(t *testing.T) {
	t.Setenv("CULVERT_TEST", "7")
	for _, tc := range []struct {
		in   *Relay
		want gateway.Relay
	}{
		{nil, gateway.Relay{}},
		{&Relay{}, gateway.Relay{Listen: ":9001"}},
		{&Relay{Listen: ":{env.CULVERT_TEST}", Advertise: "r{env.CULVERT_TEST}.example"}, gateway.Relay{Listen: ":7", AdvertiseHost: "r7.example"}},
		{&Relay{Listen: ":1", Advertise: "r.example:443"}, gateway.Relay{Listen: ":1", AdvertiseHost: "r.example", AdvertisePort: 443}},
		{&Relay{Listen: ":1", Advertise: "2001:db8::1"}, gateway.Relay{Listen: ":1", AdvertiseHost: "2001:db8::1"}},
		{&Relay{Listen: ":1", Advertise: "[2001:db8::1]"}, gateway.Relay{Listen: ":1", AdvertiseHost: "2001:db8::1"}},
		{&Relay{Listen: ":1", Advertise: "[2001:db8::1]:2"}, gateway.Relay{Listen: ":1", AdvertiseHost: "2001:db8::1", AdvertisePort: 2}},
	} {
		if got, err := tc.in.config(); err != nil || got != tc.want {
			t.Errorf("%+v: %+v, %v", tc.in, got, err)
		}
	}
}

func TestStartNotice(t *testing.T) {
	t.Setenv(envData, "")
	t.Chdir(t.TempDir())
	dir, err := gateway.DataDir(defaultData())
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		site, dir string
		relay     int
		want, not string
	}{
		{"http://localhost:8080", dir, 0, "Listening on http://localhost:8080 (control)\nCreate an endpoint: ", "--data"},
		{"http://localhost:8080", dir, 9001, "(control)\nRelay listening on :9001 (tcp/udp)\nCreate an endpoint: ", "--data"},
		{"http://localhost:8080", "/var/lib/culvert", 0, "endpoint create --data /var/lib/culvert\n", "Certificate"},
		{"http://localhost:8080", "/var/lib/culvert", 0, "client token create --data /var/lib/culvert\n", "Relay"},
		{"gateway.example.com", dir, 0, "Certificate: a public one", "Caddy's own"},
		{"localhost", dir, 0, "Certificate: from Caddy's own authority, because localhost is no public name", "a public one"},
	} {
		site, err := gateway.ParseSite(tc.site)
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		if err := (startNotice{site: site, dir: tc.dir, relayPort: func() int { return tc.relay }}).print(&b); err != nil {
			t.Fatal(err)
		}
		if out := b.String(); !strings.Contains(out, tc.want) || strings.Contains(out, tc.not) {
			t.Errorf("%s:\n%s", tc.site, out)
		}
	}
}
