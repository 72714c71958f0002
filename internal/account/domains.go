// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package account

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/culvertd/culvert/internal/auth"
	"github.com/culvertd/culvert/internal/store"
	"github.com/culvertd/culvert/internal/wire"
)

// A domain is an account's once DNS says so: a TXT record below it has a value
// that only this account gets from this gateway. Who can write that record
// decides, so a later proof of somebody else moves the domain.

const (
	// ProofPrefix stands in front of a domain in the name of the record. As a
	// label with an underscore it can be no host (RFC 8552).
	ProofPrefix = "_culvert"
	proofName   = "domains.key"
	// proofPatience bounds a look-up.
	proofPatience = 10 * time.Second
	maxProofs     = 100 // records that are looked at
)

// Resolver looks names up in DNS. *net.Resolver is one.
type Resolver interface {
	LookupTXT(ctx context.Context, name string) ([]string, error)
}

// Domains returns p's own domains, or everybody's for an administrator.
func (s *Service) Domains(ctx context.Context, p Principal, all bool) ([]store.Domain, error) {
	if all && !p.User.Admin {
		return nil, errForbidden
	}
	if all {
		list, err := s.store.Domains(ctx)
		return list, fail("listing domains", err)
	}
	list, err := s.store.DomainsOf(ctx, p.User.ID)
	return list, fail("listing domains", err)
}

// DomainProof returns what the record has to say for an account. It is no
// secret: it only says whose the domain is.
func (s *Service) DomainProof(user int64) string {
	mac := hmac.New(sha256.New, s.proofKey)
	mac.Write([]byte(strconv.FormatInt(user, 10)))
	text := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(mac.Sum(nil)[:15])
	return "culvert-account=" + strings.ToLower(text)
}

// ProveDomain makes a domain p's if DNS says so.
func (s *Service) ProveDomain(ctx context.Context, p Principal, name string, from From) (store.Domain, error) {
	if !p.MayWrite() || p.User.ID == 0 {
		return store.Domain{}, errForbidden
	}
	name, err := checkDomain(name)
	if err != nil {
		return store.Domain{}, err
	}
	own, err := s.store.DomainsOf(ctx, p.User.ID)
	if err != nil {
		return store.Domain{}, fail("proving domain", err)
	}
	if len(own) >= maxDomains {
		return store.Domain{}, limitReached("domains", maxDomains)
	}
	if _, wait := s.limits.proofs.Take(p.User.ID); wait > 0 {
		return store.Domain{}, limited(wait)
	}
	if err := s.lookUpProof(ctx, p.User.ID, name); err != nil {
		return store.Domain{}, err
	}
	return s.setDomain(ctx, p, store.Domain{Name: name, UserID: p.User.ID, ByDNS: true}, from)
}

func checkDomain(name string) (string, error) {
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	if !wire.ValidDomain(name) {
		return "", invalid("name", "is no domain such as www.example.org; write one of another script as xn--…")
	}
	return name, nil
}

// lookUpProof fails with CodeNotProven unless the record is there.
func (s *Service) lookUpProof(ctx context.Context, user int64, name string) error {
	ctx, cancel := context.WithTimeout(ctx, proofPatience)
	defer cancel()
	record, want := ProofPrefix+"."+name, s.DomainProof(user)
	values, err := s.resolver.LookupTXT(ctx, record+".") // no search domains
	if len(values) > maxProofs {
		values = values[:maxProofs]
	}
	if slices.ContainsFunc(values, func(v string) bool { return strings.TrimSpace(v) == want }) {
		return nil
	}
	found := "it has other values"
	if missing, ok := errors.AsType[*net.DNSError](err); ok && missing.IsNotFound || err == nil && len(values) == 0 {
		found = "there is none"
	} else if err != nil {
		found = "DNS did not answer"
	}
	return &Error{
		Code: CodeNotProven,
		Message: fmt.Sprintf("The TXT record %s does not have the value %s yet: %s. A new record can take some minutes to be seen.",
			record, want, found),
		Details: map[string]string{"record": record, "value": want, "found": found},
	}
}

// AssignDomain makes a domain an account's on the word of an administrator; owner
// is its name, empty for the operator.
func (s *Service) AssignDomain(ctx context.Context, p Principal, owner, name string, from From) (store.Domain, error) {
	if err := mayAdminister(p); err != nil {
		return store.Domain{}, err
	}
	name, err := checkDomain(name)
	if err != nil {
		return store.Domain{}, err
	}
	var u store.User
	if owner != "" {
		if u, err = s.store.UserByLogin(ctx, owner); errors.Is(err, store.ErrNotFound) || !wire.ValidName(owner) {
			return store.Domain{}, invalid("owner", "is no user here")
		}
		if err != nil {
			return store.Domain{}, fail("assigning domain", err)
		}
	}
	return s.setDomain(ctx, p, store.Domain{Name: name, UserID: u.ID}, from)
}

func (s *Service) setDomain(ctx context.Context, p Principal, d store.Domain, from From) (store.Domain, error) {
	d.CreatedAt = time.Now().UTC()
	before, now, err := s.store.SetDomain(ctx, d)
	if err != nil {
		return store.Domain{}, fail("keeping domain", err)
	}
	s.tell(Change{Kind: DomainsChanged})
	var was any
	if before.Name != "" {
		was = viewDomain(before)
	}
	s.audit(ctx, p, from, "domain.set", "domain/"+d.Name, was, viewDomain(now))
	return now, nil
}

// DropDomain gives up a domain of p's own, or takes anybody's away for an
// administrator.
func (s *Service) DropDomain(ctx context.Context, p Principal, anybodys bool, name string, from From) error {
	if !p.MayWrite() || anybodys && !p.User.Admin {
		return errForbidden
	}
	name, err := checkDomain(name)
	if err != nil {
		return errNotFound
	}
	d, err := s.store.Domain(ctx, name)
	if err == nil && !anybodys && d.UserID != p.User.ID {
		return errNotFound
	}
	if err == nil {
		err = s.store.DeleteDomain(ctx, d.UserID, name)
	}
	if err != nil {
		return fail("dropping domain", err)
	}
	s.tell(Change{Kind: DomainsChanged})
	s.audit(ctx, p, from, "domain.drop", "domain/"+name, viewDomain(d), nil)
	return nil
}

func viewDomain(d store.Domain) map[string]any {
	return map[string]any{"owner": d.UserName, "by_dns": d.ByDNS}
}

// newProofKey returns the key from which DomainProof makes its values.
func newProofKey(ctx context.Context, keys KeyStore) ([]byte, error) {
	return keys.LoadOrCreate(ctx, proofName, func() ([]byte, error) { return auth.NewKey(), nil })
}
