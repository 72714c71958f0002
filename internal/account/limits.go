// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package account

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/culvertd/culvert/internal/auth"
	"github.com/culvertd/culvert/internal/store"
)

// limits count tries. By source is by address, or by network of IPv6.
type limits struct {
	logins  *auth.Throttle[netip.Prefix] // failures only
	codes   *auth.Throttle[netip.Prefix] // invites and links
	devices *auth.Throttle[netip.Prefix] // new ones
	sources *auth.Throttle[netip.Prefix] // the API in general
	users   *auth.Throttle[int64]        // likewise
	guesses *auth.Throttle[int64]        // of user codes of devices, by who guesses
	proofs  *auth.Throttle[int64]        // look-ups of domains, by who asks
	visits  *auth.Throttle[netip.Prefix] // passwords of websites; failures only
	// accounts goes by what was typed, whether there is such an account or not:
	// going by the account would tell that a name and an address are one's.
	accounts *auth.Backoff[[32]byte]
	// passwords goes by user: those of a log-in that may be stolen.
	passwords *auth.Backoff[int64]
}

func newLimits() limits {
	return limits{
		logins:    auth.NewThrottle[netip.Prefix](10, 6*time.Second),
		codes:     auth.NewThrottle[netip.Prefix](10, time.Minute),
		devices:   auth.NewThrottle[netip.Prefix](10, time.Minute),
		sources:   auth.NewThrottle[netip.Prefix](100, 50*time.Millisecond),
		users:     auth.NewThrottle[int64](100, 50*time.Millisecond),
		guesses:   auth.NewThrottle[int64](10, time.Minute),
		proofs:    auth.NewThrottle[int64](20, 6*time.Second),
		visits:    auth.NewThrottle[netip.Prefix](10, 6*time.Second),
		accounts:  auth.NewBackoff[[32]byte](),
		passwords: auth.NewBackoff[int64](),
	}
}

// AdmitSource counts a request to the API, whatever it asks for, and refuses
// what is too much.
func (s *Service) AdmitSource(addr netip.Addr) error {
	_, err := take(s.limits.sources, auth.Source(addr))
	return err
}

// AdmitUser does the same when it is known whose request it is.
func (s *Service) AdmitUser(id int64) error {
	if _, wait := s.limits.users.Take(id); wait > 0 {
		return limited(wait)
	}
	return nil
}

// take counts a try of a source; those of commands are not counted.
func take(t *auth.Throttle[netip.Prefix], src netip.Prefix) (before int, err error) {
	if !src.IsValid() {
		return 0, nil
	}
	before, wait := t.Take(src)
	if wait > 0 {
		return before, limited(wait)
	}
	return before, nil
}

func giveBack(t *auth.Throttle[netip.Prefix], src netip.Prefix) {
	if src.IsValid() {
		t.Return(src)
	}
}

// check compares a password in its turn; see auth.Gate for the score.
func (s *Service) check(ctx context.Context, score int, hash, password string) (bool, error) {
	var (
		ok  bool
		err error
	)
	busy := s.gate.Do(ctx, score, func() { ok, err = s.hasher.Check(hash, password) })
	if busy != nil {
		return false, overloaded(busy)
	}
	if err != nil {
		return false, fail("logging in", err)
	}
	return ok, nil
}

// hash hashes a new password in its turn. It takes long, so it happens before
// a transaction, never in one.
func (s *Service) hash(ctx context.Context, score int, password string) (string, error) {
	var (
		text string
		err  error
	)
	busy := s.gate.Do(ctx, score, func() { text, err = s.hasher.Hash(password) })
	if busy != nil {
		return "", overloaded(busy)
	}
	if err != nil {
		return "", fail("setting password", err)
	}
	return text, nil
}

func overloaded(err error) error {
	if errors.Is(err, auth.ErrBusy) {
		return limited(2 * time.Second)
	}
	return fail("waiting for a turn", err)
}

// checkPassword says what is wrong with a new password.
func checkPassword(password string, u store.User) error {
	err := auth.CheckPassword(password, u.Name, u.Email)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, auth.ErrPasswordLong):
		return &Error{Code: CodePasswordTooLong, Message: sentence(err)}
	default:
		return &Error{Code: CodePasswordWeak, Message: sentence(err)}
	}
}

func sentence(err error) string {
	text := err.Error()
	return strings.ToUpper(text[:1]) + text[1:] + "."
}

// known remembers from where someone has logged in: strangers who guess at an
// account must not keep its owner out.
type known struct {
	mu    sync.Mutex // guards the field below; innermost
	pairs *simplelru.LRU[knownKey, struct{}]
}

type knownKey struct {
	user int64
	src  netip.Prefix
}

func newKnown() *known {
	l, err := simplelru.NewLRU[knownKey, struct{}](maxCached, nil)
	if err != nil {
		panic(err) // only for a size below 1
	}
	return &known{pairs: l}
}

func (k *known) add(user int64, src netip.Prefix) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.pairs.Add(knownKey{user, src}, struct{}{})
}

// has looks among the log-ins too, which outlive a restart.
func (k *known) has(user int64, src netip.Prefix, logins []store.Login) bool {
	for _, l := range logins {
		if addr, err := netip.ParseAddr(l.Addr); err == nil && src.IsValid() && auth.Source(addr) == src {
			return true
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	_, ok := k.pairs.Get(knownKey{user, src})
	return ok
}
