// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package signaling

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/culvertd/culvert/internal/wire"
)

// names are the labels of published services. They belong to clients as long as
// those offer the services, online or not, so they need no store of their own:
// a service that did not get its name is kept without one.
type names struct {
	mu      sync.RWMutex // guards the fields below; innermost
	byLabel map[string]named
	byPort  map[int]named
}

// named is who has a label, or a port.
type named struct {
	client  *client
	service string
}

// reserved are the labels that nobody gets: what people take for the gateway's
// own, what software looks for by itself, and what mail is sent to.
var reserved = []string{
	"account", "accounts", "admin", "administrator", "api", "app", "apps", "auth", "autoconfig", "autodiscover", "billing",
	"blog", "cdn", "console", "culvert", "dashboard", "dns", "docs", "ftp", "gateway", "help", "imap", "internal",
	"isatap", "localhost", "login", "mail", "metrics", "mx", "ns", "ns1", "ns2", "oauth", "openid", "pop", "postmaster",
	"relay", "root", "secure", "security", "server", "smtp", "sso", "ssl", "static", "status", "support", "system",
	"tunnel", "webmaster", "wpad", "www", "ws",
}

// Named is what is published under a label.
type Named struct {
	Client  string // by the name under which the gateway's own client visits it
	Service string
}

// Named returns what is published under a label, in lower case; false if nothing
// is.
func (s *Server) Named(label string) (Named, bool) {
	s.names.mu.RLock()
	defer s.names.mu.RUnlock()
	n, ok := s.names.byLabel[label]
	if !ok {
		return Named{}, false
	}
	return Named{Client: n.client.fullName(), Service: n.service}, true
}

// claimLocked gives a client the labels of the services that it offers in place
// of those before. It returns the services without the hosts of those that cannot
// have theirs.
func (s *Server) claimLocked(cl *client, services []wire.Service) []wire.Service {
	s.names.mu.Lock()
	defer s.names.mu.Unlock()
	var told []wire.Published
	wanted := make(map[string]string) // service by label
	services = slices.Clone(services)
	ports := make(map[int]bool)
	for i, v := range services {
		if v.Publish != nil && v.Publish.TCP != nil {
			p := wire.Published{ServiceID: v.ID}
			kept := *v.Publish
			if number, no := s.portLocked(cl, v, cl.portOf(v.ID)); no != nil {
				p.Code, p.Error, kept.TCP = no.Code, no.Message, nil
			} else {
				ports[number], kept.TCP = true, &number
			}
			services[i].Publish = &kept
			told = append(told, p)
			continue // one or the other, see check
		}
		if v.Publish == nil || v.Publish.Host == "" {
			continue
		}
		label := wire.PublicLabel(v.Publish.Host, cl.account.Name)
		p := wire.Published{ServiceID: v.ID}
		if no := s.names.free(label, cl, v, wanted); no != nil {
			p.Code, p.Error = no.Code, no.Message
			bare := *v.Publish
			bare.Host = ""
			services[i].Publish = &bare
		} else {
			wanted[label] = v.ID
		}
		told = append(told, p)
	}
	for label, n := range s.names.byLabel {
		if n.client == cl && wanted[label] == "" {
			delete(s.names.byLabel, label)
		}
	}
	for label, id := range wanted {
		s.names.byLabel[label] = named{cl, id}
	}
	s.closePortsLocked(cl, ports)
	cl.published = told
	return services
}

// free returns why a client's service cannot have a label; nil if it can.
func (n *names) free(label string, cl *client, v wire.Service, wanted map[string]string) *wire.ErrorPayload {
	no := func(code, format string, args ...any) *wire.ErrorPayload {
		return &wire.ErrorPayload{Code: code, Message: fmt.Sprintf(format, args...)}
	}
	has, taken := n.byLabel[label]
	switch {
	case v.Protocol != wire.ServiceHTTP && v.Protocol != wire.ServiceWS:
		return no(wire.CodeInvalid, "%s is a service of the protocol %s; a host needs http or ws", v.ID, v.Protocol)
	case !wire.ValidLabel(label):
		return no(wire.CodeInvalid, "%s is no name of a host: use at most %d letters, digits and hyphens, with the account's name in it",
			label, wire.MaxLabel)
	case slices.Contains(reserved, label):
		return no(wire.CodeNameTaken, "the name %s is reserved; use another host", label)
	case wanted[label] != "":
		return no(wire.CodeNameTaken, "the service %s has the name %s already; use another host", wanted[label], label)
	case taken && has.client != cl && has.client.account == cl.account:
		return no(wire.CodeNameTaken, "the client %s has the name %s for its service %s; use another host, or take it away there",
			has.client.name, label, has.service)
	case taken && has.client != cl:
		return no(wire.CodeNameTaken, "somebody else has the name %s; use another host", label)
	}
	return nil
}

// portOf is the port that a service had before; 0: none.
func (cl *client) portOf(service string) int {
	if v, ok := cl.service(service); ok && v.Publish != nil && v.Publish.TCP != nil {
		return *v.Publish.TCP
	}
	return 0
}

// releaseLocked takes all labels and ports from a client that is not known any
// more.
func (s *Server) releaseLocked(cl *client) {
	s.names.mu.Lock()
	defer s.names.mu.Unlock()
	for label, has := range s.names.byLabel {
		if has.client == cl {
			delete(s.names.byLabel, label)
		}
	}
	s.closePortsLocked(cl, nil)
}

// published is what a client is told, with URLs.
func (c *Config) published(cl *client) []wire.Published {
	told := slices.Clone(cl.published)
	for i, p := range told {
		v, ok := cl.service(p.ServiceID)
		switch {
		case p.Code != "" || !ok || v.Publish == nil:
		case v.Publish.TCP != nil:
			told[i].URL = c.portURL(cl, *v.Publish.TCP)
		case c.PublicSite == "":
			told[i].Code = wire.CodeNotPublished
			told[i].Error = "this gateway has no site for published names; its operator can make one (publish in the Caddyfile)"
		default:
			told[i].URL = strings.Replace(c.PublicSite, "*", wire.PublicLabel(v.Publish.Host, cl.account.Name), 1)
		}
	}
	return told
}

// urls returns those of the services that have one.
func urls(list []wire.Published) map[string]string {
	m := make(map[string]string, len(list))
	for _, p := range list {
		if p.URL != "" {
			m[p.ServiceID] = p.URL
		}
	}
	return m
}
