// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package account

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/culvertd/culvert/internal/inventory"
	"github.com/culvertd/culvert/internal/store"
	"github.com/culvertd/culvert/internal/wire"
)

// AccessRules say who may come to a public name.
type AccessRules struct {
	Mode string // one of store's
	// Password is for store.AccessPassword; empty: the one that is set stays.
	Password    string
	Visitors    []string // names of accounts, for store.AccessLogin; empty: all
	Allow, Deny []netip.Prefix
}

// leastVisitorPassword is how short a password for visitors may be. Unlike an account's it is
// told to many, and opens one website.
const leastVisitorPassword = 8

// SetAccess says who may come to what an account publishes under a name, now or
// later. Rules that keep nobody out are forgotten. It is for the owner, and for
// administrators.
func (s *Service) SetAccess(ctx context.Context, p Principal, owner int64, name string, r AccessRules, from From) error {
	if !p.MayWrite() || p.User.ID != owner && !p.User.Admin {
		return errForbidden
	}
	name = strings.ToLower(name)
	if err := s.checkPublicName(ctx, owner, name); err != nil {
		return err
	}
	list, err := s.store.AccessOf(ctx, owner)
	if err != nil {
		return fail("setting access", err)
	}
	before := store.PublicAccess{UserID: owner, Name: name, Mode: store.AccessOpen}
	i := slices.IndexFunc(list, func(a store.PublicAccess) bool { return a.Name == name })
	if i >= 0 {
		before = list[i]
	} else if len(list) >= maxAccess {
		return limitReached("names with rules", maxAccess)
	}
	a, err := s.accessOf(ctx, before, r)
	if err != nil {
		return err
	}
	if a.Mode == store.AccessOpen && len(a.Allow)+len(a.Deny) == 0 {
		if err = s.store.DeleteAccess(ctx, owner, name); errors.Is(err, store.ErrNotFound) {
			return nil
		}
	} else {
		err = s.store.SetAccess(ctx, a)
	}
	if err != nil {
		return fail("setting access", err)
	}
	s.tell(Change{Kind: AccessChanged, UserID: owner})
	s.audit(ctx, p, from, "access.set", inventory.PublicTarget(owner, name), s.viewAccess(ctx, before), s.viewAccess(ctx, a))
	return nil
}

// checkPublicName refuses what can be no name of the account's.
func (s *Service) checkPublicName(ctx context.Context, owner int64, name string) error {
	if !wire.ValidPublicName(name) {
		return invalid("name", "is no public name; write it like web-alice, www.example.org or tcp:20022")
	}
	if owner == 0 || !wire.ValidLabel(name) {
		return nil
	}
	u, err := s.store.User(ctx, owner)
	if err != nil {
		return fail("setting access", err)
	}
	if suffix := wire.PublicLabel("", u.Name); !strings.HasSuffix(name, suffix) {
		return invalid("name", "is no name of this account; those end in "+suffix)
	}
	return nil
}

// accessOf is what the rules make of what there was.
func (s *Service) accessOf(ctx context.Context, before store.PublicAccess, r AccessRules) (store.PublicAccess, error) {
	a := store.PublicAccess{
		UserID: before.UserID, Name: before.Name, Mode: r.Mode, Allow: distinct(r.Allow), Deny: distinct(r.Deny),
		UpdatedAt: time.Now().UTC(),
	}
	if r.Mode != store.AccessOpen && strings.Contains(a.Name, ":") {
		return a, invalid("mode", "is for websites; a port can only have addresses that may come, and others that may not")
	}
	switch r.Mode {
	case store.AccessOpen:
	case store.AccessPassword:
		var err error
		a.PasswordHash, err = s.visitorPassword(ctx, before.PasswordHash, r.Password)
		return a, err
	case store.AccessLogin:
		for _, name := range r.Visitors {
			u, err := s.store.UserByLogin(ctx, name)
			if !wire.ValidName(name) || errors.Is(err, store.ErrNotFound) {
				return a, invalid("visitors", "has a name of no account here")
			}
			if err != nil {
				return a, fail("setting access", err)
			}
			if !slices.Contains(a.Visitors, u.ID) {
				a.Visitors = append(a.Visitors, u.ID)
			}
		}
	default:
		return a, invalid("mode", "is open, password or login")
	}
	return a, nil
}

// VisitorName is what an account in rules is called: by its name, or, if it has been
// deleted, by what nobody's name can be. So it does not vanish from a list that
// would be empty without it, and let everybody in.
func VisitorName(id int64, name string) string {
	if name == "" {
		return "#" + strconv.FormatInt(id, 10)
	}
	return name
}

func distinct(list []netip.Prefix) []netip.Prefix {
	out := make([]netip.Prefix, 0, len(list))
	for _, p := range list {
		if p = unmap(p); !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return out
}

func (s *Service) visitorPassword(ctx context.Context, before, password string) (string, error) {
	switch {
	case password == "" && before != "":
		return before, nil
	case utf8.RuneCountInString(password) < leastVisitorPassword:
		return "", invalid("password", "has to have 8 characters or more")
	case !isClean(password, maxVisitorPassword):
		return "", invalid("password", "has to be one line of at most 72 bytes")
	}
	return s.hash(ctx, 0, password)
}

func (s *Service) viewAccess(ctx context.Context, a store.PublicAccess) inventory.AuditedAccess {
	out := inventory.AuditedAccess{Mode: a.Mode, Visitors: []string{}, Allow: []string{}, Deny: []string{}}
	for _, id := range a.Visitors {
		u, err := s.store.User(ctx, id)
		if err != nil { // deleted; or the database is away, and the entry does without
			u.Name = ""
		}
		out.Visitors = append(out.Visitors, VisitorName(id, u.Name))
	}
	for _, p := range a.Allow {
		out.Allow = append(out.Allow, p.String())
	}
	for _, p := range a.Deny {
		out.Deny = append(out.Deny, p.String())
	}
	return out
}
