// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package signaling

import (
	"net/netip"

	"github.com/culvertd/culvert/internal/wire"
)

const reasonBlocked = "this address is blocked"

// SetBlocked has everything from addresses for which f is true be refused,
// here and at the relay; nil lets all in. f is asked often, from any goroutine
// and with locks held: it must be quick.
func (s *Server) SetBlocked(f func(netip.Addr) bool) {
	if f == nil {
		s.block.Store(nil)
	} else {
		s.block.Store(&f)
	}
	s.relay.SetBlocked(f)
}

func (s *Server) blocked(addr netip.Addr) bool {
	f := s.block.Load()
	return f != nil && (*f)(addr)
}

// CloseAddr cuts what is live from the addresses for which f is true:
// signaling, channels and packets. SetBlocked, before, keeps them from coming
// back. The clients may, from elsewhere.
func (s *Server) CloseAddr(f func(netip.Addr) bool) {
	s.mu.Lock()
	for c := range s.conns {
		if f(c.addr) {
			s.endLocked(c, wire.ClosePolicy, reasonBlocked)
		}
	}
	s.unlock()
	s.relay.CloseAddr(f)
}

// KickClient ends the sessions of a client and its connection, and reports
// whether there was one. It may come back.
func (s *Server) KickClient(account int64, name string) bool {
	s.mu.Lock()
	defer s.unlock()
	acc := s.accounts[account]
	if acc == nil || acc.clients[name] == nil || !acc.clients[name].online() {
		return false
	}
	l := acc.clients[name].life
	s.partFromLocked(l, name+" was kicked")
	s.endLocked(l.conn, wire.CloseKicked, "kicked")
	s.endLifeLocked(l, name+" was kicked", true)
	return true
}

// EndSession ends a session that an account has part in, or any with the scope
// -1, and reports whether there was one.
func (s *Server) EndSession(scope int64, id, reason string) bool {
	s.mu.Lock()
	defer s.unlock()
	ss := s.sessions[id]
	if ss == nil || scope >= 0 && !ss.of(scope) {
		return false
	}
	s.endSessionLocked(ss, wire.SessionClosed{Code: wire.CodeEnded, Reason: reason, Final: true}, nil)
	return true
}

// DropSessionsOf ends all sessions that an account has part in. reason is a
// sentence for their users.
func (s *Server) DropSessionsOf(account int64, code, reason string) {
	s.mu.Lock()
	defer s.unlock()
	for _, ss := range s.sessions {
		if ss.of(account) {
			s.endSessionLocked(ss, wire.SessionClosed{Code: code, Reason: reason, Final: true}, nil)
		}
	}
}

// of reports whether one of the ends is the account's.
func (ss *session) of(account int64) bool {
	return ss.visitor.client.account.ID == account || ss.provider.client.account.ID == account
}
