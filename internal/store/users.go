// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"errors"
	"strings"
	"time"
)

const (
	selectUsers = `
		SELECT id, name, email, password_hash, admin, created_at, disabled_at, terms_at, epoch, limits, version
		FROM users`
	sqlSelectUser        = selectUsers + ` WHERE id = ?`
	sqlSelectUserByName  = selectUsers + ` WHERE name_key = ?`
	sqlSelectUserByEmail = selectUsers + ` WHERE email_key = ?`
	// It walks along the names until the page is full.
	sqlPageUsers = selectUsers + `
		WHERE name_key > ? AND (name_key LIKE ? ESCAPE '\' OR email_key LIKE ? ESCAPE '\')
			AND admin IN (?, ?) AND (disabled_at > 0) IN (?, ?)
		ORDER BY name_key LIMIT ?`
	sqlInsertUser = `
		INSERT INTO users (name, name_key, email, email_key, password_hash, admin, disabled_at, terms_at,
			epoch, limits, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT DO NOTHING RETURNING id`
	sqlUpdateUser = `
		UPDATE users SET name = ?, name_key = ?, email = ?, email_key = ?, password_hash = ?, admin = ?,
			disabled_at = ?, terms_at = ?, epoch = ?, limits = ?, version = version + 1
		WHERE id = ?`
	sqlUserByName  = `SELECT id FROM users WHERE name_key = ?`
	sqlUserByEmail = `SELECT id FROM users WHERE email_key = ?`
	sqlCountUsers  = `SELECT count(*) FROM users`
	sqlCountAdmins = `SELECT count(*) FROM users WHERE admin = TRUE AND disabled_at = 0`
)

// CreateUser adds u and returns it with its id. The error is an ExistsError if
// its name or address is taken.
func (s *Store) CreateUser(ctx context.Context, u User) (User, error) {
	var made User
	err := s.inUserTx(ctx, func(tx conn) (err error) {
		made, err = createUser(ctx, tx, u)
		return err
	})
	if err != nil {
		return User{}, wrap("creating user", err)
	}
	return made, nil
}

func createUser(ctx context.Context, tx conn, u User) (User, error) {
	if u.CreatedAt.IsZero() {
		u.CreatedAt = time.Now()
	}
	values, err := u.columns()
	if err != nil {
		return User{}, err
	}
	id, err := one(ctx, tx, scanInt, sqlInsertUser, append(values, millis(u.CreatedAt))...)
	if errors.Is(err, ErrNotFound) { // not inserted
		err = taken(ctx, tx, &u)
	}
	if err != nil {
		return User{}, err
	}
	return one(ctx, tx, scanUser, sqlSelectUser, id)
}

// taken tells which of u's names another user has; nil if none.
func taken(ctx context.Context, tx conn, u *User) error {
	for _, f := range []struct{ field, query, key string }{
		{"name", sqlUserByName, foldKey(u.Name)},
		{"email", sqlUserByEmail, foldKey(u.Email)},
	} {
		id, err := one(ctx, tx, scanInt, f.query, f.key)
		switch {
		case err == nil && id != u.ID:
			return &ExistsError{Field: f.field}
		case err != nil && !errors.Is(err, ErrNotFound):
			return err
		}
	}
	return nil
}

// User returns a user by id, or ErrNotFound.
func (s *Store) User(ctx context.Context, id int64) (User, error) {
	u, err := one(ctx, s.r, scanUser, sqlSelectUser, id)
	return u, wrap("reading user", err)
}

// UserByLogin returns the user who logs in by this name or address, or
// ErrNotFound. Whatever has an @ is an address.
func (s *Store) UserByLogin(ctx context.Context, nameOrEmail string) (User, error) {
	query := sqlSelectUserByName
	if strings.Contains(nameOrEmail, "@") {
		query = sqlSelectUserByEmail
	}
	u, err := one(ctx, s.r, scanUser, query, foldKey(nameOrEmail))
	return u, wrap("reading user", err)
}

// Users returns users by name.
func (s *Store) Users(ctx context.Context, f UserFilter, p Page) ([]User, string, error) {
	after, err := parseTextCursor(p.After)
	if err != nil {
		return nil, "", wrap("listing users", err)
	}
	like := containing(f.Search)
	admin1, admin2 := either(f.Admin)
	disabled1, disabled2 := either(f.Disabled)
	users, next, err := paged(ctx, s.r, p, scanUser, func(u User) string { return textCursor(foldKey(u.Name)) },
		sqlPageUsers, after, like, like, admin1, admin2, disabled1, disabled2)
	return users, next, wrap("listing users", err)
}

// CountUsers returns how many users there are, and how many of them are
// administrators and not disabled.
func (s *Store) CountUsers(ctx context.Context) (users, admins int, err error) {
	n, err := one(ctx, s.r, scanInt, sqlCountUsers)
	if err != nil {
		return 0, 0, wrap("counting users", err)
	}
	a, err := one(ctx, s.r, scanInt, sqlCountAdmins)
	return int(n), int(a), wrap("counting users", err)
}

// UpdateUser lets f change a user. It returns ErrNotFound, ErrConflict if
// version is neither 0 nor the user's, an ExistsError if the new name or
// address is taken, and ErrLastAdmin if no administrator would be left.
func (s *Store) UpdateUser(ctx context.Context, id, version int64, f func(*User)) (User, error) {
	var after User
	err := s.inUserTx(ctx, func(tx conn) error {
		before, err := one(ctx, tx, scanUser, sqlSelectUser, id)
		if err != nil {
			return err
		}
		if version != 0 && version != before.Version {
			return ErrConflict
		}
		after = before
		f(&after)
		after.ID = id
		if after, err = updateUser(ctx, tx, after); err != nil {
			return err
		}
		if before.active() && !after.active() {
			return adminLeft(ctx, tx)
		}
		return nil
	})
	if err != nil {
		return User{}, wrap("updating user", err)
	}
	return after, nil
}

func updateUser(ctx context.Context, tx conn, u User) (User, error) {
	if err := taken(ctx, tx, &u); err != nil {
		return User{}, err
	}
	values, err := u.columns()
	if err != nil {
		return User{}, err
	}
	if err := tx.must(ctx, sqlUpdateUser, append(values, u.ID)...); err != nil {
		return User{}, err
	}
	return one(ctx, tx, scanUser, sqlSelectUser, u.ID)
}

// adminLeft is ErrLastAdmin if there is no administrator in the transaction's
// view.
func adminLeft(ctx context.Context, tx conn) error {
	n, err := one(ctx, tx, scanInt, sqlCountAdmins)
	if err == nil && n == 0 {
		err = ErrLastAdmin
	}
	return err
}
