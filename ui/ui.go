// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
)

// Handler serves one build of the web interface. It holds no more than the
// names and sums of its files.
type Handler struct {
	assets map[string]asset // by path
	page   page
}

// Visit is what the HTTP server knows of a request.
type Visit struct {
	// Sockets are the origins of WebSockets that the page may open, such as
	// wss://example.com, besides its own.
	Sockets []string
	// Encodings are those that the client takes, the best first.
	Encodings []string
}

// Encodings are those that files are kept in, the smallest first.
var Encodings = []string{"br", "gzip"}

// Built returns the handler of the build that the program holds. It reads all
// of it once.
var Built = sync.OnceValues(func() (*Handler, error) {
	dist, err := fs.Sub(files, "dist")
	if err != nil {
		return nil, err
	}
	return New(dist)
})

// New returns the handler of a build.
func New(dist fs.FS) (*Handler, error) {
	p, err := readPage(dist)
	if errors.Is(err, fs.ErrNotExist) {
		return &Handler{page: noBuild}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the page: %w", err)
	}
	assets, err := readAssets(dist)
	if err != nil {
		return nil, fmt.Errorf("reading the files: %w", err)
	}
	return &Handler{assets: assets, page: p}, nil
}

// Serve answers a request: with the file of its path, or with the page, which
// has paths of its own. What looks like a file or belongs to another handler
// is never the page, or a mistake would look like a success.
func (h *Handler) Serve(w http.ResponseWriter, r *http.Request, v Visit) {
	nonce := rand.Text()
	head := w.Header()
	protect(head, v.Sockets, nonce)
	a, isAsset := h.assets[r.URL.Path]
	switch {
	case !isAsset && !isPage(r.URL.Path):
		refuse(w, http.StatusNotFound, "There is no such file.")
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		head.Set("Allow", "GET, HEAD")
		refuse(w, http.StatusMethodNotAllowed, "This path takes GET.")
	case isAsset:
		a.serve(w, r, v.Encodings)
	default:
		h.page.serve(w, r, nonce)
	}
}

// others are the first parts of paths that other handlers serve, or the files.
var others = map[string]bool{"api": true, "ws": true, "tunnel": true, "assets": true}

func isPage(p string) bool {
	first, _, _ := strings.Cut(strings.TrimPrefix(p, "/"), "/")
	return !others[first] && !strings.HasPrefix(first, ".") && path.Ext(p) == ""
}

// protect sets the headers that every answer has. Workers take the policy of
// their own file, so that is no different from the page's.
func protect(head http.Header, sockets []string, nonce string) {
	head.Set("Content-Security-Policy", strings.Join([]string{
		"default-src 'none'",
		"script-src 'self'",
		"style-src 'self' 'nonce-" + nonce + "'",
		"img-src 'self' data: blob:",
		"font-src 'self' data:",
		strings.Join(append([]string{"connect-src 'self'"}, safeSources(sockets)...), " "),
		"manifest-src 'self'",
		"worker-src 'self'",
		"base-uri 'none'",
		"form-action 'self'",
		"frame-ancestors 'none'",
	}, "; "))
	head.Set("Cross-Origin-Opener-Policy", "same-origin")
	head.Set("Permissions-Policy", "camera=(), clipboard-write=(self), geolocation=(), microphone=(), payment=(), usb=()")
	head.Set("Referrer-Policy", "no-referrer")
	head.Set("X-Content-Type-Options", "nosniff")
}

// safeSources leaves out what would be more than a source of the policy: a
// Host header may hold nearly anything.
func safeSources(list []string) []string {
	return slices.DeleteFunc(slices.Compact(slices.Clone(list)), func(s string) bool {
		return strings.Trim(strings.ToLower(s), "abcdefghijklmnopqrstuvwxyz0123456789.-:/[]_") != ""
	})
}

func refuse(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Cache-Control", "no-store")
	http.Error(w, text, status)
}
