// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package admin

import (
	"net/http"
	"strconv"
	"strings"
)

// Match is what routes take that change what somebody else may change too.
type Match struct {
	IfMatch string `header:"If-Match" maxLength:"64" doc:"The ETag that the change is based on. If it has another one by now, nothing changes, and the answer is 412."`
}

var conflict = fail(http.StatusPreconditionFailed, codeConflict, "It has been changed meanwhile. Fetch it anew and decide again.")

// version returns the version that the change is based on, 0 for any.
func (m Match) version() (int64, error) {
	tag := strings.TrimSpace(m.IfMatch)
	if tag == "" || tag == "*" {
		return 0, nil
	}
	text, ok := strings.CutPrefix(strings.TrimSuffix(tag, `"`), `"v`)
	v, err := strconv.ParseInt(text, 10, 64)
	if !ok || err != nil || v <= 0 || etag(v) != tag {
		return 0, conflict // whatever it is, it is not the present one's
	}
	return v, nil
}

// untouched is the ETag of what nobody has changed yet.
const untouched = `"v0"`

func etag(version int64) string {
	return `"v` + strconv.FormatInt(version, 10) + `"`
}

// tagged is an answer with an ETag.
type tagged[T any] struct {
	ETag string `header:"ETag"`
	Body T
}
