// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/culvertd/culvert/internal/signaling"
	"github.com/culvertd/culvert/internal/wire"
)

// PublicSite is where the public reaches what is published by name: one label
// below a domain and, if domains is set, under domains of others too.
type PublicSite struct{ site, domains Site }

// Apps is where names of what is published are by default: apps below the site's
// own name, or below localhost if that is an address.
func (s Site) Apps() string {
	if _, err := netip.ParseAddr(s.Host); err == nil {
		s.Host = "localhost"
	}
	s.Host = "*.apps." + s.Host
	return s.String()
}

// AllHosts is where domains of others are by default: every host, where p is.
func (p PublicSite) AllHosts() string {
	scheme := "http://"
	if p.site.TLS {
		scheme = "https://"
	}
	if p.site.Port != "" {
		scheme += ":" + p.site.Port
	}
	return scheme
}

// addresses takes a list apart as Caddy has it for a site.
func addresses(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' })
}

// HasAllHosts reports whether one of a list of addresses is for every host.
func HasAllHosts(s string) bool { return slices.ContainsFunc(addresses(s), isAllHosts) }

func isAllHosts(addr string) bool {
	_, host, ok := strings.Cut(addr, "://")
	if !ok {
		host = addr
	}
	return host == "" || host[0] == ':'
}

// ParsePublicSite reads an address such as `https://*.apps.example.com` or
// `http://*.apps.localhost:8080`, as Caddy has it for a site. Of a list the first
// counts, and the first without a host, such as `https://` or `http://:8080`: that
// is where domains of others are.
func ParsePublicSite(s string) (PublicSite, error) {
	addr, open := s, ""
	list := addresses(s)
	if len(list) > 0 {
		addr = list[0]
	}
	if i := slices.IndexFunc(list, isAllHosts); i >= 0 {
		open = list[i]
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
	out := PublicSite{site: site}
	if open != "" {
		// With a host in front of the port it is a site like any other.
		scheme, port, ok := strings.Cut(open, "://")
		if !ok { // as Caddy has it
			if scheme, port = "http", open; port == ":443" {
				scheme = "https"
			}
		}
		if out.domains, err = ParseSite(scheme + "://" + label + port); err != nil {
			return PublicSite{}, fmt.Errorf("publish: %w", err)
		}
	}
	return out, nil
}

// Domains returns the URL of domains of others with a * in place of the domain;
// empty if there is no site for them.
func (p PublicSite) Domains() string {
	if p.domains.Host == "" {
		return ""
	}
	site := p.domains
	site.Host = "*"
	return site.String()
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

// name returns what a request's host names: the label below the domain, or the
// whole of a domain of somebody's.
func (p PublicSite) name(host string) (string, bool) {
	if label, ok := p.label(host); ok {
		return label, true
	}
	if p.domains.Host == "" || !wire.ValidDomain(host) {
		return "", false
	}
	return strings.ToLower(host), true // of ASCII
}

// url returns where the public reaches a result of name.
func (p PublicSite) url(name string) string {
	pattern := p.String()
	if strings.Contains(name, ".") {
		pattern = p.Domains()
	}
	return strings.Replace(pattern, "*", name, 1)
}

// Published returns what is published under a host, which has no port, and its
// name; false if nothing is.
func (c *Core) Published(host string) (n signaling.Named, name string, ok bool) {
	r := c.run.Load()
	if r == nil {
		return n, "", false
	}
	if name, ok = r.book.public.Load().name(host); !ok {
		return n, "", false
	}
	n, ok = r.book.tunnels.Named(name)
	return n, name, ok
}

// PublishedAs returns what is published under a label in lower case, as it stands
// below the domain, and not under a domain of somebody's; false if nothing is.
func (c *Core) PublishedAs(label string) (signaling.Named, bool) {
	r := c.run.Load()
	if r == nil || !wire.ValidLabel(label) {
		return signaling.Named{}, false
	}
	return r.book.tunnels.Named(label)
}
