// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/culvertd/culvert/internal/wire"
)

func TestParsePublish(t *testing.T) {
	long := strings.Repeat("a", wire.MaxLabel)
	for text, want := range map[string]*wire.Publish{
		"publish: {}":                   {},
		"publish: {host: web}":          {Host: "web"},
		"publish: {host: Web-2}":        {Host: "Web-2"},
		"publish: {host: '80'}":         {Host: "80"},
		"publish: {host: " + long + "}": {Host: long},
		"publish:\n    host: web":       {Host: "web"},
		"description: x":                nil,
	} {
		for _, protocol := range []string{wire.ServiceHTTP, wire.ServiceWS} {
			c, err := Parse("c", []byte("services:\n  - id: a\n    protocol: "+protocol+"\n    localPort: 1\n    "+strings.ReplaceAll(text, "\n", "\n    ")+"\n"))
			if err != nil {
				t.Errorf("%s: %v", text, err)
				continue
			}
			if got := c.Services[0].Publish; !reflect.DeepEqual(got, want) {
				t.Errorf("%s: %+v, want %+v", text, got, want)
			}
		}
	}
	c, err := Parse("c", []byte(`{"services":[{"id":"a","protocol":"tcp","localPort":1,"publish":{}},{"id":"b","protocol":"http","localPort":2,"publish":{"host":"web"},"encryption":"none"}]}`))
	if err == nil {
		port, err := Parse("c", []byte("services: [{id: a, protocol: tcp, localPort: 1, publish: {tcp: 2222, proxyProtocol: v1}}]"))
		if err != nil || *port.Services[0].Publish.TCP != 2222 || port.Services[0].Publish.ProxyProtocol != wire.ProxyV1 {
			t.Errorf("%+v, %v", port, err)
		}
	}
	if err != nil || *c.Services[0].Publish != (wire.Publish{}) || c.Services[1].Publish.Host != "web" {
		t.Errorf("%+v, %v", c, err)
	}
	c, err = Parse("c", []byte(`{"services":[{"id":"a","protocol":"tcp","localPort":1,"publish":{"tcp":0}},{"id":"b","protocol":"udp","localPort":2,"publish":{"udp":20053}}]}`))
	if err != nil || *c.Services[0].Publish.TCP != 0 || c.Services[0].Publish.UDP != nil || *c.Services[1].Publish.UDP != 20053 || c.Services[1].Publish.TCP != nil {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestPublishProblems(t *testing.T) {
	service := func(s string) string { return "services:\n- {id: a, protocol: http, localPort: 1, " + s + "}" }
	for _, tc := range []struct{ text, want string }{
		{service("publish: true"), "c:2: services[0].publish: is true where an object with keys is wanted"},
		{service("publish: web"), "c:2: services[0].publish: is text where an object with keys is wanted"},
		{service("publish: null"), "c:2: services[0].publish: is nothing where an object with keys is wanted"},
		{service("publish: []"), "c:2: services[0].publish: is a list where an object with keys is wanted"},
		{service("publish: {hosts: web}"), "c:2: services[0].publish.hosts: is not a known key; did you mean host?"},
		{service("publish: {Host: web}"), "c:2: services[0].publish.Host: is not a known key; did you mean host?"},
		{service("publish: {host: 80}"), "c:2: services[0].publish.host: is the number 80 where text is wanted; put it in quotes"},
		{service("publish: {host: [web]}"), "c:2: services[0].publish.host: is a list where text is wanted"},
		{service("publish: {host: ''}"), `c:2: services[0].publish.host: "" cannot be part of a host's name`},
		{service("publish: {host: web_example}"), `c:2: services[0].publish.host: "web_example" cannot be part of a host's name; use 1 to 63 letters, digits and -`},
		{service("publish: {tcp: 0, proxyProtocol: v3}"), "c:2: services[0].publish.proxyProtocol: "},
		{service("publish: {tcp: 0, proxyProtocol: 2}"), "c:2: services[0].publish.proxyProtocol: "},
		{service("publish: {tcp: 0, proxyProtocolVersion: v2}"), "c:2: services[0].publish.proxyProtocolVersion: is not a known key; did you mean proxyProtocol?"},
		{service("publish: {proxyProtocol: v2}"), "c:2: services[0]: publish.proxyProtocol is for a public port of the service's own; it needs publish.tcp"},
		{service("publish: {host: web, proxyProtocol: v2}"), "c:2: services[0]: publish.proxyProtocol is for a public port"},
		{service("publish: {host: a_b}"), `c:2: services[0].publish.host: "a_b" cannot be part`},
		{service("publish: {host: -a}"), `c:2: services[0].publish.host: "-a" cannot be part`},
		{service("publish: {host: a-}"), `c:2: services[0].publish.host: "a-" cannot be part`},
		{service("publish: {host: xn--a}"), `c:2: services[0].publish.host: "xn--a" cannot be part`},
		{service("publish: {host: bücher}"), `c:2: services[0].publish.host: "bücher" cannot be part`},
		{service("publish: {host: '*'}"), `c:2: services[0].publish.host: "*" cannot be part`},
		{"services:\n- {id: a, protocol: udp, localPort: 1, publish: {udp: 65536}}", "c:2: services[0].publish.udp: 65536 is out of range; give a number from 0 to 65535"},
		{service("publish: {udp: 0}"), "c:2: services[0]: publish.udp is not for the protocol http; use publish.tcp"},
		{service("publish: {host: web, udp: 0}"), "c:2: services[0]: publish has both host and udp; offer the service twice"},
		{service("publish: {host: web, tcp: 0}"), "c:2: services[0]: publish has both host and tcp; offer the service twice"},
		{service("publish: {tcp: 0, udp: 0}"), "c:2: services[0]: publish has both tcp and udp; offer the service twice"},
		{"services:\n- {id: a, protocol: udp, localPort: 1, publish: {tcp: 0}}", "c:2: services[0]: publish.tcp is not for the protocol udp; use publish.udp"},
		{"services:\n- {id: a, protocol: udp, localPort: 1, publish: {host: web}}", "c:2: services[0]: publish.host is for the protocols http and ws, and this is udp; use publish.udp"},
		{service("publish: {host: " + strings.Repeat("a", 64) + "}"), `c:2: services[0].publish.host: "aaaa`},
	} {
		c, err := Parse("c", []byte(tc.text))
		var ps Problems
		if !errors.As(err, &ps) || c != nil || len(ps) != 1 || !strings.HasPrefix(err.Error(), tc.want) {
			t.Errorf("%s:\ngot  %v\nwant %s", tc.text, err, tc.want)
		}
	}
}
