// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package account

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/culvertd/culvert/internal/auth"
)

// A website that asks for a log-in at this gateway has a host of its own, where
// the gateway's cookie is not sent. So whoever is logged in here takes a ticket
// there, good once and for a minute, which becomes a token in a cookie of that
// host. The token stands for the log-in: it ends when that does.

const (
	// visitLife is how long one may go on without coming by here again.
	visitLife  = 12 * time.Hour
	ticketLife = time.Minute
	maxTickets = 10_000 // more push the oldest out

	visitAudience = "culvert visit "
)

// Visit is the way on to a website.
type Visit struct {
	URL       string
	ExpiresAt time.Time
}

// tickets are those that were not used yet.
type tickets struct {
	mu  sync.Mutex // guards the field below; innermost
	all *simplelru.LRU[[32]byte, ticket]
}

type ticket struct {
	host, state string
	who         Principal
	expires     time.Time
}

func newTickets() *tickets {
	l, err := simplelru.NewLRU[[32]byte, ticket](maxTickets, nil)
	if err != nil {
		panic(err) // only for a size below 1
	}
	return &tickets{all: l}
}

// VisitTicket lets p on to the website at host, for a browser that has there what
// state is the hash of.
func (s *Service) VisitTicket(_ context.Context, p Principal, host, state string) (text string, expires time.Time, err error) {
	if p.JTI == "" {
		return "", time.Time{}, errForbidden
	}
	text, expires = auth.NewSecret(""), time.Now().Add(ticketLife)
	s.tickets.mu.Lock()
	defer s.tickets.mu.Unlock()
	s.tickets.all.Add(auth.HashSecret(text), ticket{host, state, p, expires})
	return text, expires, nil
}

// RedeemVisit takes a ticket and returns a token for AuthenticateVisit.
func (s *Service) RedeemVisit(_ context.Context, text, host, state string) (token string, expires time.Time, err error) {
	key := auth.HashSecret(text)
	now := time.Now()
	s.tickets.mu.Lock()
	t, ok := s.tickets.all.Get(key)
	s.tickets.all.Remove(key)
	s.tickets.mu.Unlock()
	if !ok || t.host != host || subtle.ConstantTimeCompare([]byte(t.state), []byte(state)) == 0 || !now.Before(t.expires) {
		return "", time.Time{}, errLink
	}
	signer, err := s.visitSigner(host)
	if err != nil {
		return "", time.Time{}, err
	}
	expires = now.Add(visitLife)
	token, err = signer.Sign(auth.Claims{User: t.who.User.ID, ID: t.who.JTI, Epoch: t.who.User.Epoch, IssuedAt: now, ExpiresAt: expires})
	return token, expires, fail("letting in", err)
}

// AuthenticateVisit returns who a token was made for at this host.
func (s *Service) AuthenticateVisit(ctx context.Context, token, host string) (Principal, error) {
	signer, err := s.visitSigner(host)
	if err != nil {
		return Principal{}, err
	}
	// The host is a part of the key: a token of another must not be found.
	return s.authenticate(auth.HashSecret(host+" "+token), func(now time.Time) (cached, error) {
		return s.findLogin(ctx, signer, token, now)
	})
}

func (s *Service) visitSigner(host string) (*auth.Signer, error) {
	signer, err := s.signer.For(visitAudience + host)
	return signer, fail("letting in", err)
}

// openings remembers passwords that were right: each of a website's requests
// brings its own, and bcrypt is slow on purpose.
type openings struct {
	mu  sync.Mutex // guards the field below; innermost
	all *simplelru.LRU[[32]byte, struct{}]
}

func newOpenings() *openings {
	l, err := simplelru.NewLRU[[32]byte, struct{}](maxCached, nil)
	if err != nil {
		panic(err) // only for a size below 1
	}
	return &openings{all: l}
}

// OpenWith checks a visitor's password against hash, that of a website's rules.
// Wrong ones are counted, by where they come from.
func (s *Service) OpenWith(ctx context.Context, hash, password string, addr netip.Addr) error {
	if len(password) > maxVisitorPassword {
		return errPasswordWrong
	}
	// Of both: another password in the rules ends what the old one has opened.
	key := sha256.Sum256([]byte(hash + "\x00" + password))
	if s.openings.has(key) {
		return nil
	}
	before, err := take(s.limits.visits, auth.Source(addr))
	if err != nil {
		return err
	}
	ok, err := s.check(ctx, before, hash, password)
	if err != nil {
		return err
	}
	if !ok {
		return errPasswordWrong
	}
	giveBack(s.limits.visits, auth.Source(addr))
	s.openings.add(key)
	return nil
}

func (o *openings) has(key [32]byte) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	_, ok := o.all.Get(key)
	return ok
}

func (o *openings) add(key [32]byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.all.Add(key, struct{}{})
}

// MayVisit reports whether p may come to a website of this owner with rules of
// the mode login.
func MayVisit(p Principal, owner int64, visitors []int64) bool {
	return len(visitors) == 0 || p.User.ID == owner || slices.Contains(visitors, p.User.ID)
}
