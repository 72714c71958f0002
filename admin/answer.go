// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package admin

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"strconv"
)

// answer holds a response back until it is complete, so that whatever fails on
// the way can still become an error, and so that it can be kept for a repeated
// request. It deliberately has no Unwrap: huma would set read deadlines on the
// connection, which outlive the body and cut long requests.
type answer struct {
	w      http.ResponseWriter
	status int
	body   bytes.Buffer
	live   bool // the client gets everything at once
}

func (a *answer) Header() http.Header { return a.w.Header() }

func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

func (a *answer) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	if a.live {
		return a.w.Write(p)
	}
	return a.body.Write(p)
}

// stream sends what there is, and from now on everything at once.
func (a *answer) stream() *http.ResponseController {
	a.send()
	return http.NewResponseController(a.w)
}

// send completes the answer; it does nothing when repeated.
func (a *answer) send() {
	if a.live {
		return
	}
	a.live = true
	a.WriteHeader(http.StatusOK)
	a.w.WriteHeader(a.status)
	_, _ = a.w.Write(a.body.Bytes()) // the client may be gone; nobody else cares
}

// finish is send for an answer that is complete.
func (a *answer) finish() {
	if !a.live && a.status != http.StatusNoContent {
		a.Header().Set("Content-Length", strconv.Itoa(a.body.Len()))
	}
	a.send()
}

// fail puts e in the place of whatever there is.
func (a *answer) fail(e *Error) {
	if a.live {
		return // too late to say anything
	}
	a.body.Reset()
	a.status = e.status
	head := a.Header()
	maps.Copy(head, e.GetHeaders())
	head.Set("Content-Type", contentType)
	enc := json.NewEncoder(&a.body)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(e) // cannot fail: strings only
}
