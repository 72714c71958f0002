// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// User is an account.
type User struct {
	ID           int64
	Name         string // as written; unique without regard to case
	Email        string // alike
	PasswordHash string // empty: no log-in by password
	Admin        bool
	CreatedAt    time.Time
	DisabledAt   time.Time // zero: enabled
	TermsAt      time.Time // when the terms of use were accepted
	Epoch        int64     // log-ins of an older epoch are void
	Limits       UserLimits
	Version      int64 // grows with each change
}

// UserLimits override the gateway's defaults for one account: 0 is the default,
// -1 is no limit.
type UserLimits struct {
	Endpoints    int   `json:"endpoints,omitempty"`
	Clients      int   `json:"clients,omitempty"`
	Connections  int   `json:"connections,omitempty"`
	MonthlyBytes int64 `json:"monthly_bytes,omitempty"`
}

// UserFilter chooses among the accounts; nil means both.
type UserFilter struct {
	Search   string // part of the name or the e-mail address
	Admin    *bool
	Disabled *bool
}

func (u *User) active() bool { return u.Admin && u.DisabledAt.IsZero() }

// foldKey is what names and addresses are compared by.
func foldKey(s string) string { return strings.ToLower(s) }

// columns are the values of sqlInsertUser and the first ones of sqlUpdateUser.
func (u *User) columns() ([]any, error) {
	limits, err := json.Marshal(u.Limits)
	if err != nil {
		return nil, err
	}
	return []any{
		u.Name, foldKey(u.Name), u.Email, foldKey(u.Email), u.PasswordHash, u.Admin,
		millis(u.DisabledAt), millis(u.TermsAt), u.Epoch, string(limits),
	}, nil
}

// scanUser reads a row of selectUsers.
func scanUser(row scanner) (User, error) {
	var (
		u                        User
		created, disabled, terms int64
		limits                   string
	)
	err := row.Scan(&u.ID, &u.Name, &u.Email, &u.PasswordHash, &u.Admin, &created, &disabled, &terms,
		&u.Epoch, &limits, &u.Version)
	if err != nil {
		return User{}, err
	}
	u.CreatedAt, u.DisabledAt, u.TermsAt = fromMillis(created), fromMillis(disabled), fromMillis(terms)
	if err := json.Unmarshal([]byte(limits), &u.Limits); err != nil {
		return User{}, fmt.Errorf("limits of user %d: %w", u.ID, err)
	}
	return u, nil
}

// either gives the two values that a column may have.
func either(b *bool) (bool, bool) {
	if b == nil {
		return true, false
	}
	return *b, *b
}
