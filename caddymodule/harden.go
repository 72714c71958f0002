// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"golang.org/x/net/http/httpguts"
)

// harden leaves nothing of a request that servers on its way could read
// differently. What net/http refuses by itself does not come here. The error is
// for the visitor.
func harden(w http.ResponseWriter, r *http.Request) error {
	// In HTTP/2, net/http takes what is no number for 0, and the first of several.
	if list := r.Header["Content-Length"]; len(list) > 1 || len(list) == 1 && !digits(list[0]) {
		return caddyhttp.Error(http.StatusBadRequest, fmt.Errorf("the request has a Content-Length of %q", list))
	}
	// A body in chunks may have had a Content-Length as well, which net/http takes
	// away; and what follows broken chunks net/http reads as the next request,
	// since Caddy has wrapped the body. So nothing may follow (RFC 9112, 6.1). It
	// costs a connection for each such request; browsers send none.
	if len(r.TransferEncoding) > 0 {
		w.Header().Set("Connection", "close")
	}
	// After it, the reverse proxy would carry requests that nobody has looked at:
	// of any host, from any address. A server may ignore the wish.
	if httpguts.HeaderValuesContainsToken(r.Header["Upgrade"], "h2c") {
		r.Header.Del("Upgrade")
		r.Header.Del("HTTP2-Settings")
	}
	if len(r.Trailer) > 0 {
		r.Body = &trailed{r.Body, r, declared(r.Trailer)}
	}
	return nil
}

func digits(s string) bool { return strings.Trim(s, "0123456789") == "" }

// trailed is a body with trailers. net/http takes all that come, and the reverse
// proxy passes them on as soon as one has been declared.
type trailed struct {
	io.ReadCloser
	r    *http.Request
	keep []string
}

// Read implements io.Reader. The trailers have come when it returns io.EOF.
func (b *trailed) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if errors.Is(err, io.EOF) {
		for name := range b.r.Trailer {
			if !slices.Contains(b.keep, name) {
				delete(b.r.Trailer, name)
			}
		}
	}
	return n, err
}

// ours are fields that a service must have from the gateway's own header: how
// long a message is, whom it is for and who sends it. Some servers would take
// them from a trailer (RFC 9110, 6.5.1).
var ours = []string{
	"Authorization", "Connection", "Content-Encoding", "Content-Length", "Content-Type", "Cookie", "Expect", "Forwarded", "Host",
	"Te", "Trailer", "Transfer-Encoding", "Upgrade", "Via", "X-Real-Ip",
}

// declared takes ours away, and returns the rest. Underscores and dots would be
// hyphens to some; of headers Caddy takes away those that have any.
func declared(trailer http.Header) (names []string) {
	for name := range trailer {
		if slices.Contains(ours, name) || strings.HasPrefix(name, "X-Forwarded-") || strings.HasPrefix(name, "Proxy-") ||
			strings.ContainsAny(name, "_.") {
			delete(trailer, name)
		} else {
			names = append(names, name)
		}
	}
	return names
}
