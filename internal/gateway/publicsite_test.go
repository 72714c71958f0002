// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"strings"
	"testing"

	"go.uber.org/zap"
)

func TestPublicSite(t *testing.T) {
	for in, want := range map[string]string{
		"https://*.apps.example.com":                            "https://*.apps.example.com",
		"*.apps.example.com":                                    "https://*.apps.example.com",
		"HTTPS://*.Apps.Example.COM/":                           "https://*.apps.example.com",
		"https://*.apps.example.com:443":                        "https://*.apps.example.com",
		"*.apps.example.com:8443":                               "https://*.apps.example.com:8443",
		"http://*.apps.localhost:8080":                          "http://*.apps.localhost:8080",
		"http://*.localhost:80":                                 "http://*.localhost",
		"*.localhost:80":                                        "http://*.localhost",
		"https://*.a.example, https://*.b.example":              "https://*.a.example",
		"https://*.a.example https://b.example":                 "https://*.a.example",
		" \thttps://*.a.example":                                "https://*.a.example",
		"https://*.wildcard.example":                            "https://*.wildcard.example",
		"https://*.xn--bcher-kva.example":                       "https://*.xn--bcher-kva.example",
		"https://*." + strings.Repeat("a", 63) + ".example.com": "https://*." + strings.Repeat("a", 63) + ".example.com",
	} {
		p, err := ParsePublicSite(in)
		if err != nil || p.String() != want {
			t.Errorf("%q: %q, %v; want %q", in, p, err, want)
			continue
		}
		if again, err := ParsePublicSite(p.String()); err != nil || again != p {
			t.Errorf("%q reads back as %q, %v", p, again, err)
		}
	}
	for _, in := range []string{
		"", " ", ",", "*", "*.", "https://*", "https://*.", "https://*.:443", ":8080", "localhost", "https://apps.example.com",
		"https://a.*.example.com", "https://*.*.example.com", "https://**.example.com", "https://*a.example.com", "https://a*.example.com",
		"https://*.a*.example.com", "ftp://*.example.com", "https://*.example.com:x", "https://apps.example.com, https://*.apps.example.com",
		"https://x.example/*.apps.example.com",
	} {
		if p, err := ParsePublicSite(in); err == nil || !strings.Contains(err.Error(), "publish") {
			t.Errorf("%q: got %q, %v; want an error that names the option", in, p, err)
		} else if p != (PublicSite{}) || p.String() != "" {
			t.Errorf("%q: %q beside an error", in, p)
		}
	}
}

// TestPublicLabels: exactly one label in front of the domain names something.
func TestPublicLabels(t *testing.T) {
	p, err := ParsePublicSite("https://*.Apps.example.com:8443")
	if err != nil {
		t.Fatal(err)
	}
	for host, want := range map[string]string{
		"shop.apps.example.com": "shop", "SHOP.apps.EXAMPLE.com": "shop", "web-alice.apps.example.com": "web-alice", "1.apps.example.com": "1",
		"apps.example.com": "", ".apps.example.com": "", "a.b.apps.example.com": "", "shopapps.example.com": "", "shop.apps.example.com.": "",
		"shop.apps.example.com:8443": "", "shop.apps.example.com.evil.example": "", "shop..apps.example.com": "", "*.apps.example.com": "",
		"xn--shop-0qa.apps.example.com": "", "-.apps.example.com": "", "shop_.apps.example.com": "", "\u017fhop.apps.example.com": "",
		"shop.example.com": "", "localhost": "", "": "", "127.0.0.1": "", "[::1]": "", "shop.apps.example.com\x00": "", "a/b.apps.example.com": "",
		strings.Repeat("a", 64) + ".apps.example.com": "", strings.Repeat("a", 63) + ".apps.example.com": strings.Repeat("a", 63),
	} {
		if got, ok := p.label(host); ok != (want != "") || ok && got != want {
			t.Errorf("%q: %q, %t; want %q", host, got, ok, want)
		}
		if got, ok := (PublicSite{}).label(host); ok {
			t.Errorf("%q without a site: %q", host, got)
		}
	}
}

// TestPublicDomains: with a site for all hosts domains name something too, and
// labels below the gateway's domain still do.
func TestPublicDomains(t *testing.T) {
	p, err := ParsePublicSite("https://*.apps.example.com, https://")
	if err != nil {
		t.Fatal(err)
	}
	for host, want := range map[string]string{
		"shop.apps.example.com": "shop", "www.Example.org": "www.example.org", "example.org": "example.org",
		"apps.example.com": "apps.example.com", "www.example.org.": "", "localhost": "", "127.0.0.1": "", "127.1": "", "0x7f.1": "", "[::1]": "",
		"xn--bcher-kva.example": "xn--bcher-kva.example", "b\u00fccher.example": "", "_dmarc.example.org": "", "": "", "example.org:443": "",
	} {
		if got, ok := p.name(host); ok != (want != "") || got != want {
			t.Errorf("%q: %q, %t; want %q", host, got, ok, want)
		}
	}
	for in, want := range map[string]string{
		"https://": "https://*", "https://:8443": "https://*:8443", "http://": "http://*", "http://:8080": "http://*:8080",
		":8080": "http://*:8080", ":443": "https://*", ":80": "http://*",
	} {
		if p, err := ParsePublicSite("https://*.apps.example.com " + in); err != nil || p.Domains() != want {
			t.Errorf("%s: %s, %v; want %s", in, p.Domains(), err, want)
		}
	}
	if got, ok := (PublicSite{site: p.site}).name("www.example.org"); ok {
		t.Errorf("without a site for domains: %q", got)
	}
	for name, want := range map[string]string{"shop": "https://shop.apps.example.com", "www.example.org": "https://www.example.org"} {
		if got := p.url(name); got != want {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// TestPublished: a core knows what is published while it is open, at the site of
// its latest config.
func TestPublished(t *testing.T) {
	c := New(dataDir(t))
	if n, _, ok := c.Published("shop.localhost"); ok || c.Publisher() != nil {
		t.Errorf("before it is open: %+v", n)
	}
	site, err := ParsePublicSite("http://*.localhost")
	if err != nil {
		t.Fatal(err)
	}
	for _, cfg := range []Config{{}, {Publish: site}} {
		if err := c.Push(t.Context(), &Generation{Config: cfg, Logger: zap.NewNop()}); err != nil {
			t.Fatal(err)
		}
		if n, _, ok := c.Published("shop.localhost"); ok || c.Publisher() == nil {
			t.Errorf("%+v: %+v", cfg.Publish, n)
		}
	}
	if err := c.Close(Removed); err != nil {
		t.Error(err)
	}
	if n, _, ok := c.Published("shop.localhost"); ok || c.Publisher() != nil {
		t.Errorf("after its end: %+v", n)
	}
}

// TestApps: the default follows the gateway's site.
func TestApps(t *testing.T) {
	for site, want := range map[string]string{
		"":                            "http://*.apps.localhost:8080",
		"http://localhost:8080":       "http://*.apps.localhost:8080",
		"gateway.example.com":         "https://*.apps.gateway.example.com",
		"https://example.com:8443, b": "https://*.apps.example.com:8443",
		"http://127.0.0.1:9":          "http://*.apps.localhost:9",
		"https://[2001:db8::1]":       "https://*.apps.localhost",
		":8080":                       "http://*.apps.localhost:8080",
	} {
		s, err := ParseSite(site)
		if err != nil {
			t.Fatal(err)
		}
		got := s.Apps()
		if got != want {
			t.Errorf("%q: %s, want %s", site, got, want)
		}
		p, err := ParsePublicSite(got)
		if err != nil || p.String() != want {
			t.Errorf("%q: %s, %v", got, p, err)
		}
		all := p.AllHosts()
		if p, err = ParsePublicSite(got + " " + all); err != nil || p.Domains() != strings.Replace(want, "*.apps."+p.site.Host[len("apps."):], "*", 1) || !HasAllHosts(all) {
			t.Errorf("%q: %s, %v", all, p.Domains(), err)
		}
	}
	for site, want := range map[string]bool{"": false, "example.com": false, ":8080": true, "a.example, http://:80": true, "https://": true, "http://localhost:8080": false} {
		if HasAllHosts(site) != want {
			t.Errorf("%q: %t", site, !want)
		}
	}
}
