// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package admin

import (
	"net/http"
	"strings"
)

// What pages of other origins may send and see.
const (
	corsMethods = "GET, POST, PUT, PATCH, DELETE"
	corsHeaders = "Authorization, Content-Type, If-Match, Idempotency-Key, Last-Event-ID"
	corsExposed = "ETag, Retry-After, Location"
	corsMaxAge  = "600"
)

// checkOrigin keeps pages of foreign sites from changing anything in the name
// of whoever looks at them, and answers preflights. Cookies are never offered
// to another origin, so there is no Access-Control-Allow-Credentials.
func (a *API) checkOrigin(ans *answer, q *request) *Error {
	r := q.http
	origin := r.Header.Get("Origin")
	trusted := origin != "" && a.origins[origin]
	q.foreign = trusted && !sameOrigin(origin, r.Host)
	head := ans.Header()
	if len(a.origins) > 0 {
		head.Add("Vary", "Origin")
	}
	if trusted {
		head.Set("Access-Control-Allow-Origin", origin)
		head.Set("Access-Control-Expose-Headers", corsExposed)
		// Else browsers would keep the answer from the page that may have it.
		head.Set("Cross-Origin-Resource-Policy", "cross-origin")
	}
	if r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "" {
		if !trusted {
			return fail(http.StatusForbidden, codeCrossOrigin, "Pages of this origin may not use the API.")
		}
		head.Set("Access-Control-Allow-Methods", corsMethods)
		head.Set("Access-Control-Allow-Headers", corsHeaders)
		head.Set("Access-Control-Max-Age", corsMaxAge)
		ans.WriteHeader(http.StatusNoContent)
		return nil
	}
	if err := a.guard.Check(r); err != nil {
		return fail(http.StatusForbidden, codeCrossOrigin, "Pages of other sites may not change anything here.")
	}
	return nil
}

func sameOrigin(origin, host string) bool {
	_, h, ok := strings.Cut(origin, "://")
	return ok && strings.EqualFold(h, host)
}
