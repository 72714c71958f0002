// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package admin

import (
	"context"
	"net/http"
	"time"

	"github.com/culvertd/culvert/internal/account"
	"github.com/culvertd/culvert/internal/store"
)

// Invite is an invite without its code.
type Invite struct {
	ID        int64     `json:"id"`
	State     string    `json:"state" enum:"unused,used,expired,revoked"`
	Note      string    `json:"note"`
	CreatedBy int64     `json:"created_by" doc:"The administrator's id; 0 is the operator."`
	CreatedAt time.Time `json:"created_at"`
	ExpiresAt time.Time `json:"expires_at,omitzero"`
	UsedAt    time.Time `json:"used_at,omitzero"`
	UsedBy    string    `json:"used_by,omitempty" doc:"The name of the account that came of it."`
	RevokedAt time.Time `json:"revoked_at,omitzero"`
}

// NewInvite is one at the only moment that its code can be seen.
type NewInvite struct {
	Invite
	Code string `json:"code" doc:"It is shown this once. The link is the gateway's address and /register#CODE."`
}

type listInvitesIn struct {
	Paged
	State string `query:"state" enum:"unused,used,expired,revoked"`
}

type newInvitesIn struct {
	Repeatable
	Body struct {
		Count     int       `json:"count,omitempty" minimum:"1" maximum:"200" default:"1"`
		Note      string    `json:"note,omitempty" maxLength:"200"`
		ExpiresAt time.Time `json:"expires_at,omitzero" doc:"Default: in 72 hours."`
	}
}

// inviteLife is how long an invite holds that says nothing else.
const inviteLife = 72 * time.Hour

func (a *API) invites() {
	tag := every.tag + "Invites"
	handle(a, tag, every.with(get, "/invites", "list-invites", adminReader, "Lists invites, newest first"),
		func(ctx context.Context, q *request, in *listInvitesIn) (*listOut[Invite], error) {
			list, next, err := q.accounts.Invites(ctx, q.who, in.State, in.page())
			now := time.Now()
			return shown(list, func(i store.Invite) Invite { return showInvite(i, now) }, next, err)
		})
	create := every.with(post, "/invites", "create-invites", adminManager, "Makes invites")
	create.status, create.create = http.StatusCreated, true
	handle(a, tag, create, func(ctx context.Context, q *request, in *newInvitesIn) (*listOut[NewInvite], error) {
		now := time.Now()
		if in.Body.ExpiresAt.IsZero() {
			in.Body.ExpiresAt = now.Add(inviteLife)
		}
		list, err := q.accounts.CreateInvites(ctx, q.who, in.Body.Count, in.Body.Note, in.Body.ExpiresAt, q.from())
		return shown(list, func(i account.NewInvite) NewInvite {
			return NewInvite{showInvite(i.Invite, now), i.Code}
		}, "", err)
	})
	handle(a, tag, every.with(remove, "/invites/{id}", "revoke-invite", adminManager, "Revokes an invite"),
		func(ctx context.Context, q *request, in *NumericID) (*none, error) {
			return done(q.accounts.RevokeInvite(ctx, q.who, in.ID, q.from()))
		})
}

func showInvite(i store.Invite, now time.Time) Invite {
	v := Invite{
		ID: i.ID, State: "unused", Note: i.Note, CreatedBy: i.CreatedBy, CreatedAt: i.CreatedAt,
		ExpiresAt: i.ExpiresAt, UsedAt: i.UsedAt, UsedBy: i.UsedByName, RevokedAt: i.RevokedAt,
	}
	switch {
	case !i.UsedAt.IsZero():
		v.State = "used"
	case !i.RevokedAt.IsZero():
		v.State = "revoked"
	case !i.ExpiresAt.IsZero() && !now.Before(i.ExpiresAt):
		v.State = "expired"
	}
	return v
}
