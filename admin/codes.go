// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package admin

import (
	"github.com/danielgtaylor/huma/v2"

	"github.com/culvertd/culvert/internal/account"
)

// Codes of errors that arise here; those of account come on top.
const (
	codeBadRequest  = "bad_request"
	codeNotFound    = "not_found"
	codeMethod      = "method_not_allowed"
	codeTooLarge    = "too_large"
	codeMediaType   = "unsupported_media_type"
	codeInvalid     = "invalid"
	codeInternal    = "internal"
	codeNotReady    = "gateway_not_ready"
	codeStopping    = "stopping"
	codeBlocked     = "blocked"
	codeCrossOrigin = "cross_origin"
	codeConflict    = "conflict"
	codeKeyReused   = "idempotency_key_reused"
	codeInProgress  = "in_progress"
	codeLimit       = "limit_reached"
	codeInsecure    = "cookie_needs_https"
	codeForbidden   = "forbidden"
	codeUnauthed    = "unauthenticated"
)

// codes are those that an Error can have: the document names them, and the web
// interface has a text for each.
var codes = []account.Code{
	codeBadRequest, codeNotFound, codeMethod, codeTooLarge, codeMediaType, codeInvalid, codeInternal,
	codeNotReady, codeStopping, codeBlocked, codeCrossOrigin, codeConflict, codeKeyReused, codeInProgress,
	codeLimit, codeInsecure, codeForbidden, codeUnauthed,
	account.CodeExists, account.CodeInviteInvalid, account.CodeLinkInvalid, account.CodeRegistrationClosed,
	account.CodeTermsRequired, account.CodeLoginFailed, account.CodeDisabled, account.CodePasswordWrong,
	account.CodePasswordWeak, account.CodePasswordTooLong, account.CodeRateLimited, account.CodeLastAdmin,
	account.CodeQuotaExceeded, account.CodeUnavailable, account.CodeNotProven,
}

// TransformSchema implements huma.SchemaTransformer: a tag cannot hold a list
// that is kept elsewhere.
func (*Error) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	code := s.Properties["code"]
	for _, c := range codes {
		code.Enum = append(code.Enum, string(c))
	}
	return s
}
