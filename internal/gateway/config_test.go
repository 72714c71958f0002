// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"strings"
	"testing"
	"time"

	"github.com/culvertd/culvert/internal/control"
	"github.com/culvertd/culvert/internal/hub"
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
