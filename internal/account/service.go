// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package account

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"strings"
	"sync/atomic"
	"time"
	"unicode"

	"go.uber.org/zap"

	"github.com/culvertd/culvert/internal/auth"
	"github.com/culvertd/culvert/internal/store"
)

// keyName is the name of the key that signs log-ins.
const keyName = "jwt.key"

// Service is the accounts of one gateway. Its methods may be called from any
// goroutine.
type Service struct {
	store   Store
	hasher  auth.Hasher
	gate    *auth.Gate
	signer  *auth.Signer
	logger  func() *zap.Logger
	changed func(Change)

	limits   limits
	known    *known
	cache    *cache
	seen     *seen
	failures *failureLog
	devices  *devices
	tickets  *tickets
	openings *openings
	proofKey []byte
	resolver Resolver

	administered atomic.Bool // see isAdministered

	stop context.CancelFunc
	done chan struct{} // closed when the housekeeper has ended
}

// New returns a service that is ready, and runs a housekeeper until Close.
func New(ctx context.Context, cfg Config) (*Service, error) {
	key, err := cfg.Keys.LoadOrCreate(ctx, keyName, func() ([]byte, error) { return auth.NewKey(), nil })
	if err != nil {
		return nil, fmt.Errorf("opening accounts: %w", err)
	}
	signer, err := auth.NewSigner(key, cfg.Issuer, cfg.Audience)
	if err != nil {
		return nil, fmt.Errorf("opening accounts: %w", err)
	}
	s := &Service{
		store:    cfg.Store,
		hasher:   cfg.Hasher,
		gate:     auth.NewGate(runtime.GOMAXPROCS(0)),
		signer:   signer,
		logger:   cfg.Logger,
		changed:  cfg.Changed,
		limits:   newLimits(),
		known:    newKnown(),
		cache:    newCache(),
		seen:     newSeen(),
		failures: newFailureLog(),
		devices:  newDevices(),
		tickets:  newTickets(),
		openings: newOpenings(),
		resolver: cfg.Resolver,
		done:     make(chan struct{}),
	}
	if s.proofKey, err = newProofKey(ctx, cfg.Keys); err != nil {
		return nil, fmt.Errorf("opening accounts: %w", err)
	}
	if s.resolver == nil {
		s.resolver = net.DefaultResolver
	}
	if s.logger == nil {
		s.logger = zap.NewNop
	}
	if s.changed == nil {
		s.changed = func(Change) {}
	}
	run, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stop = stop
	go s.keepHouse(run)
	return s, nil
}

// Close writes what has not been written yet. The store must still be open, and
// the service is not used any more.
func (s *Service) Close() {
	s.stop()
	<-s.done
}

// keepHouse gathers what is worth writing, but not at once.
func (s *Service) keepHouse(ctx context.Context) {
	defer close(s.done)
	t := time.NewTicker(housekeeping)
	defer t.Stop()
	for round := 1; ; round++ {
		select {
		case <-t.C:
			s.tidy(ctx)
			if round%pruneEach == 0 {
				s.prune(ctx)
			}
		case <-ctx.Done():
			s.tidy(ctx)
			return
		}
	}
}

// tidy finishes what it has begun also when the service closes, which waits
// for it.
func (s *Service) tidy(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	logins, tokens := s.seen.take()
	if len(logins) > 0 {
		s.note("noting when log-ins were last used", s.store.TouchLogins(ctx, logins))
	}
	if len(tokens) > 0 {
		s.note("noting when API tokens were last used", s.store.TouchAPITokens(ctx, tokens))
	}
	s.reportFailures(ctx, s.failures.due(time.Now()))
	s.devices.forgetExpired(time.Now())
}

func (s *Service) prune(ctx context.Context) {
	now := time.Now()
	_, err := s.store.PruneLogins(ctx, now)
	s.note("forgetting expired log-ins", err)
	_, err = s.store.PruneAudit(ctx, now.Add(-auditKept))
	s.note("forgetting old entries of the audit log", err)
}

// note logs what nobody waits for.
func (s *Service) note(doing string, err error) {
	if err != nil && !errors.Is(err, context.Canceled) {
		s.logger().Warn(doing, zap.Error(err))
	}
}

// tell drops what is cached of a user, and tells the others.
func (s *Service) tell(c Change) {
	if c.UserID != 0 {
		s.cache.drop(c.UserID)
	}
	s.changed(c)
}

// public is a user as others get to see it.
func public(u store.User) store.User {
	u.PasswordHash = ""
	return u
}

// isClean reports whether s can be looked for in a database at all: PostgreSQL
// calls it an error to ask for a text with a zero byte, or one that is no UTF-8.
func isClean(s string, longest int) bool { return clean(s, longest) == s }

// clean makes of what a stranger sends a line that can be shown: short, and
// without characters that a terminal obeys.
func clean(s string, longest int) string {
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	if len(s) > longest {
		s = strings.ToValidUTF8(s[:longest], "") // not a part of a character
	}
	return s
}
