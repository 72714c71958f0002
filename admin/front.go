// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package admin

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"os"
	"path"
	"runtime/debug"
	"strings"
	"time"
	"unicode/utf8"

	"go.uber.org/zap"
)

// Serve answers a request for a path below /api/. client is who sends it.
func (a *API) Serve(w http.ResponseWriter, r *http.Request, client Client) {
	ans := &answer{w: w}
	defer func() {
		v := recover()
		if v == nil {
			ans.finish()
			return
		}
		if err, ok := v.(error); ok && errors.Is(err, http.ErrAbortHandler) {
			panic(v)
		}
		a.cfg.Logger().Error("a request panicked", zap.Any("panic", v), zap.ByteString("stack", debug.Stack()))
		ans.fail(internal)
		ans.finish()
	}()
	protect(w.Header())
	q := &request{http: r, client: client, core: a.cfg.Core(), accounts: a.cfg.Accounts()}
	if err := a.admit(ans, q); err != nil {
		ans.fail(err)
		return
	}
	if ans.status != 0 {
		return // a preflight
	}
	if isPage(r.URL.Path) {
		a.servePage(ans, r)
		return
	}
	if q.core == nil || q.accounts == nil {
		ans.fail(notReady)
		return
	}
	if err := checkURL(r.URL); err != nil {
		ans.fail(err)
		return
	}
	if err := q.readBody(); err != nil {
		ans.fail(err)
		return
	}
	a.dispatch(ans, r.WithContext(q.in(r.Context())))
}

// protect sets the headers that every answer has.
func protect(head http.Header) {
	head.Set("Cache-Control", "no-store")
	head.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
	head.Set("Cross-Origin-Resource-Policy", "same-origin")
	head.Set("Referrer-Policy", "no-referrer")
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("X-Frame-Options", "DENY")
}

// admit keeps out who may not even ask. What costs nothing comes first.
func (a *API) admit(ans *answer, q *request) *Error {
	if q.core != nil && q.core.Blocked(q.client.Addr) {
		return fail(http.StatusForbidden, codeBlocked, "Your address is blocked here.")
	}
	if err := a.checkOrigin(ans, q); err != nil {
		return err
	}
	if q.accounts == nil {
		return nil // answered as not ready, or with a page
	}
	if err := q.accounts.AdmitSource(q.client.Addr); err != nil {
		e, ok := errors.AsType[*Error](a.translate(q.http.Context(), "admitting", err))
		if !ok {
			return internal
		}
		return e
	}
	return nil
}

// checkURL keeps out what no name and no cursor can hold, and what a database
// would choke on.
func checkURL(u *url.URL) *Error {
	query, err := url.ParseQuery(u.RawQuery)
	bad := err != nil || !isText(u.Path)
	for name, values := range query {
		bad = bad || !isText(name) || !isText(strings.Join(values, ""))
	}
	if bad {
		return fail(http.StatusBadRequest, codeBadRequest, "The URL is not valid: it has to be UTF-8 without zero bytes, and percent-encoded.")
	}
	return nil
}

func isText(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsRune(s, 0)
}

// readBody takes the body in, if it is JSON and not too large. A request with
// another type could be one that a foreign page may send unasked.
func (q *request) readBody() *Error {
	r := q.http
	if r.ContentLength == 0 || r.Body == nil {
		return nil
	}
	if r.ContentLength > maxBody {
		return tooLarge
	}
	body, err := io.ReadAll(io.LimitReader(hurried{r.Body, time.Now().Add(bodyTimeout)}, maxBody+1))
	switch {
	case err != nil:
		return fail(http.StatusBadRequest, codeBadRequest, "The body could not be read to its end.")
	case len(body) > maxBody:
		return tooLarge
	case len(body) == 0:
		return nil
	}
	if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || t != contentType {
		return fail(http.StatusUnsupportedMediaType, codeMediaType, "Send the body as Content-Type: application/json.")
	}
	if bytes.Contains(body, []byte(`\u0000`)) || bytes.IndexByte(body, 0) >= 0 {
		return fail(http.StatusBadRequest, codeBadRequest, "The body must not hold the character zero.")
	}
	// huma looks for the part after a plus, and so takes more than it says.
	r.Header.Set("Content-Type", contentType)
	q.body = body
	r.Body = io.NopCloser(bytes.NewReader(body))
	return nil
}

var tooLarge = fail(http.StatusRequestEntityTooLarge, codeTooLarge, "The body is larger than %d bytes.", maxBody)

// bodyTimeout is how long a body may take. The server's own deadlines are for
// silence, and begin anew with each byte of a client that drips.
const bodyTimeout = 15 * time.Second

// hurried is a reader that fails after some time.
type hurried struct {
	io.Reader
	until time.Time
}

func (h hurried) Read(p []byte) (int, error) {
	if time.Now().After(h.until) {
		return 0, os.ErrDeadlineExceeded
	}
	return h.Reader.Read(p)
}

// dispatch finds the route. The mux's own refusals get our shape, and what it
// would redirect is no path of ours.
func (a *API) dispatch(ans *answer, r *http.Request) {
	a.build()
	h, pattern := a.mux.Handler(r)
	if pattern != "" && path.Clean(r.URL.Path) == r.URL.Path {
		a.mux.ServeHTTP(ans, r)
		return
	}
	probe := &answer{w: &discard{head: make(http.Header)}}
	h.ServeHTTP(probe, r)
	if probe.status == http.StatusMethodNotAllowed {
		allow := probe.Header().Get("Allow")
		ans.Header().Set("Allow", allow)
		ans.fail(fail(http.StatusMethodNotAllowed, codeMethod, "This path takes %s.", allow))
		return
	}
	ans.fail(fail(http.StatusNotFound, codeNotFound, "There is no such path. /api/docs lists those that exist."))
}

// discard is a response that goes nowhere.
type discard struct{ head http.Header }

func (d *discard) Header() http.Header         { return d.head }
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }
func (d *discard) WriteHeader(int)             {}
