// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func addInvite(t testing.TB, s *Store, i Invite) Invite {
	t.Helper()
	out, err := s.CreateInvites(t.Context(), []Invite{i})
	if err != nil {
		t.Fatal(err)
	}
	return out[0]
}

func TestInvites(t *testing.T) { withStore(t, testInvites) }

func testInvites(t *testing.T, s *Store) {
	ctx := t.Context()
	admin := addAdmin(t, s, "admin")
	now := t0.Add(time.Hour)
	made, err := s.CreateInvites(ctx, []Invite{
		{Hash: hashOf(0), Note: "for ever", CreatedBy: admin.ID, CreatedAt: t0},
		{Hash: hashOf(1), CreatedAt: t0, ExpiresAt: now.Add(time.Millisecond)},
		{Hash: hashOf(2), CreatedAt: t0, ExpiresAt: now},
		{Hash: hashOf(3), CreatedAt: t0, ExpiresAt: now},
		{Hash: hashOf(4), CreatedAt: t0},
	})
	if err != nil || len(made) != 5 {
		t.Fatalf("%+v, %v", made, err)
	}
	if err := s.RevokeInvite(ctx, made[3].ID, t0); err != nil {
		t.Fatal(err)
	}
	u, used, err := s.CreateUserWithInvite(ctx, User{Name: "new", Email: "new@example.com"}, hashOf(4), now)
	if err != nil || used.UsedBy != u.ID || used.UsedByName != "new" || !used.UsedAt.Equal(now) {
		t.Fatalf("%+v, %+v, %v", u, used, err)
	}
	for state, want := range map[string][]int64{
		"":            {made[4].ID, made[3].ID, made[2].ID, made[1].ID, made[0].ID},
		InviteUnused:  {made[1].ID, made[0].ID},
		InviteExpired: {made[2].ID},
		InviteRevoked: {made[3].ID},
		InviteUsed:    {made[4].ID},
		"odd":         nil,
	} {
		for limit := range 4 {
			var got []int64
			for _, i := range collect(t, limit, func(p Page) ([]Invite, string, error) { return s.Invites(ctx, state, now, p) }) {
				got = append(got, i.ID)
				if state != "" && i.State(now) != state {
					t.Errorf("%+v is %s, not %s", i, i.State(now), state)
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("%q: %v, want %v", state, got, want)
			}
		}
	}
	if got, err := s.Invite(ctx, made[0].ID); err != nil || got != made[0] {
		t.Errorf("got %+v, want %+v (%v)", got, made[0], err)
	}
	for id, want := range map[int64]error{made[3].ID: ErrInvite, made[4].ID: ErrInvite, 999: ErrNotFound} {
		if err := s.RevokeInvite(ctx, id, now); !errors.Is(err, want) {
			t.Errorf("revoking %d: %v, want %v", id, err, want)
		}
	}
	// An invite that is no good makes no account.
	for i := 2; i <= 5; i++ {
		_, _, err := s.CreateUserWithInvite(ctx, User{Name: "x", Email: "x@example.com"}, hashOf(i), now)
		if !errors.Is(err, ErrInvite) {
			t.Errorf("invite %d: %v", i, err)
		}
	}
	// A name that is taken does not use it up.
	_, _, err = s.CreateUserWithInvite(ctx, User{Name: "NEW", Email: "x@example.com"}, hashOf(1), now)
	if !errors.Is(err, ErrExists) {
		t.Error(err)
	}
	if _, _, err := s.CreateUserWithInvite(ctx, User{Name: "x", Email: "x@example.com"}, hashOf(1), now); err != nil {
		t.Error(err)
	}
	// Of several, all are made or none.
	if _, err := s.CreateInvites(ctx, []Invite{{Hash: hashOf(7)}, {Hash: hashOf(0)}}); err == nil {
		t.Error("the same code twice")
	}
	if all := collect(t, 0, func(p Page) ([]Invite, string, error) { return s.Invites(ctx, "", now, p) }); len(all) != 5 {
		t.Errorf("%d invites", len(all))
	}
}

// TestRedeemAtOnce lets a thousand redeem one invite.
func TestRedeemAtOnce(t *testing.T) { withStore(t, testRedeemAtOnce) }

func testRedeemAtOnce(t *testing.T, s *Store) {
	const n = 1000
	addInvite(t, s, Invite{Hash: hashOf("code")})
	var (
		wg    sync.WaitGroup
		won   atomic.Int64
		start = make(chan struct{})
	)
	for i := range n {
		wg.Go(func() {
			<-start
			u := User{Name: fmt.Sprint("user", i), Email: fmt.Sprint(i, "@example.com")}
			_, _, err := s.CreateUserWithInvite(t.Context(), u, hashOf("code"), t0)
			switch {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, ErrInvite):
				t.Error(err)
			}
		})
	}
	close(start)
	wg.Wait()
	users, _, err := s.CountUsers(t.Context())
	if err != nil || users != 1 || won.Load() != 1 {
		t.Errorf("%d users, %d winners (%v)", users, won.Load(), err)
	}
}
