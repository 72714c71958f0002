// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package control

import (
	"errors"
	"net/http"
)

// Code says what kind of error an Error is. Codes are stable: scripts and
// translations may rely on them.
type Code string

// The codes.
const (
	CodeInvalid     Code = "invalid"     // the request is wrong; Details name the fields
	CodeNotFound    Code = "not_found"   // no endpoint has this id
	CodeTooLarge    Code = "too_large"   // the request's body is
	CodeUnavailable Code = "unavailable" // the gateway starts or stops just now
	CodeInternal    Code = "internal"    // the gateway's own fault; its log says more
)

// Error is an error that keeps its shape on the way through the socket.
type Error struct {
	Code    Code   `json:"code"`
	Message string `json:"message"`
	// Details holds one sentence for each field that is wrong, by its name.
	Details map[string]string `json:"details,omitempty"`
}

// Error returns the message alone: it names the problem and the remedy.
func (e *Error) Error() string { return e.Message }

// NotFound is the error for an id that no endpoint has.
func NotFound(id string) *Error {
	return &Error{
		Code:    CodeNotFound,
		Message: "no endpoint has the id " + quote(id) + "; `culvert endpoint list` shows those that exist",
	}
}

// quote keeps an id that a stranger made up from filling a terminal.
func quote(id string) string {
	if len(id) > 64 {
		id = id[:64] + "…"
	}
	return `"` + id + `"`
}

// asError returns the *Error in err's chain, and an internal one without.
func asError(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return &Error{Code: CodeInternal, Message: err.Error()}
}

func (c Code) status() int {
	switch c {
	case CodeInvalid:
		return http.StatusBadRequest
	case CodeNotFound:
		return http.StatusNotFound
	case CodeTooLarge:
		return http.StatusRequestEntityTooLarge
	case CodeUnavailable:
		return http.StatusServiceUnavailable
	default:
		return http.StatusInternalServerError
	}
}
