// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"strings"
	"testing"
	"time"

	"github.com/culvertd/culvert/internal/control"
	"github.com/culvertd/culvert/internal/hub"
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
