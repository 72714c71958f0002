// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package signaling

import (
	"fmt"

	"github.com/culvertd/culvert/internal/wire"
)

// proxyProblem returns what is wrong with how a service wants to be told who comes;
// empty if nothing is.
func proxyProblem(p *wire.Publish) string {
	switch {
	case p == nil || p.ProxyProtocol == "":
		return ""
	case !wire.ValidProxy(p.ProxyProtocol):
		return fmt.Sprintf("%q: use v1 or v2", cut(p.ProxyProtocol, 80))
	case p.TCP == nil:
		return "is for public ports; it needs tcp"
	}
	return ""
}

// ProxyProtocol returns by which version of the PROXY protocol a service wants to
// be told who comes by its own public port: wire.ProxyV1 or wire.ProxyV2. Empty: it
// is told nothing.
func (s *Server) ProxyProtocol(n Named) string {
	owner, bare := wire.SplitName(n.Client)
	s.mu.Lock()
	defer s.mu.Unlock()
	cl := s.anyLocked(owner, bare)
	if cl == nil {
		return ""
	}
	v, ok := cl.service(n.Service)
	if !ok || v.Publish == nil {
		return ""
	}
	return v.Publish.ProxyProtocol
}
