// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	_ "github.com/caddyserver/caddy/v2/modules/standard"
	"github.com/gorilla/websocket"

	"github.com/culvertd/culvert/caddymodule"
	"github.com/culvertd/culvert/internal/control"
	"github.com/culvertd/culvert/internal/gateway"
	programs "github.com/culvertd/culvert/test/process"
)

func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "websocat" {
		if err := websocat(os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(run(m))
}

// home is a folder for what the tests make together.
var home string

// run keeps Caddy's own files out of the user's home. HOME itself stays: the go
// command has its caches there.
func run(m *testing.M) int {
	var err error
	if home, err = os.MkdirTemp("", "culvert-test-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(home) }()
	for _, name := range []string{"XDG_DATA_HOME", "XDG_CONFIG_HOME"} {
		if err := os.Setenv(name, home); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	caddy.RegisterModule(new(failing))
	return m.Run()
}

// failing is another app, which fails at the stage that its config names.
type failing struct {
	Stage string `json:"stage"`
	N     int    `json:"n"` // makes configs differ
}

func (*failing) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "test_failing", New: func() caddy.Module { return new(failing) }}
}

func (f *failing) at(stage string) error {
	if f.Stage == stage {
		return errors.New("another app fails at " + stage)
	}
	return nil
}

func (f *failing) Provision(caddy.Context) error { return f.at("provision") }
func (f *failing) Validate() error               { return f.at("validate") }
func (f *failing) Start() error                  { return f.at("start") }
func (f *failing) Stop() error                   { return nil }

// site is what a test's config is made of.
type site struct {
	port    int
	data    string
	culvert string // more lines of the global option culvert
	global  string // more global options
	body    string // more lines of the site
	tls     bool   // HTTPS, with a certificate of Caddy's own authority
	without bool   // no culvert at all
}

func newSite(t *testing.T) *site {
	t.Helper()
	dir, err := gateway.DataDir(filepath.Join(t.TempDir(), "data"))
	if err != nil {
		t.Fatal(err)
	}
	return &site{port: programs.FreePort(t), data: dir}
}

func (s *site) address() string {
	if s.tls {
		return fmt.Sprintf("https://localhost:%d", s.port)
	}
	return fmt.Sprintf("http://127.0.0.1:%d", s.port)
}

func (s *site) caddyfile() string {
	option, directive := fmt.Sprintf("culvert {\nsite %s\ndata %s\n%s\n}", s.address(), s.data, s.culvert), "culvert"
	if s.without {
		option, directive = "", ""
	}
	if s.tls {
		directive += "\ntls internal"
	}
	return fmt.Sprintf("{\nadmin off\npersist_config off\nlog {\noutput discard\n}\n%s\n%s\n}\n%s {\n%s\n%s\n}\n",
		option, s.global, s.address(), directive, s.body)
}

// load puts the site's config in force, with another app that fails at stage
// if that is not empty.
func (s *site) load(t *testing.T, stage string, n int) error {
	t.Helper()
	out, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(s.caddyfile()), nil)
	if err != nil {
		t.Fatalf("%v\n%s", err, s.caddyfile())
	}
	if stage != "" {
		var cfg map[string]any
		if err := json.Unmarshal(out, &cfg); err != nil {
			t.Fatal(err)
		}
		cfg["apps"].(map[string]any)["test_failing"] = failing{Stage: stage, N: n} //nolint:forcetypeassert // it is
		if out, err = json.Marshal(cfg); err != nil {
			t.Fatal(err)
		}
	}
	return caddy.Load(out, false)
}

// start loads the site and stops Caddy with the test.
func (s *site) start(t *testing.T) {
	t.Helper()
	t.Cleanup(func() {
		if err := caddy.Stop(); err != nil {
			t.Error(err)
		}
	})
	if err := s.load(t, "", 0); err != nil {
		t.Fatal(err)
	}
}

// app is that of the config in force.
func app(t *testing.T) *caddymodule.App {
	t.Helper()
	v, err := caddy.ActiveContext().AppIfConfigured("culvert")
	if err != nil {
		t.Fatal(err)
	}
	return v.(*caddymodule.App) //nolint:forcetypeassert // it is
}

// create makes an endpoint through the control socket and returns its URL.
func (s *site) create(t *testing.T, set control.Settings) control.Endpoint {
	t.Helper()
	c, err := control.Dial(t.Context(), s.data)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	e, err := c.CreateEndpoint(t.Context(), "", "", set)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// dial connects a client, which the caller closes.
func dial(t *testing.T, url string) *websocket.Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	d := websocket.Dialer{ReadBufferSize: 1024, WriteBufferSize: 1024}
	c, resp, err := d.DialContext(ctx, url, nil)
	if err != nil {
		if resp != nil {
			t.Fatalf("dialling %s: %s", url, resp.Status)
		}
		t.Fatalf("dialling %s: %v", url, err)
	}
	return c
}

// soak is whether to run in full size what takes long.
var soak = os.Getenv("CULVERT_SOAK") != ""

func sized(small, full int) int {
	if soak {
		return full
	}
	return small
}

// resources counts what this process holds.
type resources struct{ goroutines, descriptors int }

func held(t *testing.T) resources {
	t.Helper()
	r := resources{goroutines: runtime.NumGoroutine(), descriptors: -1}
	if fds, err := os.ReadDir("/proc/self/fd"); err == nil {
		r.descriptors = len(fds)
	}
	return r
}

// returnsTo waits until no more is held than want, but for slack goroutines:
// net/http and Caddy keep some for idle connections and timers.
func returnsTo(t *testing.T, want resources, slack int) {
	t.Helper()
	deadline := time.Now().Add(15 * time.Second)
	for {
		got := held(t)
		if got.goroutines <= want.goroutines+slack && got.descriptors <= want.descriptors {
			return
		}
		if time.Now().After(deadline) {
			var b strings.Builder
			_ = pprof.Lookup("goroutine").WriteTo(&b, 1)
			t.Fatalf("held: %+v, want at most %+v and %d goroutines\n%s", got, want, slack, b.String())
		}
		time.Sleep(50 * time.Millisecond)
	}
}
