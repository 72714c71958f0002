// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/headers"

	"github.com/culvertd/culvert/internal/gateway"
	"github.com/culvertd/culvert/internal/signaling"
)

// find returns what is published under a request's host, or under the first segment
// of its path, and that name.
func find(core *gateway.Core, byPath bool, r *http.Request) (n signaling.Named, name string, ok bool) {
	if !byPath {
		return core.Published(hostname(r))
	}
	name, _ = firstSegment(r)
	n, ok = core.PublishedAs(name)
	return n, name, ok
}

// firstSegment returns the first segment of the path that a request came with, and
// what is behind it. The reverse proxy asks for its upstreams when handlers in front
// of it, and itself, have rewritten the path (Caddy 2.11), so the segment can be
// taken away by then. It is as it was written: names need no escapes.
func firstSegment(r *http.Request) (segment, rest string) {
	u := came(r)
	path, _ := strings.CutPrefix(u.EscapedPath(), "/")
	at := strings.IndexByte(path, '/')
	if at < 0 {
		return path, ""
	}
	return path[:at], path[at:]
}

// came returns the URL that a request came with.
func came(r *http.Request) *url.URL {
	if was, ok := r.Context().Value(caddyhttp.OriginalRequestCtxKey).(http.Request); ok {
		return was.URL
	}
	return r.URL
}

// intoFolder leads a browser from /name to /name/, so that relative links stay below
// it, and reports whether it did.
func intoFolder(w http.ResponseWriter, r *http.Request) bool {
	segment, rest := firstSegment(r)
	if rest != "" || r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	to := url.URL{Path: "/" + segment + "/", RawQuery: came(r).RawQuery}
	http.Redirect(w, r, to.String(), http.StatusTemporaryRedirect)
	return true
}

// onlyPath reads the argument path of a directive that has nothing else.
func onlyPath(h httpcaddyfile.Helper) (bool, error) {
	h.Next() // consume the directive's name
	name := h.Val()
	byPath := h.NextArg()
	if byPath && h.Val() != "path" || h.NextArg() {
		return false, h.ArgErr()
	}
	if h.NextBlock(0) {
		return false, h.Errf("%s has no options here; they belong into the global option culvert", name)
	}
	return byPath, nil
}

// withoutSegment is Caddy's rewrite that takes the first segment away.
func withoutSegment() json.RawMessage {
	return caddyconfig.JSON(map[string]any{
		"handler":     "rewrite",
		"path_regexp": []map[string]string{{"find": `^/[^/]*/?`, "replace": "/"}},
	}, nil)
}

// prefixHeader tells the service below which path it is.
func prefixHeader() *headers.Handler {
	return &headers.Handler{Request: &headers.HeaderOps{
		Set: http.Header{"X-Forwarded-Prefix": {"/{http.request.orig_uri.path.0}"}},
	}}
}
