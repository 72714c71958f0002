// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package account

import (
	"context"
	"fmt"
	"time"

	"github.com/culvertd/culvert/internal/auth"
	"github.com/culvertd/culvert/internal/store"
)

const maxNote = 500

// CreateInvites makes n invites, which expire unless that time is zero. Their
// codes are returned this once: only hashes are kept.
func (s *Service) CreateInvites(ctx context.Context, p Principal, n int, note string, expires time.Time, from From) ([]NewInvite, error) {
	if err := mayAdminister(p); err != nil {
		return nil, err
	}
	now := time.Now().UTC()
	expires = expires.UTC() // stays zero if it is
	switch {
	case n < 1 || n > maxInviteBatch:
		return nil, invalid("count", fmt.Sprintf("is 1 to %d", maxInviteBatch))
	case !isClean(note, maxNote):
		return nil, invalid("note", fmt.Sprintf("is one line of at most %d bytes", maxNote))
	case !expires.IsZero() && !expires.After(now):
		return nil, invalid("expires_at", "is in the past")
	}
	list := make([]store.Invite, n)
	codes := make([]string, n)
	for i := range list {
		codes[i] = auth.NewCode()
		list[i] = store.Invite{Hash: auth.HashSecret(codes[i]), Note: note, CreatedBy: p.User.ID, CreatedAt: now, ExpiresAt: expires}
	}
	made, err := s.store.CreateInvites(ctx, list)
	if err != nil {
		return nil, fail("creating invites", err)
	}
	out := make([]NewInvite, n)
	ids := make([]int64, n)
	for i, v := range made {
		out[i] = NewInvite{Invite: v, Code: codes[i]}
		ids[i] = v.ID
	}
	s.audit(ctx, p, from, "invite.create", idTarget("invite", ids[0]), nil,
		map[string]any{"ids": ids, "note": note, "expires_at": optional(expires)})
	return out, nil
}

// The states that Invites can ask for; "" is any.
var inviteStates = map[string]bool{"": true, "unused": true, "used": true, "expired": true, "revoked": true}

// Invites returns the invites of a state.
func (s *Service) Invites(ctx context.Context, p Principal, state string, page store.Page) ([]store.Invite, string, error) {
	if !p.User.Admin {
		return nil, "", errForbidden
	}
	if !inviteStates[state] {
		return nil, "", invalid("state", "is unused, used, expired or revoked")
	}
	list, next, err := s.store.Invites(ctx, state, time.Now().UTC(), page)
	return list, next, fail("listing invites", err)
}

// RevokeInvite takes an unused invite out of force.
func (s *Service) RevokeInvite(ctx context.Context, p Principal, id int64, from From) error {
	if err := mayAdminister(p); err != nil {
		return err
	}
	v, err := s.store.Invite(ctx, id)
	if err != nil {
		return fail("revoking invite", err)
	}
	if err := s.store.RevokeInvite(ctx, id, time.Now().UTC()); err != nil {
		return fail("revoking invite", err)
	}
	s.audit(ctx, p, from, "invite.revoke", idTarget("invite", id), map[string]any{"note": v.Note, "expires_at": optional(v.ExpiresAt)}, nil)
	return nil
}
