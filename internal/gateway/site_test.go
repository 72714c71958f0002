// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"fmt"
	"testing"

	"go.uber.org/zap"

	"github.com/culvertd/culvert/internal/inventory"
)

func TestSite(t *testing.T) {
	for _, tc := range []struct {
		in, site, endpoint string
	}{
		{"", "http://localhost:8080", "ws://localhost:8080/ws/x"},
		{"http://localhost:8080", "http://localhost:8080", "ws://localhost:8080/ws/x"},
		{"HTTP://localhost", "http://localhost", "ws://localhost/ws/x"},
		{"http://", "http://localhost", "ws://localhost/ws/x"},
		{"http://example.com:80", "http://example.com", "ws://example.com/ws/x"},
		{"https://example.com", "https://example.com", "wss://example.com/ws/x"},
		{"https://example.com:443", "https://example.com", "wss://example.com/ws/x"},
		{"https://example.com:8443", "https://example.com:8443", "wss://example.com:8443/ws/x"},
		{"https://example.com/", "https://example.com", "wss://example.com/ws/x"},
		{"example.com", "https://example.com", "wss://example.com/ws/x"},
		{"example.com:8443", "https://example.com:8443", "wss://example.com:8443/ws/x"},
		{"example.com:80", "http://example.com", "ws://example.com/ws/x"},
		{"localhost", "https://localhost", "wss://localhost/ws/x"},
		{":8080", "http://localhost:8080", "ws://localhost:8080/ws/x"},
		{":80", "http://localhost", "ws://localhost/ws/x"},
		{":443", "https://localhost", "wss://localhost/ws/x"},
		{"http://:8080", "http://localhost:8080", "ws://localhost:8080/ws/x"},
		{"[::1]:8080", "https://[::1]:8080", "wss://[::1]:8080/ws/x"},
		{"http://[::1]", "http://[::1]", "ws://[::1]/ws/x"},
		{"a.example, b.example", "https://a.example", "wss://a.example/ws/x"},
		{"http://a.example b.example", "http://a.example", "ws://a.example/ws/x"},
	} {
		s, err := ParseSite(tc.in)
		if err != nil {
			t.Errorf("%q: %v", tc.in, err)
			continue
		}
		if got := s.String(); got != tc.site {
			t.Errorf("%q: site %q, want %q", tc.in, got, tc.site)
		}
		if got := s.Endpoint("x"); got != tc.endpoint {
			t.Errorf("%q: endpoint %q, want %q", tc.in, got, tc.endpoint)
		}
		again, err := ParseSite(s.String())
		if err != nil || again != s {
			t.Errorf("%q: %q reads back as %+v, %v; want %+v", tc.in, s, again, err, s)
		}
	}
	for _, in := range []string{"ftp://example.com", "*.example.com", "http://a:b:c", "https://exa mple.com:x"} {
		if s, err := ParseSite(in); err == nil && in != "https://exa mple.com:x" {
			t.Errorf("%q: got %v, want an error", in, s)
		}
	}
}

func TestSiteOfAPI(t *testing.T) {
	site, err := ParseSite("https://gateway.example")
	if err != nil {
		t.Fatal(err)
	}
	r := newRig(t, dataDir(t), Config{Site: site, Relay: Relay{Listen: "127.0.0.1:0"}})
	want := inventory.Site{URL: "https://gateway.example", WebSocketURL: "wss://gateway.example", Relay: fmt.Sprint("gateway.example:", r.core.RelayPort())}
	if got := r.Site(); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	for _, tc := range []struct {
		relay Relay
		want  string
	}{
		{Relay{}, ""},
		{Relay{Listen: "127.0.0.1:0", AdvertiseHost: "2001:db8::1", AdvertisePort: 443}, "[2001:db8::1]:443"},
	} {
		if err := r.core.Push(t.Context(), &Generation{Config: Config{Relay: tc.relay}, Logger: zap.NewNop()}); err != nil {
			t.Fatal(err)
		}
		if got := r.Site(); got.Relay != tc.want || got.URL != "http://localhost:8080" {
			t.Errorf("%+v: %+v", tc.relay, got)
		}
	}
}
