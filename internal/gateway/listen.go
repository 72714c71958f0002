// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/culvertd/culvert/internal/publish"
	"github.com/culvertd/culvert/internal/wire"
)

// openListen opens the addresses of a config that are not open yet.
func (r *running) openListen(cfg Config) error {
	for _, v := range cfg.Listen {
		if err := r.book.publisher.WantStatic(v.Address); err != nil {
			return fmt.Errorf("opening the address %s for listen: %w; stop what listens there, or give listen another address; "+
				"one that overlaps an address in use needs a config without both in between, or a restart", v.Address, err)
		}
	}
	return nil
}

// validateListen returns the problems of the addresses that the public is let in at.
func (c Config) validateListen() (errs []error) {
	bad := func(v publish.Static, format string, args ...any) {
		errs = append(errs, fmt.Errorf("listen "+v.Address+": "+format, args...))
	}
	for i, v := range c.Listen {
		_, port, err := splitAddress(v.Address)
		if err != nil || port == 0 {
			bad(v, "this is no address to listen on; write it like tcp/:2222 or tcp/192.0.2.1:2222")
			continue
		}
		for _, other := range c.Listen[:i] {
			if overlap(v.Address, other.Address) {
				bad(v, "there is a listen for %s already; put all services of an address into one", other.Address)
				break
			}
		}
		if overlap(v.Address, c.Relay.Listen) {
			bad(v, "this is the address of relay; use another port")
		}
		if c.TCPPorts.Low <= port && port <= c.TCPPorts.High {
			bad(v, "the port is among those that clients may have (ports tcp %d-%d); use one outside of them, "+
				"or have the client ask for it (publish.tcp)", c.TCPPorts.Low, c.TCPPorts.High)
		}
		if !wire.ValidProxy(v.ProxyProtocol) {
			bad(v, "proxy_protocol %q; use v1 or v2, or leave it out", v.ProxyProtocol)
		}
		errs = append(errs, validServices(v)...)
	}
	return errs
}

// validServices returns the problems of an address's services.
func validServices(v publish.Static) (errs []error) {
	if len(v.Services) == 0 {
		errs = append(errs, fmt.Errorf("listen %s: it has no service; name at least one, such as alice/nas/ssh", v.Address))
	}
	for i, n := range v.Services {
		switch name := strings.TrimPrefix(n.Client+"/"+n.Service, "/"); {
		case !wire.ValidClient(n.Client) || !wire.ValidName(n.Service):
			errs = append(errs, fmt.Errorf("listen %s: %q is no service of a tunnel client; write it as account/client/service, "+
				"or client/service for a client without an account", v.Address, name))
		case slices.Contains(v.Services[:i], n):
			errs = append(errs, fmt.Errorf("listen %s: %s is there twice; name it once", v.Address, name))
		}
	}
	return errs
}

// overlap reports whether two addresses cannot both be listened on. An address that
// cannot be read overlaps none.
func overlap(a, b string) bool {
	host, port, err := splitAddress(a)
	other, otherPort, err2 := splitAddress(b)
	if err != nil || err2 != nil || port != otherPort {
		return false
	}
	return host == other || host == "" || other == ""
}

// splitAddress reads host:port. A host is in one form, and empty for all addresses
// of this machine: Go listens for both families then, whichever was written.
func splitAddress(s string) (host string, port int, err error) {
	host, text, err := net.SplitHostPort(s)
	if err != nil {
		return "", 0, err
	}
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return "", 0, err
	}
	if a, err := netip.ParseAddr(host); err == nil {
		if host = a.Unmap().String(); a.IsUnspecified() {
			host = ""
		}
	}
	return host, int(n), nil
}
