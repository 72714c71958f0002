// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package publish

import (
	"net/netip"
	"slices"
)

// Mode is what a visitor of a website has to show.
type Mode uint8

// The modes.
const (
	ModeOpen     Mode = iota // nothing
	ModePassword             // a password, by HTTP Basic
	ModeLogin                // a log-in at this gateway
)

// Key names what an account publishes: a label, a domain, or a port such as
// tcp:20022.
type Key struct {
	Owner int64
	Name  string
}

// Rules say who may come. The zero value lets everybody in.
type Rules struct {
	Mode         Mode
	PasswordHash string
	Visitors     []int64        // accounts besides the owner; empty: all
	Allow        []netip.Prefix // if any, the only ones
	Deny         []netip.Prefix
}

// refuse reports whether an address may not come.
func (r *Rules) refuse(a netip.Addr) bool {
	holds := func(p netip.Prefix) bool { return p.Contains(a) }
	a = a.Unmap().WithZone("")
	return slices.ContainsFunc(r.Deny, holds) || len(r.Allow) > 0 && !slices.ContainsFunc(r.Allow, holds)
}

func (r *Rules) equal(s *Rules) bool {
	return r.Mode == s.Mode && r.PasswordHash == s.PasswordHash && slices.Equal(r.Visitors, s.Visitors) &&
		slices.Equal(r.Allow, s.Allow) && slices.Equal(r.Deny, s.Deny)
}

var noRules = new(Rules)

// rulesFor returns what is in force for a name.
func (g *Gate) rulesFor(k Key) *Rules {
	if all := g.rules.Load(); all != nil {
		if r := (*all)[k]; r != nil {
			return r
		}
	}
	return noRules
}

// SetRules puts rules in force, and cuts the requests and WebSockets of names
// whose rules have changed. Connections of ports that are open stay.
func (g *Gate) SetRules(all map[Key]*Rules) {
	was := g.rules.Swap(&all)
	if was == nil {
		return
	}
	changed := func(k Key) bool {
		before, now := (*was)[k], all[k]
		if before == nil {
			before = noRules
		}
		if now == nil {
			now = noRules
		}
		return !before.equal(now)
	}
	g.requests.cut(func(r *Request) bool { return changed(r.key) })
}

// Refuse reports whether an address may not come to a name, a port for instance.
func (g *Gate) Refuse(k Key, a netip.Addr) bool { return g.rulesFor(k).refuse(a) }

// Asks returns what a website's visitors have to show.
func (g *Gate) Asks(k Key) (mode Mode, visitors []int64) {
	r := g.rulesFor(k)
	return r.Mode, r.Visitors
}
