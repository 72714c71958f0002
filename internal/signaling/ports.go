// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package signaling

import (
	"fmt"
	"net"
	"strconv"

	"github.com/culvertd/culvert/internal/wire"
)

// Ports opens and closes public ports. It is called with the server's lock held:
// it must not call the server.
type Ports interface {
	// Listen opens a port. Whose it is, NamedPort says.
	Listen(number int) error
	Unlisten(number int)
}

// NamedPort returns what is published at a port; false if nothing is.
func (s *Server) NamedPort(number int) (Named, bool) {
	s.names.mu.RLock()
	defer s.names.mu.RUnlock()
	n, ok := s.names.byPort[number]
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
	for number, n := range s.names.byPort {
		if !s.config.Load().TCPPorts.has(number) || p.Listen(number) != nil {
			delete(s.names.byPort, number)
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

// portLocked gives a service a public port: the one that it wants or had. names
// is locked too.
func (s *Server) portLocked(cl *client, v wire.Service, had int) (int, *wire.ErrorPayload) {
	want := *v.Publish.TCP
	if want == 0 {
		want = had
	}
	cfg := s.config.Load()
	if cfg == nil { // from the store, before there is a config: it was in order then
		s.names.byPort[want] = named{cl, v.ID}
		return want, nil
	}
	if has, ok := s.names.byPort[want]; ok && has.client == cl && has.service == v.ID && cfg.TCPPorts.has(want) {
		return want, nil
	}
	no := func(code, format string, args ...any) (int, *wire.ErrorPayload) {
		return 0, &wire.ErrorPayload{Code: code, Message: fmt.Sprintf(format, args...)}
	}
	switch {
	case v.Transport() != wire.TCP:
		return no(wire.CodeInvalid, "%s is a service of the protocol %s; publish.tcp is for TCP", v.ID, v.Protocol)
	case cfg.TCPPorts == PortRange{}:
		return no(wire.CodeNotPublished, "this gateway has no public ports; its operator can allow some (ports tcp in the Caddyfile)")
	case *v.Publish.TCP != 0 && !cfg.TCPPorts.has(want):
		return no(wire.CodeInvalid, "the port %d is not among those that this gateway has for the public, %d to %d; use one of these, or 0 for any",
			want, cfg.TCPPorts.Low, cfg.TCPPorts.High)
	case !cl.account.free() && s.names.portsOf(cl.account) >= cfg.MaxPortsPerAccount:
		no := accountLimit("max_ports_per_account", cfg.MaxPortsPerAccount, "public ports of this account", "take one away from another service")
		return 0, no
	}
	if *v.Publish.TCP != 0 || cfg.TCPPorts.has(want) {
		err := s.openPortLocked(want, cl, v.ID)
		if err == nil || *v.Publish.TCP != 0 {
			return want, err
		}
	}
	for number := cfg.TCPPorts.Low; number <= cfg.TCPPorts.High; number++ {
		if s.openPortLocked(number, cl, v.ID) == nil {
			return number, nil
		}
	}
	return no(wire.CodeLimit, "all public ports from %d to %d are in use", cfg.TCPPorts.Low, cfg.TCPPorts.High)
}

// free reports whether the account has no limits.
func (a *account) free() bool { return a.ID == Operator.ID || a.isGateway() }

func (s *Server) openPortLocked(number int, cl *client, service string) *wire.ErrorPayload {
	if has, ok := s.names.byPort[number]; ok {
		whose := "another account"
		if has.client.account == cl.account {
			whose = has.client.name + "/" + has.service
		}
		return &wire.ErrorPayload{Code: wire.CodeNameTaken, Message: fmt.Sprintf("the port %d belongs to %s; use another, or 0 for any", number, whose)}
	}
	if s.ports != nil {
		if err := s.ports.Listen(number); err != nil {
			return &wire.ErrorPayload{Code: wire.CodeNameTaken, Message: fmt.Sprintf("the port %d cannot be opened: %v", number, err)}
		}
	}
	s.names.byPort[number] = named{cl, service}
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
func (s *Server) closePortsLocked(cl *client, keep map[int]bool) {
	for number, has := range s.names.byPort {
		if has.client == cl && !keep[number] {
			delete(s.names.byPort, number)
			if s.ports != nil {
				s.after = append(s.after, func() { s.ports.Unlisten(number) })
			}
		}
	}
}

// portURL is what a client is told of a port.
func (c *Config) portURL(cl *client, number int) string {
	host := c.PublicHost
	if host == "" && cl.online() {
		host = cl.life.conn.host
	}
	return "tcp://" + net.JoinHostPort(host, strconv.Itoa(number))
}
