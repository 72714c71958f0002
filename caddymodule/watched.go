// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"io"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/culvertd/culvert/internal/publish"
)

// watched tells of an answer while it goes by. What is hijacked, a WebSocket,
// goes by unseen.
type watched struct {
	*caddyhttp.ResponseWriterWrapper
	q *publish.Request
}

// WriteHeader implements http.ResponseWriter.
func (w *watched) WriteHeader(status int) {
	w.q.Answer(status)
	w.ResponseWriterWrapper.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (w *watched) Write(b []byte) (int, error) {
	n, err := w.ResponseWriterWrapper.Write(b)
	w.q.Sent(int64(n))
	return n, err
}

// ReadFrom implements io.ReaderFrom.
func (w *watched) ReadFrom(r io.Reader) (int64, error) {
	n, err := w.ResponseWriterWrapper.ReadFrom(r)
	w.q.Sent(n)
	return n, err
}
