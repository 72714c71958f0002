// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"errors"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestLogins(t *testing.T) { withStore(t, testLogins) }

func testLogins(t *testing.T, s *Store) {
	ctx := t.Context()
	a, b := addUser(t, s, "a"), addUser(t, s, "b")
	add := func(jti string, u User, at time.Duration) Login {
		l := Login{
			JTI: jti, UserID: u.ID, CreatedAt: t0.Add(at), ExpiresAt: t0.Add(at + time.Hour),
			LastSeenAt: t0.Add(at), Addr: "192.0.2.1", Agent: "curl", Epoch: 2,
		}
		if err := s.CreateLogin(ctx, l); err != nil {
			t.Fatal(err)
		}
		return l
	}
	one, two, three, other := add("1", a, 0), add("2", a, 1e9), add("3", a, 2e9), add("4", b, 0)
	if got, err := s.Login(ctx, "1"); err != nil || got != one {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := s.Login(ctx, "5"); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
	want := func(u User, want ...Login) {
		t.Helper()
		got, err := s.Logins(ctx, u.ID)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("got  %+v\nwant %+v\n(%v)", got, want, err)
		}
	}
	want(a, three, two, one)
	if err := s.RevokeLogin(ctx, b.ID, "1"); !errors.Is(err, ErrNotFound) {
		t.Errorf("somebody else's: %v", err)
	}
	if err := s.RevokeLogin(ctx, a.ID, "2"); err != nil {
		t.Error(err)
	}
	if _, err := s.Login(ctx, "2"); !errors.Is(err, ErrNotFound) {
		t.Errorf("revoked: %v", err)
	}
	later := t0.Add(time.Minute)
	if err := s.TouchLogins(ctx, map[string]time.Time{"1": later, "3": t0, "2": later, "none": later}); err != nil {
		t.Error(err)
	}
	one.LastSeenAt = later
	want(a, three, one)
	if err := s.RevokeLogins(ctx, a.ID, "1"); err != nil {
		t.Error(err)
	}
	want(a, one)
	want(b, other)
	if err := s.RevokeLogins(ctx, a.ID, ""); err != nil {
		t.Error(err)
	}
	want(a)
	if n, err := s.PruneLogins(ctx, other.ExpiresAt); n != 0 || err != nil {
		t.Errorf("pruned %d, %v", n, err)
	}
	if n, err := s.PruneLogins(ctx, other.ExpiresAt.Add(time.Second)); n != 1 || err != nil {
		t.Errorf("pruned %d, %v", n, err)
	}
}

func TestAPITokens(t *testing.T) { withStore(t, testAPITokens) }

func testAPITokens(t *testing.T, s *Store) {
	ctx := t.Context()
	a, b := addUser(t, s, "a"), addUser(t, s, "b")
	tok := APIToken{ID: "x", UserID: a.ID, Hash: hashOf("x"), Name: "CI", Scope: "manage", CreatedAt: t0, ExpiresAt: t0.Add(1e9)}
	if err := s.CreateAPIToken(ctx, tok); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []APIToken{
		{ID: "x", UserID: a.ID, Hash: hashOf("y"), Scope: "read"},
		{ID: "y", UserID: a.ID, Hash: hashOf("x"), Scope: "read"},
		{ID: "y", UserID: a.ID, Hash: hashOf("y"), Scope: "everything"},
		{ID: "y", UserID: 999, Hash: hashOf("y"), Scope: "read"},
	} {
		if err := s.CreateAPIToken(ctx, bad); err == nil {
			t.Errorf("taken: %+v", bad)
		}
	}
	if err := s.TouchAPITokens(ctx, map[string]time.Time{"x": t0}); err != nil {
		t.Error(err)
	}
	tok.LastUsedAt = t0
	if got, err := s.APITokenByHash(ctx, hashOf("x")); err != nil || got != tok {
		t.Errorf("%+v, %v", got, err)
	}
	if l, err := s.APITokens(ctx, a.ID); err != nil || !reflect.DeepEqual(l, []APIToken{tok}) {
		t.Errorf("%+v, %v", l, err)
	}
	for _, r := range []struct {
		user int64
		want error
	}{{b.ID, ErrNotFound}, {a.ID, nil}, {a.ID, ErrNotFound}} {
		if err := s.RevokeAPIToken(ctx, r.user, "x", t0); !errors.Is(err, r.want) {
			t.Errorf("revoking for %d: %v, want %v", r.user, err, r.want)
		}
	}
	if _, err := s.APITokenByHash(ctx, hashOf("x")); !errors.Is(err, ErrNotFound) {
		t.Errorf("revoked: %v", err)
	}
	if l, err := s.APITokens(ctx, a.ID); err != nil || len(l) != 0 {
		t.Errorf("%+v, %v", l, err)
	}
}

func TestResets(t *testing.T) { withStore(t, testResets) }

func testResets(t *testing.T, s *Store) {
	ctx := t.Context()
	a, b := addUser(t, s, "a"), addUser(t, s, "b")
	reset := func(code string, user int64, kind string) Reset {
		t.Helper()
		r := Reset{Hash: hashOf(code), UserID: user, CreatedBy: b.ID, CreatedAt: t0, ExpiresAt: t0.Add(time.Hour), Kind: kind}
		if err := s.CreateReset(ctx, r); err != nil {
			t.Fatal(err)
		}
		return r
	}
	reset("old", a.ID, "password")
	r := reset("new", a.ID, "password")
	reset("other", b.ID, "password")
	reset("first old", 0, "first-admin")
	first := reset("first", 0, "first-admin")
	for _, tt := range []struct {
		code, kind string
		at         time.Time
		want       Reset
		err        error
	}{
		{"old", "password", t0, Reset{}, ErrNotFound}, // replaced
		{"first old", "first-admin", t0, Reset{}, ErrNotFound},
		{"new", "first-admin", t0, Reset{}, ErrNotFound},
		{"new", "password", r.ExpiresAt, Reset{}, ErrNotFound},
		{"new", "password", t0, r, nil},
		{"new", "password", t0, Reset{}, ErrNotFound}, // used
		{"first", "first-admin", t0, first, nil},
	} {
		looked, err1 := s.Reset(ctx, hashOf(tt.code), tt.kind, tt.at)
		used, err2 := s.UseReset(ctx, hashOf(tt.code), tt.kind, tt.at)
		if looked != tt.want || used != tt.want || !errors.Is(err1, tt.err) || !errors.Is(err2, tt.err) {
			t.Errorf("%+v: %+v, %v; %+v, %v", tt, looked, err1, used, err2)
		}
	}
	var wg sync.WaitGroup
	var won atomic.Int64
	for range 50 {
		wg.Go(func() {
			if _, err := s.UseReset(ctx, hashOf("other"), "password", t0); err == nil {
				won.Add(1)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 {
		t.Errorf("used %d times", won.Load())
	}
}

func TestIdempotent(t *testing.T) { withStore(t, testIdempotent) }

func testIdempotent(t *testing.T, s *Store) {
	ctx := t.Context()
	a := addUser(t, s, "a")
	want := Idempotent{UserID: a.ID, Key: "k", Request: "POST /x abc", Status: 201, Body: []byte("{\x00}"), CreatedAt: t0}
	if err := s.SaveIdempotent(ctx, want); err != nil {
		t.Fatal(err)
	}
	if err := s.SaveIdempotent(ctx, Idempotent{UserID: a.ID, Key: "k", Status: 500}); !errors.Is(err, ErrExists) {
		t.Error(err)
	}
	if err := s.SaveIdempotent(ctx, Idempotent{Key: "k", CreatedAt: t0.Add(time.Hour)}); err != nil {
		t.Error(err)
	}
	if got, err := s.Idempotent(ctx, a.ID, "k"); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	// One that stands no more gives way, before it is pruned.
	want.Request, want.CreatedAt = "POST /y def", t0.Add(AnswerLife)
	if err := s.SaveIdempotent(ctx, want); !errors.Is(err, ErrExists) {
		t.Error(err)
	}
	want.CreatedAt = t0.Add(AnswerLife + time.Millisecond)
	if err := s.SaveIdempotent(ctx, want); err != nil {
		t.Error(err)
	}
	if got, err := s.Idempotent(ctx, a.ID, "k"); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	if n, err := s.PruneIdempotent(ctx, want.CreatedAt.Add(time.Millisecond)); n != 2 || err != nil {
		t.Errorf("pruned %d, %v", n, err)
	}
	if _, err := s.Idempotent(ctx, a.ID, "k"); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
}
