// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
)

// Errors that callers compare with errors.Is.
var (
	// ErrNotFound says that there is nothing with this id.
	ErrNotFound = errors.New("no such id")
	// ErrExists says that the id, or what else must be unique, is taken.
	ErrExists = errors.New("id exists")
	// ErrConflict says that somebody else has changed it in the meantime: its
	// version is another.
	ErrConflict = errors.New("changed in the meantime")
	// ErrInvite says that an invite is unknown, used, expired or revoked.
	ErrInvite = errors.New("invite is not valid")
	// ErrLastAdmin says that no enabled administrator would be left.
	ErrLastAdmin = errors.New("the last administrator has to stay")
	// ErrCursor says that Page.After is none of the store's cursors.
	ErrCursor = errors.New("unknown cursor")
	// ErrNewer says that a newer version of Culvert has written the database.
	// Open leaves it as it is.
	ErrNewer = errors.New("database belongs to a newer version of Culvert")
	// ErrNotEmpty says that there is something in the database that Copy would
	// write to.
	ErrNotEmpty = errors.New("database is not empty")
	// ErrUnavailable says that the database cannot be reached, or that its disk
	// is full or locked: another try may do.
	ErrUnavailable = errors.New("database is unavailable")
)

// ExistsError is an ErrExists that tells what is taken.
type ExistsError struct {
	Field string // "name" or "email"
}

// Error implements error.
func (e *ExistsError) Error() string { return e.Field + " is taken" }

// Is makes it an ErrExists.
func (e *ExistsError) Is(target error) bool { return target == ErrExists }

// Unavailable says whether err is an ErrUnavailable.
func Unavailable(err error) bool { return errors.Is(err, ErrUnavailable) }

// wrap says what was being done, and tells failures of the database itself from
// the others.
func wrap(doing string, err error) error {
	switch {
	case err == nil:
		return nil
	case !errors.Is(err, ErrUnavailable) && outage(err):
		return fmt.Errorf("%s: %w: %w", doing, ErrUnavailable, err)
	}
	return fmt.Errorf("%s: %w", doing, err)
}

func outage(err error) bool {
	if errors.Is(err, context.Canceled) { // the caller does not want it any more
		return false
	}
	for _, e := range []error{context.DeadlineExceeded, driver.ErrBadConn, io.EOF, io.ErrUnexpectedEOF, net.ErrClosed} {
		if errors.Is(err, e) {
			return true
		}
	}
	var network net.Error
	return errors.As(err, &network) || postgresOutage(err) || sqliteOutage(err)
}

// sqliteOutage knows the result codes of SQLite that time or the operator may
// heal.
func sqliteOutage(err error) bool {
	const busy, locked, readOnly, ioErr, full, cantOpen = 5, 6, 8, 10, 13, 14
	switch sqliteCode(err) & 0xff { // the rest is detail
	case busy, locked, readOnly, ioErr, full, cantOpen:
		return true
	}
	return false
}
