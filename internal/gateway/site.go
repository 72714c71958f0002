// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
)

// Site is where clients reach the gateway: what a Caddyfile has as the address
// of its site, taken apart.
type Site struct {
	TLS  bool
	Host string // without brackets
	Port string // empty if the scheme's own
}

var defaultSite = Site{Host: "localhost", Port: "8080"}

// ParseSite reads a site address the way Caddy does: of a list the first,
// HTTPS unless the scheme or the lack of a host says otherwise.
func ParseSite(s string) (Site, error) {
	list := addresses(s)
	if len(list) == 0 {
		return defaultSite, nil
	}
	addr := list[0]
	scheme, rest, ok := strings.Cut(addr, "://")
	if !ok {
		scheme, rest = "", addr
	}
	u, err := url.Parse("//" + rest)
	if err != nil {
		return Site{}, fmt.Errorf("site %q is no address: %w", addr, errors.Unwrap(err))
	}
	site := Site{Host: u.Hostname(), Port: u.Port()}
	switch strings.ToLower(scheme) {
	case "http", "ws":
	case "https", "wss":
		site.TLS = true
	case "":
		// Caddy serves a name by HTTPS on any port but 80, and a bare port
		// by HTTP unless it is 443.
		site.TLS = site.Port == "443" || site.Host != "" && site.Port != "80"
	default:
		return Site{}, fmt.Errorf("site %q has the scheme %q; use http:// or https://", addr, scheme)
	}
	if strings.Contains(site.Host, "*") {
		return Site{}, fmt.Errorf("site %q is a wildcard, and a URL needs one name; put one that clients can use first", addr)
	}
	if site.Host == "" {
		site.Host = "localhost"
	}
	if site.TLS && site.Port == "443" || !site.TLS && site.Port == "80" {
		site.Port = ""
	}
	return site, nil
}

// String returns the site's address for a browser, such as
// "https://example.com", without a slash at the end.
func (s Site) String() string { return s.url("http") }

// Endpoint returns the URL of the endpoint id.
func (s Site) Endpoint(id string) string { return s.WebSocket() + "/ws/" + id }

// WebSocket returns what the URLs of WebSockets begin with, such as
// "wss://example.com".
func (s Site) WebSocket() string { return s.url("ws") }

// Setup returns the page on which the holder of code becomes the first
// administrator. As in all links with codes, it stands behind the #, so that
// browsers do not send it, and no log has it.
func (s Site) Setup(code string) string { return s.String() + "/setup#" + code }

// Register returns the page on which the holder of code makes an account.
func (s Site) Register(code string) string { return s.String() + "/register#" + code }

// Reset returns the page on which the holder of code sets another password.
func (s Site) Reset(code string) string { return s.String() + "/reset#" + code }

func (s Site) url(scheme string) string {
	if s.TLS {
		scheme += "s"
	}
	host := s.Host
	switch {
	case s.Port != "":
		host = net.JoinHostPort(host, s.Port)
	case strings.Contains(host, ":"):
		host = "[" + host + "]"
	}
	return scheme + "://" + host
}
