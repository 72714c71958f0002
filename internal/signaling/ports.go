// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package signaling

import (
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/culvertd/culvert/internal/wire"
)

// Port is a public port. Those of TCP and UDP have nothing to do with each other.
type Port struct {
	Protocol string // wire.TCP or wire.UDP
	Number   int
}

// Ports opens and closes public ports. It is called with the server's lock held:
// it must not call the server.
type Ports interface {
	// Listen opens a port. Whose it is, NamedPort says.
	Listen(at Port) error
	Unlisten(at Port)
}

// NamedPort returns what is published at a port; false if nothing is.
func (s *Server) NamedPort(at Port) (Named, bool) {
	s.names.mu.RLock()
	defer s.names.mu.RUnlock()
	n, ok := s.names.byPort[at]
	if !ok {
		return Named{}, false
	}
	return n.show(), true
}

// SetPorts has p open the ports of services, those known from the store among
// them. It returns how many of these could not be opened.
func (s *Server) SetPorts(p Ports) (failed int) {
	s.mu.Lock()
	defer s.unlock()
	s.ports = p
	s.names.mu.Lock()
	lost := make(map[*client]bool)
	for at, n := range s.names.byPort {
		if !s.config.Load().ports(at.Protocol).has(at.Number) || p.Listen(at) != nil {
			delete(s.names.byPort, at)
			lost[n.client] = true
			failed++
		}
	}
	s.names.mu.Unlock()
	for cl := range lost { // so that nobody is told a URL that leads nowhere
		s.reclaimLocked(cl)
	}
	return failed
}

// reclaimPortsLocked takes away the ports that are not among the public ones any
// more; services that want any get others.
func (s *Server) reclaimPortsLocked() {
	s.names.mu.RLock()
	holders := make(map[*client]bool)
	for _, n := range s.names.byPort {
		holders[n.client] = true
	}
	s.names.mu.RUnlock()
	for cl := range holders {
		s.reclaimLocked(cl)
		s.keepLocked(cl)
	}
}

// portLocked gives a service the public port that it wants, or had. names is locked
// too.
func (s *Server) portLocked(cl *client, v wire.Service, wanted Port, had int) (int, *wire.ErrorPayload) {
	protocol, want := wanted.Protocol, wanted.Number
	if want == 0 {
		want = had
	}
	cfg := s.config.Load()
	if cfg == nil { // from the store, before there is a config: it was in order then
		s.names.byPort[Port{protocol, want}] = named{cl, v.ID}
		return want, nil
	}
	public := cfg.ports(protocol)
	if has, ok := s.names.byPort[Port{protocol, want}]; ok && has.client == cl && has.service == v.ID && public.has(want) {
		return want, nil
	}
	no := func(code, format string, args ...any) (int, *wire.ErrorPayload) {
		return 0, &wire.ErrorPayload{Code: code, Message: fmt.Sprintf(format, args...)}
	}
	switch {
	case v.Transport() != protocol:
		return no(wire.CodeInvalid, "%s is a service of the protocol %s; publish.%s is for %s", v.ID, v.Protocol, protocol, strings.ToUpper(protocol))
	case public == PortRange{}:
		return no(wire.CodeNotPublished, "this gateway has no public ports for %s; its operator can allow some (ports %s in the Caddyfile)",
			strings.ToUpper(protocol), protocol)
	case wanted.Number != 0 && !public.has(want):
		return no(wire.CodeInvalid, "the port %d is not among those that this gateway has for the public, %d to %d; use one of these, or 0 for any",
			want, public.Low, public.High)
	case !cl.account.free() && s.names.portsOf(cl.account) >= cfg.MaxPortsPerAccount:
		no := accountLimit("max_ports_per_account", cfg.MaxPortsPerAccount, "public ports of this account", "take one away from another service")
		return 0, no
	}
	if wanted.Number != 0 || public.has(want) {
		err := s.openPortLocked(Port{protocol, want}, cl, v.ID)
		if err == nil || wanted.Number != 0 {
			return want, err
		}
	}
	for number := public.Low; number <= public.High; number++ {
		if s.openPortLocked(Port{protocol, number}, cl, v.ID) == nil {
			return number, nil
		}
	}
	return no(wire.CodeLimit, "all public ports from %d to %d are in use", public.Low, public.High)
}

// ports are those of a protocol that services may have.
func (c *Config) ports(protocol string) PortRange {
	if protocol == wire.UDP {
		return c.UDPPorts
	}
	return c.TCPPorts
}

// keepPort returns p with the port that it got, nil for none.
func keepPort(p wire.Publish, protocol string, number *int) *wire.Publish {
	p.TCP, p.UDP = number, nil
	if protocol == wire.UDP {
		p.TCP, p.UDP = nil, number
	}
	return &p
}

// free reports whether the account has no limits.
func (a *account) free() bool { return a.ID == Operator.ID || a.isGateway() }

func (s *Server) openPortLocked(at Port, cl *client, service string) *wire.ErrorPayload {
	if has, ok := s.names.byPort[at]; ok {
		whose := "another account"
		if has.client.account == cl.account {
			whose = has.client.name + "/" + has.service
		}
		return &wire.ErrorPayload{Code: wire.CodeNameTaken, Message: fmt.Sprintf("the port %d belongs to %s; use another, or 0 for any", at.Number, whose)}
	}
	if s.ports != nil {
		if err := s.ports.Listen(at); err != nil {
			return &wire.ErrorPayload{Code: wire.CodeNameTaken, Message: fmt.Sprintf("the port %d cannot be opened: %v", at.Number, err)}
		}
	}
	s.names.byPort[at] = named{cl, service}
	return nil
}

// portsOf counts an account's ports.
func (n *names) portsOf(a *account) int {
	count := 0
	for _, has := range n.byPort {
		if has.client.account == a {
			count++
		}
	}
	return count
}

// closePortsLocked closes those of a client's ports that are not kept. names is
// locked too.
func (s *Server) closePortsLocked(cl *client, keep map[Port]bool) {
	for at, has := range s.names.byPort {
		if has.client == cl && !keep[at] {
			delete(s.names.byPort, at)
			if s.ports != nil {
				s.after = append(s.after, func() { s.ports.Unlisten(at) })
			}
		}
	}
}

// portURL is what a client is told of a port.
func (c *Config) portURL(cl *client, at Port) string {
	host := c.PublicHost
	if host == "" && cl.online() {
		host = cl.life.conn.host
	}
	return at.Protocol + "://" + net.JoinHostPort(host, strconv.Itoa(at.Number))
}
