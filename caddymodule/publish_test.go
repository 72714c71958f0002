// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
	"github.com/caddyserver/caddy/v2/modules/caddytls"
	"github.com/gorilla/websocket"
	"go.uber.org/zap"

	"github.com/culvertd/culvert/internal/account"
	"github.com/culvertd/culvert/internal/gateway"
	"github.com/culvertd/culvert/internal/publish"
	"github.com/culvertd/culvert/internal/wire"
)

// TestUpstreamNames: what Upstreams makes is what Transport reads, by way of
// Caddy's own reading of addresses.
func TestUpstreamNames(t *testing.T) {
	long := strings.Repeat("x", wire.MaxName)
	for client, want := range map[string]string{
		"nas": "culvert/web.nas:80", "alice/nas": "culvert/web.nas.alice:80", "_a/_b-": "culvert/web._b-._a:80", "A/B": "culvert/web.B.A:80",
		"alice/alice": "culvert/web.alice.alice:80", "8/8": "culvert/web.8.8:80", long + "/" + long: "culvert/web." + long + "." + long + ":80",
	} {
		dial := upstreamOf(client, "web")
		if dial != want {
			t.Errorf("%s: %s, want %s", client, dial, want)
		}
		addr, err := caddy.ParseNetworkAddress(dial)
		if err != nil || addr.Network != upstreamNetwork || addr.StartPort != 80 {
			t.Errorf("%s: %+v, %v", dial, addr, err)
			continue
		}
		if c, service, err := parseUpstream(addr.Host); err != nil || c != client || service != "web" {
			t.Errorf("%s: %s, %s, %v", dial, c, service, err)
		}
	}
	for _, host := range []string{
		"", ".", "web", "web.", ".nas", "web..alice", "web.nas.", "web.nas.alice.", "a.b.c.d", "-web.nas", "web.-nas", "web/nas", "web.nas/alice",
		"web.nas:80", "web nas.x", "wéb.nas", "*.nas", "{http.request.host}", "127.0.0.1", "::1", "web." + long + "x",
	} {
		if c, service, err := parseUpstream(host); err == nil || !strings.Contains(err.Error(), "culvert/service.client") || c+service != "" {
			t.Errorf("%q: %s, %s, %v", host, c, service, err)
		}
	}
}

// TestTransportSettings: those that HTTPTransport would dial by, or that do
// nothing, are refused by name.
func TestTransportSettings(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*Transport)
		want   string // part of the error
	}{
		"none":                      {func(*Transport) {}, ""},
		"versions":                  {func(t *Transport) { t.Versions = []string{"1.1", "2", "h2c"} }, ""},
		"HTTP/3":                    {func(t *Transport) { t.Versions = []string{"3"} }, "HTTP version 3"},
		"HTTP/3 among others":       {func(t *Transport) { t.Versions = []string{"1.1", "3"} }, "HTTP version 3"},
		"TLS":                       {func(t *Transport) { t.TLS = &reverseproxy.TLSConfig{ServerName: "nas.example"} }, ""},
		"placeholder":               {func(t *Transport) { t.TLS = &reverseproxy.TLSConfig{ServerName: "{http.request.host}"} }, "tls_server_name"},
		"local_address":             {func(t *Transport) { t.LocalAddress = "192.0.2.1" }, "local_address"},
		"resolvers":                 {func(t *Transport) { t.Resolver = new(reverseproxy.UpstreamResolver) }, "resolvers"},
		"dial_fallback_delay":       {func(t *Transport) { t.FallbackDelay = 1 }, "dial_fallback_delay"},
		"dial_fallback_delay, none": {func(t *Transport) { t.FallbackDelay = -1 }, "dial_fallback_delay"},
		"forward_proxy_url":         {func(t *Transport) { t.ForwardProxyURL = "http://proxy.example" }, "network proxy"},
		"network_proxy":             {func(t *Transport) { t.NetworkProxyRaw = json.RawMessage(`{"from":"url"}`) }, "network proxy"},
		"read_timeout":              {func(t *Transport) { t.ReadTimeout = 1 }, "read_timeout"},
		"write_timeout":             {func(t *Transport) { t.WriteTimeout = 1 }, "write_timeout"},
		"PROXY v1":                  {func(t *Transport) { t.ProxyProtocol = "v1" }, ""},
		"PROXY v2":                  {func(t *Transport) { t.ProxyProtocol = "v2" }, ""},
		"PROXY v3":                  {func(t *Transport) { t.ProxyProtocol = "v3" }, `"v3"; use v1 or v2`},
		"others": {func(t *Transport) {
			t.DialTimeout, t.ResponseHeaderTimeout, t.MaxConnsPerHost, t.KeepAlive = 1, 1, 1, new(reverseproxy.KeepAlive)
		}, ""},
	} {
		v := new(Transport)
		tc.change(v)
		err := v.validate()
		switch {
		case (err == nil) != (tc.want == ""):
			t.Errorf("%s: %v", name, err)
		case err != nil && (!strings.Contains(err.Error(), tc.want) || !strings.HasPrefix(err.Error(), "transport culvert: ")):
			t.Errorf("%s: %v, want %q", name, err, tc.want)
		}
	}
}

// proxied is a config with a reverse proxy that has a transport.
func proxied(t *testing.T, transport string) error {
	t.Helper()
	t.Setenv("XDG_DATA_HOME", t.TempDir())
	app, err := json.Marshal(App{Data: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	off := false
	return caddy.Validate(&caddy.Config{
		Admin:   &caddy.AdminConfig{Disabled: true, Config: &caddy.ConfigSettings{Persist: &off}},
		Logging: &caddy.Logging{Logs: map[string]*caddy.CustomLog{"default": {BaseLog: caddy.BaseLog{WriterRaw: json.RawMessage(`{"output":"discard"}`)}}}},
		AppsRaw: caddy.ModuleMap{"culvert": app, "http": json.RawMessage(`{"servers":{"s":{"listen":[":0"],"automatic_https":{"disable":true},"routes":[{"handle":[
			{"handler":"culvert_publish"},
			{"handler":"reverse_proxy","transport":` + transport + `,"dynamic_upstreams":{"source":"culvert"}}]}]}}}`)},
	})
}

// TestTransportIsProvisioned, or says why not.
func TestTransportIsProvisioned(t *testing.T) {
	for transport, want := range map[string]string{
		`{"protocol":"culvert"}`: "",
		`{"protocol":"culvert","versions":["h2c"],"dial_timeout":"3s"}`:    "",
		`{"protocol":"culvert","tls":{"insecure_skip_verify":true}}`:       "",
		`{"protocol":"culvert","local_address":"192.0.2.1"}`:               "local_address does not apply",
		`{"protocol":"culvert","versions":["3"]}`:                          "HTTP version 3 does not apply",
		`{"protocol":"culvert","network_proxy":{"from":"none"}}`:           "a network proxy does not apply",
		`{"protocol":"culvert","colour":"green"}`:                          "colour",
		`{"protocol":"culvert","resolver":{"addresses":["192.0.2.1:53"]}}`: "resolvers does not apply",
	} {
		if err := proxied(t, transport); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", transport, err, want)
		}
	}
}

// TestDialErrors: the reverse proxy sees what it looks for, and Published the
// cause.
func TestDialErrors(t *testing.T) {
	for kind, timeout := range map[publish.Kind]bool{publish.Offline: false, publish.Refused: false, publish.Timeout: true} {
		cause := &publish.Error{Kind: kind, Client: "nas", Service: "web", Err: errors.New("the reason")}
		var err error = caddyhttp.Error(http.StatusBadGateway, fmt.Errorf("proxying: %w", &dialError{cause}))
		if _, ok := errors.AsType[reverseproxy.DialError](err); !ok {
			t.Errorf("%d is no DialError", kind)
		}
		if e, ok := errors.AsType[interface {
			error
			Timeout() bool
		}](err); !ok || e.Timeout() != timeout {
			t.Errorf("%d: timeout %t", kind, !timeout)
		}
		if publish.PageFor(err) == nil || !errors.Is(err, cause) {
			t.Errorf("%d has no page", kind)
		}
	}
}

// TestDialingSomethingElse: the transport reaches services of clients alone.
func TestDialingSomethingElse(t *testing.T) {
	v := &Transport{core: gateway.New(t.TempDir())}
	for info, want := range map[reverseproxy.DialInfo]string{
		{}: "is no service of a tunnel client",
		{Network: "tcp", Host: "10.0.0.7", Port: "22", Address: "10.0.0.7:22"}:                   `"10.0.0.7:22" is no service`,
		{Network: "unix", Address: "/run/secret.sock"}:                                           `"/run/secret.sock" is no service`,
		{Network: "culvert", Host: "169.254.169.254", Port: "80", Address: "169.254.169.254:80"}: `"169.254.169.254" is no service`,
		{Network: "culvert", Host: "web.nas", Port: "80", Address: "web.nas:80"}:                 "starts or stops",
	} {
		// The name is the reverse proxy's own.
		ctx := context.WithValue(t.Context(), caddy.CtxKey("reverse_proxy.dial_info"), info)
		conn, err := v.dial(ctx, "tcp", info.Address)
		if conn != nil || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", info, err, want)
		}
	}
}

// TestPublicSiteOption: the config's own word, or none. The environment is for
// Caddyfile.example.
func TestPublicSiteOption(t *testing.T) {
	t.Setenv("CULVERT_TEST", "x")
	for _, tc := range []struct{ env, publish, want string }{
		{"", "", ""},
		{"https://*.env.example", "", ""},
		{"https://*.env.example", "*.own.example", "https://*.own.example"},
		{"", "http://*.{env.CULVERT_TEST}.localhost:8080, b", "http://*.x.localhost:8080"},
	} {
		t.Setenv(envPublish, tc.env)
		if p, err := (&App{Publish: tc.publish}).publicSite(); err != nil || p.String() != tc.want {
			t.Errorf("%+v: %s, %v", tc, p, err)
		}
	}
	t.Setenv(envPublish, "")
	for publish, want := range map[string]string{
		"https://apps.example.com": "wildcard", "https://*.*.example.com": "wildcard", "ftp://*.example.com": "ftp", "{env.CULVERT_TEST_NOT_SET}": "CULVERT_TEST_NOT_SET",
	} {
		if err := validate(t, App{Data: t.TempDir(), Publish: publish}); err == nil || !strings.Contains(err.Error(), "publish") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", publish, err)
		}
	}
}

// house is a core with a client of the operator's, home, that publishes the
// service web as shop below apps.example.com, and wants www.example.net.
type house struct {
	core   *gateway.Core
	client *websocket.Conn
}

func newHouse(t *testing.T) *house {
	t.Helper()
	dir, err := gateway.DataDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	site, err := gateway.ParsePublicSite("https://*.apps.example.com, https://")
	if err != nil {
		t.Fatal(err)
	}
	h := &house{core: gateway.New(dir)}
	if err := h.core.Push(t.Context(), &gateway.Generation{Config: gateway.Config{Publish: site}, Logger: zap.NewNop()}); err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.core.Tunnels().Serve(w, r, netip.MustParseAddr("192.0.2.7"))
	}))
	t.Cleanup(func() {
		if err := h.core.Close(gateway.Removed); err != nil {
			t.Error(err)
		}
		s.Close()
	})
	token, err := h.core.CreateClientToken(t.Context(), "", "")
	if err != nil {
		t.Fatal(err)
	}
	h.client, _, err = websocket.DefaultDialer.DialContext(t.Context(), strings.Replace(s.URL, "http", "ws", 1), http.Header{"Authorization": {"Bearer " + token.Token}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.client.Close() })
	service := wire.Service{ID: "web", Protocol: wire.ServiceHTTP, LocalPort: 80, Publish: &wire.Publish{Host: "shop"}}
	own := service
	own.ID, own.Publish = "own", &wire.Publish{Host: "www.example.net"}
	b, err := wire.Encode(wire.TypeRegister, "", wire.Register{ClientID: "home", Services: []wire.Service{service, own}})
	if err != nil {
		t.Fatal(err)
	}
	if err := h.client.WriteMessage(websocket.TextMessage, b); err != nil {
		t.Fatal(err)
	}
	if _, _, err := h.client.ReadMessage(); err != nil {
		t.Fatal(err)
	}
	return h
}

// goAway loses the client's connection.
func (h *house) goAway(t *testing.T) {
	t.Helper()
	_ = h.client.Close()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if away, known := h.core.Tunnels().Away("home"); known && away > 0 {
			return
		}
		if time.Now().After(end) {
			t.Fatal("the client stays")
		}
	}
}

// TestCertificatePermission: a name has a certificate as long as something is
// published under it, and random ones do not.
func TestCertificatePermission(t *testing.T) {
	h := newHouse(t)
	p := &Permission{core: h.core}
	denied := func(name string) {
		t.Helper()
		if err := p.CertificateAllowed(t.Context(), name); !errors.Is(err, caddytls.ErrPermissionDenied) {
			t.Errorf("%q: %v", name, err)
		}
	}
	random := rand.NewChaCha8([32]byte{1})
	for i := range 1000 {
		label := fmt.Sprintf("%x", random.Uint64())
		switch i % 4 {
		case 1:
			label = "shop" + label[:1+i%5]
		case 2:
			label += ".shop"
		case 3:
			label = "shop." + label
		}
		denied(label + ".apps.example.com")
	}
	for _, name := range []string{
		"", "apps.example.com", "*.apps.example.com", "www.shop.apps.example.com", "shop.apps.example.org", "shop.example.com", "shop", "shop.apps.example.com.",
		"shop.apps.example.com:443", "home.apps.example.com", "web.apps.example.com", "xn--shop-0qa.apps.example.com", "192.0.2.1", "localhost",
	} {
		denied(name)
	}
	for _, name := range []string{"shop.apps.example.com", "SHOP.Apps.example.com"} {
		if err := p.CertificateAllowed(t.Context(), name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	const own = "www.example.net"
	denied(own)
	if _, err := h.core.Accounts().AssignDomain(t.Context(), account.System(), "", own, account.From{}); err != nil {
		t.Fatal(err)
	}
	if err := p.CertificateAllowed(t.Context(), own); err != nil {
		t.Errorf("%s: %v", own, err)
	}
	for range 1000 {
		denied(fmt.Sprintf("%x.%x.example.net", random.Uint64(), random.Uint64()))
	}
	h.goAway(t)
	if err := p.CertificateAllowed(t.Context(), "shop.apps.example.com"); err != nil {
		t.Errorf("while its client is away: %v", err)
	}
	if err := h.core.Close(gateway.Removed); err != nil {
		t.Error(err)
	}
	denied("shop.apps.example.com")
}

// TestUpstreams: a host has the one upstream that is published under it.
func TestUpstreams(t *testing.T) {
	h := newHouse(t)
	u := &Upstreams{core: h.core}
	for host, want := range map[string]string{
		"shop.apps.example.com": "culvert/web.home:80", "SHOP.apps.example.com:8443": "culvert/web.home:80",
		"other.apps.example.com": "", "apps.example.com": "", "a.shop.apps.example.com": "", "": "", "[::1]:80": "", "[::1]": "", "shop.apps.example.com:80:80": "",
	} {
		got, err := u.GetUpstreams(&http.Request{Host: host})
		if err != nil || (len(got) == 1) != (want != "") || len(got) > 1 || len(got) == 1 && got[0].Dial != want {
			t.Errorf("%s: %v, %v", host, got, err)
		}
	}
}

// TestPublishedPages: who asks for nothing that is published, or may not, does
// not come to the reverse proxy; its errors are shown, others' are not touched.
func TestPublishedPages(t *testing.T) {
	h := newHouse(t)
	broken := errors.New("broken")
	if _, err := h.core.Accounts().Block(t.Context(), account.System(), netip.MustParsePrefix("198.51.100.0/24"), "", time.Time{}, account.From{}); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		host   string
		next   error
		status int
		passed bool
		err    error
	}{
		"published":     {"shop.apps.example.com:8443", nil, http.StatusTeapot, true, nil},
		"not published": {"other.apps.example.com", nil, http.StatusNotFound, false, nil},
		"blocked":       {"shop.apps.example.com", nil, http.StatusForbidden, false, nil},
		"blocked, none": {"other.apps.example.com", nil, http.StatusForbidden, false, nil}, // and learns nothing
		"no name":       {"127.0.0.1", nil, http.StatusNotFound, false, nil},
		"offline":       {"shop.apps.example.com", &publish.Error{Kind: publish.Offline, Err: broken}, http.StatusServiceUnavailable, true, nil},
		"refused":       {"shop.apps.example.com", &publish.Error{Kind: publish.Refused, Err: broken}, http.StatusBadGateway, true, nil},
		"slow":          {"shop.apps.example.com", caddyhttp.Error(504, &dialError{&publish.Error{Kind: publish.Timeout, Err: broken}}), http.StatusGatewayTimeout, true, nil},
		"broken":        {"shop.apps.example.com", broken, 0, true, broken},
	} {
		passed := false
		next := caddyhttp.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) error {
			passed = true
			if tc.next == nil {
				w.WriteHeader(http.StatusTeapot)
			}
			return tc.next
		})
		r := httptest.NewRequest(http.MethodGet, "http://x/", nil)
		r.Host = tc.host
		from := "192.0.2.9"
		if strings.HasPrefix(name, "blocked") {
			from = "198.51.100.7"
		}
		r = r.WithContext(context.WithValue(r.Context(), caddyhttp.VarsCtxKey, map[string]any{caddyhttp.ClientIPVarKey: from}))
		w := httptest.NewRecorder()
		err := (&Published{core: h.core}).ServeHTTP(w, r, next)
		if !errors.Is(err, tc.err) || err != nil && tc.err == nil || passed != tc.passed {
			t.Errorf("%s: %v, passed on: %t", name, err, passed)
		}
		if tc.status != 0 && w.Code != tc.status || tc.status == 0 && w.Body.Len() > 0 {
			t.Errorf("%s: %d, want %d, %s", name, w.Code, tc.status, w.Body)
		}
	}
}
