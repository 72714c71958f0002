// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"sync/atomic"
)

// resolver asks the DNS server of the config in force.
type resolver struct {
	at atomic.Pointer[netip.AddrPort]
}

// LookupTXT implements account.Resolver.
func (r *resolver) LookupTXT(ctx context.Context, name string) ([]string, error) {
	at := r.at.Load()
	if at == nil || !at.IsValid() {
		return net.DefaultResolver.LookupTXT(ctx, name)
	}
	own := net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, at.String())
	}}
	return own.LookupTXT(ctx, name)
}

// ParseResolver reads the address of a DNS server, such as 192.0.2.53 or
// [2001:db8::53]:5353.
func ParseResolver(s string) (netip.AddrPort, error) {
	if at, err := netip.ParseAddrPort(s); err == nil && at.Port() != 0 {
		return at, nil
	}
	if addr, err := netip.ParseAddr(s); err == nil {
		return netip.AddrPortFrom(addr, 53), nil
	}
	return netip.AddrPort{}, fmt.Errorf("resolver %q is no address of a DNS server; write it like 192.0.2.53 or [2001:db8::53]:5353", s)
}
