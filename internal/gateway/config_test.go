// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"strings"
	"testing"
	"time"

	"github.com/culvertd/culvert/internal/control"
	"github.com/culvertd/culvert/internal/hub"
	"github.com/culvertd/culvert/internal/publish"
	"github.com/culvertd/culvert/internal/signaling"
)

func TestConfigValidate(t *testing.T) {
	for _, tc := range []struct {
		cfg  Config
		want []string // names of options in the error
	}{
		{cfg: Config{}},
		{cfg: Config{Retention: Forever, ReconnectWindow: time.Second}},
		{
			cfg:  Config{Hub: hub.Config{Limits: hub.Limits{MaxConnections: -1, BytesPerSecond: -1}, PingInterval: -1}},
			want: []string{"max_connections", "byte_rate", "ping_interval"},
		},
		{cfg: Config{Retention: -5}, want: []string{"connection_log_retention", "forever"}},
		{cfg: Config{Hub: hub.Config{Limits: hub.Limits{MaxMessageSize: 17 << 20}}}, want: []string{"max_message_size", "log_size"}},
		{cfg: Config{Hub: hub.Config{LogSize: 512 << 20}}, want: []string{"log_size", "memory"}},
		{cfg: Config{
			Relay:  Relay{Listen: "[::1]:9001", AdvertiseHost: "2001:db8::1", AdvertisePort: 443},
			Tunnel: Tunnel{SessionTimeout: Never, HeartbeatInterval: time.Second, HeartbeatTimeout: 2 * time.Second},
		}},
		{cfg: Config{TCPPorts: signaling.PortRange{Low: 20000, High: 20099}, UDPPorts: signaling.PortRange{Low: 1, High: 65535}}},
		{cfg: Config{TCPPorts: signaling.PortRange{Low: 2, High: 1}, UDPPorts: signaling.PortRange{High: 65535}}, want: []string{"ports tcp", "ports udp"}},
		{cfg: Config{Relay: Relay{Listen: "9001"}}, want: []string{"relay", ":9001"}},
		{cfg: Config{Relay: Relay{Listen: ":http"}}, want: []string{"relay", "http"}},
		{cfg: Config{Relay: Relay{Listen: ":9001", AdvertiseHost: "a b"}}, want: []string{"advertise"}},
		{cfg: Config{Relay: Relay{Listen: ":9001", AdvertisePort: -1}}, want: []string{"advertise"}},
		{cfg: Config{Relay: Relay{AdvertiseHost: "a"}}, want: []string{"advertise", "relay"}},
		{cfg: Config{Tunnel: Tunnel{HeartbeatInterval: time.Minute}}, want: []string{"heartbeat_timeout (45s)", "heartbeat_interval (1m0s)"}},
		{cfg: Config{Tunnel: Tunnel{SessionTimeout: -2}}, want: []string{"session_timeout", "never"}},
		{
			cfg: Config{Tunnel: Tunnel{
				MaxSessions: -1, MaxSessionsPerClient: -1, MaxChannelsPerSession: -1, MaxBytesPerSession: -1, SessionRate: -1, ClientRate: -1,
			}},
			want: []string{"max_sessions ", "max_sessions_per_client", "max_channels_per_session", "max_bytes_per_session", "session_rate", "client_rate"},
		},
		{cfg: Config{
			Relay: Relay{Listen: "127.0.0.1:9001"}, TCPPorts: signaling.PortRange{Low: 20000, High: 20999},
			Listen: []publish.Static{at(":2222", "alice/nas", "nas"), at("192.0.2.1:9001", "nas"), at("[::1]:19999", "nas"), at("127.0.0.1:21000", "nas")},
		}},
		{cfg: Config{Listen: []publish.Static{{Address: ":2222"}}}, want: []string{"listen :2222: it has no service"}},
		{cfg: Config{Listen: []publish.Static{at("2222", "nas")}}, want: []string{"listen 2222: this is no address to listen on"}},
		{cfg: Config{Listen: []publish.Static{at(":0", "nas")}}, want: []string{"listen :0: this is no address"}},
		{
			cfg:  Config{Listen: []publish.Static{at("127.0.0.1:2222", "nas"), at(":2222", "nas")}},
			want: []string{"listen :2222: there is a listen for 127.0.0.1:2222 already"},
		},
		{
			cfg:  Config{Listen: []publish.Static{at("0.0.0.0:2222", "nas"), at("[::1]:2222", "nas")}},
			want: []string{"listen [::1]:2222: there is a listen for 0.0.0.0:2222 already"},
		},
		{
			cfg:  Config{Relay: Relay{Listen: ":9001"}, Listen: []publish.Static{at("[::1]:9001", "nas")}},
			want: []string{"listen [::1]:9001: this is the address of relay"},
		},
		{
			cfg:  Config{TCPPorts: signaling.PortRange{Low: 20000, High: 20999}, Listen: []publish.Static{at("127.0.0.1:20999", "nas")}},
			want: []string{"listen 127.0.0.1:20999: the port is among those that clients may have (ports tcp 20000-20999)"},
		},
		{
			cfg:  Config{Listen: []publish.Static{at(":2222", "a/b/c", "nas", "-x", "nas", "")}},
			want: []string{`"a/b/c/web" is no service`, `"-x/web" is no service`, "nas/web is there twice", `"web" is no service`},
		},
		{cfg: Config{Listen: []publish.Static{{Address: ":1", Services: at("", "nas").Services, ProxyProtocol: "2"}}}, want: []string{`listen :1: proxy_protocol "2"; use v1 or v2`}},
	} {
		err := tc.cfg.Validate()
		if (err != nil) != (len(tc.want) > 0) {
			t.Errorf("%+v: %v", tc.cfg, err)
		}
		for _, w := range tc.want {
			if err != nil && !strings.Contains(err.Error(), w) {
				t.Errorf("%+v: %q does not name %s", tc.cfg, err, w)
			}
		}
	}
}

// at is an address for the services web of some clients.
func at(addr string, clients ...string) publish.Static {
	v := publish.Static{Address: addr}
	for _, c := range clients {
		v.Services = append(v.Services, signaling.Named{Client: c, Service: "web"})
	}
	return v
}

func TestNewID(t *testing.T) {
	seen := make(map[string]bool)
	for range 10_000 {
		id := newID()
		if !control.ValidID(id) || seen[id] || id[0] == '-' {
			t.Fatalf("%q", id)
		}
		seen[id] = true
	}
}
