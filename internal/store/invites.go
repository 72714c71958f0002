// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"errors"
	"time"
)

const (
	sqlInsertInvite = `
		INSERT INTO invites (hash, note, created_by, created_at, expires_at) VALUES (?, ?, ?, ?, ?)
		RETURNING id`
	// The one that decides: of any number at once, one meets the row.
	sqlRedeemInvite = `
		UPDATE invites SET used_at = ?
		WHERE hash = ? AND used_at = 0 AND revoked_at = 0 AND (expires_at = 0 OR expires_at > ?)
		RETURNING id`
	sqlInviteUsedBy = `UPDATE invites SET used_by = ? WHERE id = ?`
	selectInvites   = `
		SELECT i.id, i.hash, i.note, coalesce(i.created_by, 0), i.created_at, i.expires_at, i.used_at,
			i.revoked_at, coalesce(i.used_by, 0), coalesce(u.name, '')
		FROM invites i LEFT JOIN users u ON u.id = i.used_by`
	sqlSelectInvite = selectInvites + ` WHERE i.id = ?`
	// The states are those of Invite.State.
	sqlPageInvites = selectInvites + `
		WHERE i.id < ? AND CAST(? AS TEXT) IN ('', CASE
			WHEN i.used_at > 0 THEN 'used'
			WHEN i.revoked_at > 0 THEN 'revoked'
			WHEN i.expires_at > 0 AND i.expires_at <= ? THEN 'expired'
			ELSE 'unused' END)
		ORDER BY i.id DESC LIMIT ?`
	sqlRevokeInvite = `UPDATE invites SET revoked_at = ? WHERE id = ? AND used_at = 0 AND revoked_at = 0`
)

// The states of invites.
const (
	InviteUnused  = "unused"
	InviteUsed    = "used"
	InviteExpired = "expired"
	InviteRevoked = "revoked"
)

// Invite is the leave to make one account. Its code is kept nowhere.
type Invite struct {
	ID         int64
	Hash       [32]byte // SHA-256 of the code
	Note       string
	CreatedBy  int64 // 0: on the command line, or the user is gone
	CreatedAt  time.Time
	ExpiresAt  time.Time // zero: never
	UsedAt     time.Time
	RevokedAt  time.Time
	UsedBy     int64
	UsedByName string
}

// State says what the invite is good for.
func (i *Invite) State(now time.Time) string {
	switch {
	case !i.UsedAt.IsZero():
		return InviteUsed
	case !i.RevokedAt.IsZero():
		return InviteRevoked
	case !i.ExpiresAt.IsZero() && !i.ExpiresAt.After(now):
		return InviteExpired
	}
	return InviteUnused
}

// CreateInvites adds all of them or none, and returns them with their ids.
func (s *Store) CreateInvites(ctx context.Context, invites []Invite) ([]Invite, error) {
	var out []Invite
	err := s.inTx(ctx, func(tx conn) error {
		out = nil
		for _, i := range invites {
			id, err := one(ctx, tx, scanInt, sqlInsertInvite, i.Hash[:], i.Note, orNull(i.CreatedBy),
				millis(i.CreatedAt), millis(i.ExpiresAt))
			if err != nil {
				return err
			}
			i.ID = id
			out = append(out, i)
		}
		return nil
	})
	if err != nil {
		return nil, wrap("creating invites", err)
	}
	return out, nil
}

// CreateUserWithInvite adds u and uses up the invite, both or nothing. The error
// is ErrInvite if the invite is unknown, used, expired or revoked, and an
// ExistsError if u's name or address is taken, which leaves the invite as it
// was.
func (s *Store) CreateUserWithInvite(ctx context.Context, u User, inviteHash [32]byte, now time.Time) (User, Invite, error) {
	var made User
	var invite Invite
	err := s.inUserTx(ctx, func(tx conn) error {
		id, err := one(ctx, tx, scanInt, sqlRedeemInvite, millis(now), inviteHash[:], millis(now))
		if errors.Is(err, ErrNotFound) {
			return ErrInvite
		}
		if err != nil {
			return err
		}
		if made, err = createUser(ctx, tx, u); err != nil {
			return err
		}
		if err := tx.must(ctx, sqlInviteUsedBy, made.ID, id); err != nil {
			return err
		}
		invite, err = one(ctx, tx, scanInvite, sqlSelectInvite, id)
		return err
	})
	if err != nil {
		return User{}, Invite{}, wrap("redeeming invite", err)
	}
	return made, invite, nil
}

// Invites returns invites of one state, or all for "", the newest first.
func (s *Store) Invites(ctx context.Context, state string, now time.Time, p Page) ([]Invite, string, error) {
	after, err := parseIDCursor(p.After)
	if err != nil {
		return nil, "", wrap("listing invites", err)
	}
	invites, next, err := paged(ctx, s.r, p, scanInvite, func(i Invite) string { return idCursor(i.ID) },
		sqlPageInvites, after, state, millis(now))
	return invites, next, wrap("listing invites", err)
}

// Invite returns an invite by id, or ErrNotFound.
func (s *Store) Invite(ctx context.Context, id int64) (Invite, error) {
	i, err := one(ctx, s.r, scanInvite, sqlSelectInvite, id)
	return i, wrap("reading invite", err)
}

// RevokeInvite takes an invite out of force. It returns ErrNotFound, or
// ErrInvite if it was used or revoked before.
func (s *Store) RevokeInvite(ctx context.Context, id int64, now time.Time) error {
	err := s.inTx(ctx, func(tx conn) error {
		n, err := tx.exec(ctx, sqlRevokeInvite, millis(now), id)
		if err != nil || n > 0 {
			return err
		}
		if _, err := one(ctx, tx, scanInvite, sqlSelectInvite, id); err != nil {
			return err
		}
		return ErrInvite
	})
	return wrap("revoking invite", err)
}

func scanInvite(row scanner) (Invite, error) {
	var (
		i                               Invite
		hash                            []byte
		created, expires, used, revoked int64
	)
	err := row.Scan(&i.ID, &hash, &i.Note, &i.CreatedBy, &created, &expires, &used, &revoked, &i.UsedBy, &i.UsedByName)
	if err != nil {
		return Invite{}, err
	}
	i.CreatedAt, i.ExpiresAt = fromMillis(created), fromMillis(expires)
	i.UsedAt, i.RevokedAt = fromMillis(used), fromMillis(revoked)
	i.Hash, err = toHash(hash)
	return i, err
}
