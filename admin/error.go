// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package admin

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"go.uber.org/zap"

	"github.com/culvertd/culvert/internal/account"
	"github.com/culvertd/culvert/internal/control"
	"github.com/culvertd/culvert/internal/store"
)

// Error is the one shape of every answer that is not a success.
type Error struct {
	Code    string            `json:"code" doc:"What kind of error it is. Codes are stable: programs and translations may go by them." example:"not_found"`
	Message string            `json:"message" doc:"The problem and the remedy in a sentence, for people."`
	Details map[string]string `json:"details,omitempty" doc:"One sentence for each field that is wrong, by its name."`

	status int
	retry  time.Duration // when it may be different; 0 is never
}

// The package's errors take the place of huma's own, which have another shape
// and repeat what the client has sent, passwords included. Nothing else in
// this program uses huma.
func init() {
	huma.NewError = newError
	huma.ValidateStrictCasing = true // encoding/json would take "PASSWORD" for "password"
}

// newError is what huma calls for requests that do not fit the document.
func newError(status int, message string, errs ...error) huma.StatusError {
	e := &Error{status: status, Message: message, Code: codeOf(status)}
	if status >= http.StatusInternalServerError {
		e.Message = internal.Message
		return e
	}
	for _, err := range errs {
		d, ok := errors.AsType[*huma.ErrorDetail](err)
		if !ok {
			continue
		}
		if e.Details == nil {
			e.Details = make(map[string]string, len(errs))
		}
		e.Details[d.Location] = d.Message // never d.Value
	}
	return e
}

func codeOf(status int) string {
	switch status {
	case http.StatusBadRequest, http.StatusRequestTimeout:
		return codeBadRequest
	case http.StatusNotFound:
		return codeNotFound
	case http.StatusRequestEntityTooLarge:
		return codeTooLarge
	case http.StatusUnsupportedMediaType:
		return codeMediaType
	case http.StatusUnprocessableEntity:
		return codeInvalid
	default:
		return codeInternal
	}
}

func fail(status int, code, format string, args ...any) *Error {
	return &Error{status: status, Code: code, Message: fmt.Sprintf(format, args...)}
}

var (
	internal = fail(http.StatusInternalServerError, codeInternal, "The gateway failed at this. Its log says more.")
	notReady = &Error{
		status: http.StatusServiceUnavailable, Code: codeNotReady, retry: time.Second,
		Message: "The gateway starts or stops just now. Try again in a moment.",
	}
)

// Error returns the message alone.
func (e *Error) Error() string { return e.Message }

// GetStatus implements huma.StatusError.
func (e *Error) GetStatus() int { return e.status }

// GetHeaders implements huma.HeadersError.
func (e *Error) GetHeaders() http.Header {
	h := http.Header{}
	if e.retry > 0 {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(e.retry.Seconds()))))
	}
	if e.status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="culvert"`)
	}
	return h
}

// translate gives err the API's shape. What the client cannot help is logged
// here, once, and answered without saying more.
func (a *API) translate(ctx context.Context, doing string, err error) error {
	if se, ok := errors.AsType[huma.StatusError](err); ok {
		return se
	}
	if e, ok := errors.AsType[*account.Error](err); ok && e.Code != account.CodeInternal {
		return &Error{
			status: statusOf(e.Code), Code: string(e.Code), Message: e.Message,
			Details: e.Details, retry: e.RetryAfter,
		}
	}
	if e, ok := errors.AsType[*control.Error](err); ok && e.Code != control.CodeInternal {
		return &Error{
			status: statusOf(account.Code(e.Code)), Code: string(e.Code), Message: e.Message, Details: e.Details,
			retry: retryOf(account.Code(e.Code)),
		}
	}
	switch {
	case errors.Is(err, store.ErrNotFound):
		return fail(http.StatusNotFound, codeNotFound, "There is no such thing.")
	case errors.Is(err, store.ErrConflict):
		return conflict
	case errors.Is(err, store.ErrCursor):
		return &Error{
			status: http.StatusUnprocessableEntity, Code: codeInvalid, Message: "after is not a next of this list; begin without it",
			Details: map[string]string{"query.after": "is not a next of this list"},
		}
	case errors.Is(err, store.ErrUnavailable), errors.Is(err, context.DeadlineExceeded):
		a.cfg.Logger().Warn("the database cannot be reached", zap.String("doing", doing), zap.Error(err))
		return &Error{
			status: http.StatusServiceUnavailable, Code: string(account.CodeUnavailable), retry: retryOf(account.CodeUnavailable),
			Message: "The gateway's database cannot be reached just now. Try again in a moment.",
		}
	case ctx.Err() != nil:
		return notReady // nobody reads it: the client has gone
	}
	a.cfg.Logger().Error("a request failed", zap.String("doing", doing), zap.Error(err))
	return internal
}

func statusOf(c account.Code) int {
	switch c {
	case account.CodeUnauthenticated, account.CodeLoginFailed:
		return http.StatusUnauthorized
	case account.CodeForbidden, account.CodeDisabled, account.CodePasswordWrong, account.CodeQuotaExceeded:
		return http.StatusForbidden
	case account.CodeNotFound:
		return http.StatusNotFound
	case account.CodeExists, account.CodeLimitReached, account.CodeLastAdmin:
		return http.StatusConflict
	case account.CodeConflict:
		return http.StatusPreconditionFailed
	case account.CodeRateLimited:
		return http.StatusTooManyRequests
	case account.CodeUnavailable:
		return http.StatusServiceUnavailable
	default: // what is wrong with the request itself
		return http.StatusUnprocessableEntity
	}
}

func retryOf(c account.Code) time.Duration {
	if c == account.CodeUnavailable {
		return 5 * time.Second
	}
	return 0
}
