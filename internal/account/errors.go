// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package account

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/culvertd/culvert/internal/store"
)

// Code is what programs and translations know an error by. Codes are stable.
type Code string

// The codes.
const (
	CodeInvalid            Code = "invalid" // Details has what is wrong, by field
	CodeUnauthenticated    Code = "unauthenticated"
	CodeForbidden          Code = "forbidden"
	CodeNotFound           Code = "not_found"
	CodeConflict           Code = "conflict" // someone else has changed it meanwhile
	CodeExists             Code = "exists"   // Details has the field
	CodeInviteInvalid      Code = "invite_invalid"
	CodeLinkInvalid        Code = "link_invalid" // of a reset, or of the first administrator
	CodeRegistrationClosed Code = "registration_closed"
	CodeTermsRequired      Code = "terms_required"
	CodeLoginFailed        Code = "login_failed"
	CodeDisabled           Code = "disabled"
	CodePasswordWrong      Code = "password_wrong"
	CodePasswordWeak       Code = "password_weak"
	CodePasswordTooLong    Code = "password_too_long"
	CodeRateLimited        Code = "rate_limited"
	CodeLimitReached       Code = "limit_reached"
	CodeLastAdmin          Code = "last_admin"
	CodeQuotaExceeded      Code = "quota_exceeded"
	CodeNotProven          Code = "not_proven" // Details has the record and its value
	CodeUnavailable        Code = "unavailable"
	CodeInternal           Code = "internal"
)

// Error is what every method returns if it fails. The message is for people;
// what went wrong inside is not in it, but in the error that it wraps.
type Error struct {
	Code       Code
	Message    string
	Details    map[string]string
	RetryAfter time.Duration // 0: trying again will not help
	cause      error
}

// Error implements error.
func (e *Error) Error() string {
	if e.cause != nil {
		return e.Message + " (" + e.cause.Error() + ")"
	}
	return e.Message
}

// Unwrap returns the error behind an unavailable or internal one.
func (e *Error) Unwrap() error { return e.cause }

// Those that say the same each time.
var (
	errUnauthenticated = &Error{Code: CodeUnauthenticated, Message: "You are not logged in, or your log-in has ended."}
	errForbidden       = &Error{Code: CodeForbidden, Message: "You may not do this."}
	errNotFound        = &Error{Code: CodeNotFound, Message: "There is no such thing."}
	errLoginFailed     = &Error{Code: CodeLoginFailed, Message: "The name or the password is wrong."}
	errDisabled        = &Error{Code: CodeDisabled, Message: "This account has been disabled."}
	errPasswordWrong   = &Error{Code: CodePasswordWrong, Message: "The password is wrong."}
	errInvite          = &Error{Code: CodeInviteInvalid, Message: "This invite does not exist, or has been used, or has expired."}
	errLink            = &Error{Code: CodeLinkInvalid, Message: "This link does not exist, or has been used, or has expired."}
	errTerms           = &Error{Code: CodeTermsRequired, Message: "The terms of use have to be accepted."}
	errClosed          = &Error{Code: CodeRegistrationClosed, Message: "Registration is closed."}
	errLastAdmin       = &Error{Code: CodeLastAdmin, Message: "This is the last administrator."}
)

func invalid(field, problem string) *Error {
	return &Error{Code: CodeInvalid, Message: "The request is not valid.", Details: map[string]string{field: problem}}
}

func limited(wait time.Duration) *Error {
	wait = max(wait, time.Second)
	return &Error{
		Code:       CodeRateLimited,
		Message:    fmt.Sprintf("Too many tries. Try again in %v.", wait.Round(time.Second)),
		RetryAfter: wait,
	}
}

func limitReached(what string, n int) *Error {
	return &Error{
		Code:    CodeLimitReached,
		Message: fmt.Sprintf("There are %d %s already, which is the limit.", n, what),
		Details: map[string]string{"limit": fmt.Sprint(n)},
	}
}

// fail is the Error for what the store or another part below says. doing is
// for the log: what was tried.
func fail(doing string, err error) error {
	var (
		own    *Error
		exists *store.ExistsError
	)
	switch {
	case err == nil:
		return nil
	case errors.As(err, &own):
		return own
	case errors.As(err, &exists):
		return &Error{Code: CodeExists, Message: "This " + exists.Field + " is taken.", Details: map[string]string{"field": exists.Field}}
	case errors.Is(err, store.ErrExists):
		return &Error{Code: CodeExists, Message: "It exists already."}
	case errors.Is(err, store.ErrNotFound):
		return errNotFound
	case errors.Is(err, store.ErrConflict):
		return &Error{Code: CodeConflict, Message: "Someone else has changed this meanwhile. Look at it again."}
	case errors.Is(err, store.ErrInvite):
		return errInvite
	case errors.Is(err, store.ErrLastAdmin):
		return errLastAdmin
	case errors.Is(err, store.ErrCursor):
		return invalid("after", "is none of the cursors that were given out")
	}
	err = fmt.Errorf("%s: %w", doing, err)
	if errors.Is(err, store.ErrUnavailable) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return &Error{Code: CodeUnavailable, Message: "The database cannot be reached. Try again in a moment.", RetryAfter: 5 * time.Second, cause: err}
	}
	return &Error{Code: CodeInternal, Message: "Something went wrong in the gateway.", cause: err}
}
