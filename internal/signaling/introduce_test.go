// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package signaling

import (
	"strings"
	"testing"

	"github.com/culvertd/culvert/internal/wire"
)

// TestProxyProtocolOfServices: a service says how its port introduces visitors, and
// what it says is checked.
func TestProxyProtocolOfServices(t *testing.T) {
	peopled(t, Config{TCPPorts: PortRange{20000, 20005}}, func(t *testing.T, b *bed) {
		at := func(id, version string) wire.Service {
			return wire.Service{ID: id, Protocol: wire.ServiceTCP, Publish: &wire.Publish{TCP: new(int), ProxyProtocol: version}}
		}
		b.join("t1", "a", "i", at("one", wire.ProxyV1), at("two", wire.ProxyV2), at("none", ""), wire.Service{ID: "private", Protocol: wire.ServiceTCP})
		for number := 20000; number < 20003; number++ {
			n, ok := b.NamedPort(Port{wire.TCP, number})
			want := map[string]string{"one": wire.ProxyV1, "two": wire.ProxyV2}[n.Service]
			if got := b.ProxyProtocol(n); !ok || got != want {
				t.Errorf("%d is %s's: %q, want %q", number, n.Service, got, want)
			}
		}
		for _, n := range []Named{{Client: "a", Service: "private"}, {Client: "a", Service: "other"}, {Client: "b", Service: "one"}, {Client: "nobody/a", Service: "one"}, {}} {
			if got := b.ProxyProtocol(n); got != "" {
				t.Errorf("%+v: %q", n, got)
			}
		}
	})
	for want, p := range map[string]wire.Publish{
		`proxyProtocol "v3": use v1 or v2`:  {TCP: new(int), ProxyProtocol: "v3"},
		`proxyProtocol "2": use v1 or v2`:   {ProxyProtocol: "2"},
		"proxyProtocol is for public ports": {ProxyProtocol: wire.ProxyV2},
	} {
		services := []wire.Service{{ID: "ssh", Protocol: wire.ServiceTCP, Publish: &p}}
		if no := check(&wire.Register{ClientID: "a", Services: services}); no == nil || !strings.Contains(no.Error(), "services[0].publish."+want) {
			t.Errorf("%+v: %v", p, no)
		}
	}
}
