// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"fmt"
	"net/url"
	"path/filepath"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	_ "github.com/caddyserver/caddy/v2/modules/standard"

	_ "github.com/culvertd/culvert/caddymodule"
	"github.com/culvertd/culvert/internal/control"
	"github.com/culvertd/culvert/internal/gateway"
	"github.com/culvertd/culvert/test/process"
)

// site is a gateway in this process: real Caddy, whose config is the
// process's, so there is one at a time.
type site struct {
	port, relay int
	data        string
	culvert     string // more lines of the global option culvert
	body        string // more lines of the site
	extra       string // more sites
	global      string // more global options
}

// startSite runs a gateway with more lines of the global option, and stops it
// with the test.
func startSite(t testing.TB, culvert string) *site {
	t.Helper()
	dir, err := gateway.DataDir(filepath.Join(t.TempDir(), "data"))
	if err != nil {
		t.Fatal(err)
	}
	s := &site{port: process.FreePort(t), relay: process.FreePort(t), data: dir, culvert: culvert}
	t.Cleanup(func() {
		if err := caddy.Stop(); err != nil {
			t.Error(err)
		}
	})
	s.load(t)
	return s
}

func (s *site) url() *url.URL {
	return &url.URL{Scheme: "http", Host: fmt.Sprintf("127.0.0.1:%d", s.port)}
}

func (s *site) relayAddr() string { return fmt.Sprintf("127.0.0.1:%d", s.relay) }

// load puts the site's config in force.
func (s *site) load(t testing.TB) {
	t.Helper()
	text := fmt.Sprintf("{\nadmin off\npersist_config off\nlog {\noutput discard\n}\n%s\nculvert {\nsite %s\ndata %s\nrelay 127.0.0.1:%d\n%s\n}\n}\n%s {\nculvert\n%s\n}\n%s\n",
		s.global, s.url(), s.data, s.relay, s.culvert, s.url(), s.body, s.extra)
	out, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(text), nil)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if err := caddy.Load(out, false); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
}

// token makes a client token through the control socket.
func (s *site) token(t testing.TB, client string) control.NewClientToken {
	t.Helper()
	c, err := control.Dial(t.Context(), s.data)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	token, err := c.CreateClientToken(t.Context(), "", client)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// revoke takes a token back.
func (s *site) revoke(t testing.TB, id string) {
	t.Helper()
	c, err := control.Dial(t.Context(), s.data)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if err := c.RevokeClientToken(t.Context(), id); err != nil {
		t.Fatal(err)
	}
}
