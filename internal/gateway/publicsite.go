// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/culvertd/culvert/internal/signaling"
	"github.com/culvertd/culvert/internal/wire"
)

// PublicSite is where the public reaches what is published by name: one label
// below a domain.
type PublicSite struct{ site Site }

// Apps is where names of what is published are by default: apps below the site's
// own name, or below localhost if that is an address.
func (s Site) Apps() string {
	if _, err := netip.ParseAddr(s.Host); err == nil {
		s.Host = "localhost"
	}
	s.Host = "*.apps." + s.Host
	return s.String()
}

// ParsePublicSite reads an address such as `https://*.apps.example.com` or
// `http://*.apps.localhost:8080`, as Caddy has it for a site. Of a list the first
// counts.
func ParsePublicSite(s string) (PublicSite, error) {
	addr := s
	if list := strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' }); len(list) > 0 {
		addr = list[0]
	}
	// With a label in place of the wildcard it is a site like any other.
	const label = "wildcard"
	site, err := ParseSite(strings.Replace(addr, "*.", label+".", 1))
	if err != nil {
		return PublicSite{}, fmt.Errorf("publish: %w", err)
	}
	domain, ok := strings.CutPrefix(site.Host, label+".")
	if !ok || !strings.Contains(addr, "*.") || domain == "" || strings.Contains(domain, "*") {
		return PublicSite{}, fmt.Errorf("publish %q has no wildcard in front, for the names of what is published; "+
			"write it like https://*.apps.example.com", addr)
	}
	site.Host = strings.ToLower(domain)
	return PublicSite{site}, nil
}

// String returns the URL with a * in place of the label; empty for the zero value.
func (p PublicSite) String() string {
	if p.site.Host == "" {
		return ""
	}
	site := p.site
	site.Host = "*." + site.Host
	return site.String()
}

// label returns the part of a request's host that names what is published. Hosts
// are compared without regard to case (RFC 9110 §4.2.3); anything but exactly one
// label below the domain is nobody's.
func (p PublicSite) label(host string) (string, bool) {
	if p.site.Host == "" {
		return "", false
	}
	cut := len(host) - len(p.site.Host) - 1
	if cut < 1 || host[cut] != '.' || !strings.EqualFold(host[cut+1:], p.site.Host) || !wire.ValidLabel(host[:cut]) {
		return "", false
	}
	return strings.ToLower(host[:cut]), true // of ASCII
}

// Published returns what is published under a host, which has no port; false if
// nothing is.
func (c *Core) Published(host string) (signaling.Named, bool) {
	r := c.run.Load()
	if r == nil {
		return signaling.Named{}, false
	}
	label, ok := r.public.Load().label(host)
	if !ok {
		return signaling.Named{}, false
	}
	return r.book.tunnels.Named(label)
}
