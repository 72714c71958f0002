// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package signaling

import (
	"go.uber.org/zap"

	"github.com/culvertd/culvert/internal/wire"
)

// The gateway remembers the first key that a name is registered with, so that
// a stolen token alone takes no name over. What the ends hold of one another's
// keys does not depend on it.

// admits checks the key of a registration. A client without one would have its
// peers go without encryption, so that is no way around it.
func (cl *client) admits(p *wire.Register) *wire.ErrorPayload {
	was := cl.publicKey
	if was == nil || p.PublicKey != nil && (*p.PublicKey == *was || p.Rotation.Leads(*was, *p.PublicKey)) {
		return nil
	}
	is := "comes without a key now"
	if p.PublicKey != nil {
		is = "comes with the key " + p.PublicKey.Fingerprint() + " now"
	}
	return &wire.ErrorPayload{
		Code: wire.CodeKeyChanged,
		Message: "the client " + cl.name + " is known by the key " + was.Fingerprint() + ", and " + is +
			"; if that is right (`tunnelclient key show` on its machine), have the old key forgotten: on the client's page " +
			"of the web interface, with `culvert client forget-key " + cl.fullName() +
			"`, or with DELETE /api/v1/clients/" + cl.name + "/key",
	}
}

// rememberLocked makes key the one of the name, which admits has checked. What
// was begun with another ends (rules S14).
func (s *Server) rememberLocked(cl *client, key *wire.PublicKey) {
	if cl.publicKey != nil && !sameKey(cl.publicKey, key) {
		s.log().Info("client's key rotated", zap.String("client", cl.fullName()),
			zap.String("from", cl.publicKey.Fingerprint()), zap.String("to", key.Fingerprint()))
	}
	cl.publicKey = key
	if l := cl.life; l == nil || l.publicKey == nil || sameKey(l.publicKey, key) {
		return
	}
	for _, ss := range s.sessions {
		if ss.visitor.outdated(cl) || ss.provider.outdated(cl) {
			s.endSessionLocked(ss, wire.SessionClosed{
				Code: wire.CodeKeyChanged, Reason: "the key of " + cl.name + " has changed", Final: true,
			}, nil)
		}
	}
}

// outdated reports whether l is cl's with another key than cl has now.
func (l *life) outdated(cl *client) bool {
	return l.client == cl && l.publicKey != nil && !sameKey(l.publicKey, cl.publicKey)
}

// sameKey compares what is public.
func sameKey(a, b *wire.PublicKey) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}

// ForgetKey has the next key that a client registers with be its own, and
// reports whether there is such a client. Sessions under way go on. The caller
// has had the store forget it.
func (s *Server) ForgetKey(account int64, name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	acc := s.accounts[account]
	if acc == nil || acc.clients[name] == nil {
		return false
	}
	cl := acc.clients[name]
	cl.publicKey = nil
	s.keepLocked(cl) // in place of what waits to be written
	return true
}
