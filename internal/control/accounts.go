// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package control

import (
	"context"
	"time"
)

// Accounts is everything that an operator can do with people and what they
// have. Who is meant is said by name or e-mail.
type Accounts interface {
	CreateAdmin(ctx context.Context, a NewAdmin) (User, error)
	// SetupLink returns the link that makes the first administrator; older
	// ones are void. With an administrator there is none.
	SetupLink(ctx context.Context) (Link, error)
	// Users returns a page of those whose name or e-mail contains search.
	Users(ctx context.Context, search string, p Page) (UserPage, error)
	DisableUser(ctx context.Context, name string) error
	EnableUser(ctx context.Context, name string) error
	// DeleteUser deletes everything that is the user's too.
	DeleteUser(ctx context.Context, name string) error
	// ResetPassword returns the link by which the user sets another password.
	ResetPassword(ctx context.Context, name string) (Link, error)

	CreateInvites(ctx context.Context, r InviteRequest) ([]NewInvite, error)
	// Invites returns a page of those in a state; of all, if that is empty.
	Invites(ctx context.Context, state string, p Page) (InvitePage, error)
	RevokeInvite(ctx context.Context, id int64) error
}

// Keeper looks after the database.
type Keeper interface {
	// Backup writes a copy of the database into file, an absolute path at
	// which nothing is yet.
	Backup(ctx context.Context, file string) error
}

// NewAdmin is an administrator to be.
type NewAdmin struct {
	Name     string `json:"name"`
	Email    string `json:"email"`
	Password string `json:"password"`
}

// Page says which part of a list is wanted: at most Limit items from the one
// on that After, the Next of the page before, stands for.
type Page struct {
	After string
	Limit int
}

// Link is a link that is good for one use.
type Link struct {
	URL       string    `json:"url"`
	ExpiresAt time.Time `json:"expires_at"`
}

// User is a person with an account.
type User struct {
	ID         int64     `json:"id"`
	Name       string    `json:"name"`
	Email      string    `json:"email"`
	Admin      bool      `json:"admin"`
	CreatedAt  time.Time `json:"created_at"`
	DisabledAt time.Time `json:"disabled_at,omitzero"`
}

// UserPage is a part of the list of users; Next is empty in the last one.
type UserPage struct {
	Users []User `json:"users"`
	Next  string `json:"next,omitempty"`
}

// InviteRequest asks for invites; without ExpiresAt they are good for ever.
type InviteRequest struct {
	Count     int       `json:"count"`
	Note      string    `json:"note,omitempty"`
	ExpiresAt time.Time `json:"expires_at,omitzero"`
}

// Invite is an invite without its code, which nobody can find out any more.
type Invite struct {
	ID        int64     `json:"id"`
	State     string    `json:"state"` // "unused", "used", "expired" or "revoked"
	Note      string    `json:"note,omitempty"`
	CreatedAt time.Time `json:"created_at"`
	ExpiresAt time.Time `json:"expires_at,omitzero"`
	UsedAt    time.Time `json:"used_at,omitzero"`
	UsedBy    string    `json:"used_by,omitempty"` // the user's name
	RevokedAt time.Time `json:"revoked_at,omitzero"`
}

// NewInvite is an invite at the only moment that its code can be seen.
type NewInvite struct {
	Invite
	Code string `json:"code"`
	URL  string `json:"url"`
}

// InvitePage is a part of the list of invites; Next is empty in the last one.
type InvitePage struct {
	Invites []Invite `json:"invites"`
	Next    string   `json:"next,omitempty"`
}

// NoUser is the error for a name that nobody has.
func NoUser(name string) *Error {
	return &Error{
		Code:    CodeNotFound,
		Message: "no user has the name or e-mail " + quote(name) + "; `culvert user list` shows those that exist",
	}
}
