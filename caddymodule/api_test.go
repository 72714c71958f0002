// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"context"
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// Only TLS, and a proxy that Caddy trusts, make a connection secure: a header
// alone is anybody's word.
func TestIsSecure(t *testing.T) {
	for _, tc := range []struct {
		name, proto string
		tls, proxy  bool
		want        bool
	}{
		{"plain", "", false, false, false},
		{"TLS", "", true, false, true},
		{"a stranger says so", "https", false, false, false},
		{"a trusted proxy says so", "https", false, true, true},
		{"a trusted proxy says no", "http", false, true, false},
		{"a trusted proxy says nothing", "", false, true, false},
	} {
		r := httptest.NewRequest(http.MethodGet, "http://example.com/api/docs", nil)
		if tc.tls {
			r.TLS = new(tls.ConnectionState)
		}
		if tc.proto != "" {
			r.Header.Set("X-Forwarded-Proto", tc.proto)
		}
		vars := map[string]any{caddyhttp.TrustedProxyVarKey: tc.proxy}
		r = r.WithContext(context.WithValue(r.Context(), caddyhttp.VarsCtxKey, vars))
		if got := isSecure(r); got != tc.want {
			t.Errorf("%s: %v", tc.name, got)
		}
	}
}
