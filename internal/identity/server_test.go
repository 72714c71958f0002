// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"net/url"
	"testing"
)

func TestServerName(t *testing.T) {
	for want, texts := range map[string][]string{
		"wss://example.com:443": {
			"wss://example.com", "https://EXAMPLE.com:443/", "wss://example.com/tunnel", "https://example.com/tunnel/", "wss://example.com:443",
		},
		"ws://example.com:80":             {"ws://example.com", "http://example.com:80/tunnel"},
		"ws://example.com:8080":           {"http://example.com:8080"},
		"wss://example.com:443/x":         {"https://example.com/x/"},
		"wss://münchen.example:443/a%20b": {"wss://MÜNCHEN.example/a%20b/"},
		"ws://[2001:db8::1]:9000":         {"ws://[2001:DB8::1]:9000"},
	} {
		for _, text := range texts {
			u, err := url.Parse(text)
			if err != nil {
				t.Fatal(err)
			}
			if got := ServerName(u); got != want {
				t.Errorf("%s is %s, not %s", text, got, want)
			}
			again, err := url.Parse(ServerName(u))
			if err != nil || ServerName(again) != want || checkNames(want, "nas") != nil {
				t.Errorf("%s is no name that can be kept: %v", want, err)
			}
		}
	}
}
