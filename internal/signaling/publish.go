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

// names are the labels and domains of published services. They belong to clients as long as
// those offer the services, online or not, so they need no store of their own:
// a service that did not get its name is kept without one.
type names struct {
	mu     sync.RWMutex // guards the fields below; innermost
	byName map[string]named
	byPort map[Port]named
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
	Owner   int64 // the client's account
}

// outcome is what a client is told of a service that is to be published.
type outcome struct {
	wire.Published
	name string // as wanted
}

// Named returns what is published under a label or a domain, in lower case; false
// if nothing is.
func (s *Server) Named(name string) (Named, bool) {
	s.names.mu.RLock()
	defer s.names.mu.RUnlock()
	n, ok := s.names.byName[name]
	if !ok {
		return Named{}, false
	}
	return n.show(), true
}

func (n named) show() Named {
	return Named{Client: n.client.fullName(), Service: n.service, Owner: n.client.account.ID}
}

// reclaimLocked gives a client names and ports anew, since others may have them
// now.
func (s *Server) reclaimLocked(cl *client) { cl.services = s.claimLocked(cl) }

// claimLocked gives a client the names of the services that it has asked for in
// place of those before. It returns the services without the hosts of those that
// cannot have theirs.
func (s *Server) claimLocked(cl *client) []wire.Service {
	s.names.mu.Lock()
	defer s.names.mu.Unlock()
	var list []outcome
	wanted := make(map[string]string) // service by name
	services := slices.Clone(cl.asked)
	ports := make(map[Port]bool)
	for i, v := range services {
		if protocol, want := v.Publish.Port(); want != nil {
			p := outcome{Published: wire.Published{ServiceID: v.ID}, name: wire.PublicPort(protocol, *want)}
			if number, no := s.portLocked(cl, v, Port{protocol, *want}, cl.portOf(v.ID, protocol)); no != nil {
				p.Code, p.Error = no.Code, no.Message
				services[i].Publish = keepPort(*v.Publish, protocol, nil)
			} else {
				ports[Port{protocol, number}] = true
				p.name = wire.PublicPort(protocol, number)
				services[i].Publish = keepPort(*v.Publish, protocol, &number)
			}
			list = append(list, p)
			continue // one or the other, see check
		}
		if v.Publish == nil || v.Publish.Host == "" {
			continue
		}
		name := wire.PublicName(v.Publish.Host, cl.account.Name)
		p := outcome{Published: wire.Published{ServiceID: v.ID}, name: name}
		if no := s.mayNameLocked(name, cl, v, wanted); no != nil {
			p.Code, p.Error = no.Code, no.Message
			bare := *v.Publish
			bare.Host = ""
			services[i].Publish = &bare
		} else {
			wanted[name] = v.ID
		}
		list = append(list, p)
	}
	for name, n := range s.names.byName {
		if n.client == cl && wanted[name] == "" {
			delete(s.names.byName, name)
		}
	}
	for name, id := range wanted {
		s.names.byName[name] = named{cl, id}
	}
	s.closePortsLocked(cl, ports)
	cl.published = list
	return services
}

// mayNameLocked returns why a client's service cannot have a name; nil if it can.
// names is locked too.
func (s *Server) mayNameLocked(name string, cl *client, v wire.Service, wanted map[string]string) *wire.ErrorPayload {
	no := func(code, format string, args ...any) *wire.ErrorPayload {
		return &wire.ErrorPayload{Code: code, Message: fmt.Sprintf(format, args...)}
	}
	domain := strings.Contains(name, ".")
	has, taken := s.names.byName[name]
	switch {
	case v.Protocol != wire.ServiceHTTP && v.Protocol != wire.ServiceWS:
		return no(wire.CodeInvalid, "%s is a service of the protocol %s; a host needs http or ws", v.ID, v.Protocol)
	case !domain && !wire.ValidLabel(name):
		return no(wire.CodeInvalid, "%s is no name of a host: use at most %d letters, digits and hyphens, with the account's name in it",
			name, wire.MaxLabel)
	case slices.Contains(reserved, name):
		return no(wire.CodeNameTaken, "the name %s is reserved; use another host", name)
	case wanted[name] != "":
		return no(wire.CodeNameTaken, "the service %s has the name %s already; use another host", wanted[name], name)
	case taken && has.client != cl && has.client.account == cl.account:
		return no(wire.CodeNameTaken, "the client %s has the name %s for its service %s; use another host, or take it away there",
			has.client.name, name, has.service)
	case domain:
		return s.mayDomainLocked(name, cl)
	case taken && has.client != cl:
		return no(wire.CodeNameTaken, "somebody else has the name %s; use another host", name)
	}
	return nil
}

// portOf is the port that a service had before; 0: none of the protocol.
func (cl *client) portOf(service, protocol string) int {
	v, _ := cl.service(service)
	if had, port := v.Publish.Port(); port != nil && had == protocol {
		return *port
	}
	return 0
}

// releaseLocked takes all labels and ports from a client that is not known any
// more.
func (s *Server) releaseLocked(cl *client) {
	s.names.mu.Lock()
	defer s.names.mu.Unlock()
	for name, has := range s.names.byName {
		if has.client == cl {
			delete(s.names.byName, name)
		}
	}
	s.closePortsLocked(cl, nil)
}

// published is what a client is told, with URLs.
func (c *Config) published(cl *client) []wire.Published {
	list := make([]wire.Published, 0, len(cl.published))
	for _, p := range cl.published {
		list = append(list, c.locate(cl, p))
	}
	return list
}

// locate adds the URL, or why there is none.
func (c *Config) locate(cl *client, p outcome) wire.Published {
	out := p.Published
	v, ok := cl.service(p.ServiceID)
	switch {
	case p.Code != "" || !ok || v.Publish == nil:
	case v.Publish.TCP != nil, v.Publish.UDP != nil:
		protocol, number := v.Publish.Port()
		out.URL = c.portURL(cl, Port{protocol, *number})
	case strings.Contains(p.name, "."):
		out.URL = strings.Replace(c.DomainSite, "*", p.name, 1)
		if out.URL == "" {
			out.Code, out.Error = wire.CodeNotPublished, noDomains
		}
	case c.PublicSite == "":
		out.Code = wire.CodeNotPublished
		out.Error = "this gateway has no site for published names; its operator can make one (publish in the Caddyfile)"
	default:
		out.URL = strings.Replace(c.PublicSite, "*", p.name, 1)
	}
	return out
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
