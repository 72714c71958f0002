// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"bytes"
	"fmt"
	"io/fs"
	"net/http"
	"strconv"
)

// pageName is the page of a build, nonceMark the place in it for the nonce of
// the styles that its program adds.
const (
	pageName  = "index.html"
	nonceMark = "__CSP_NONCE__"
)

// page is the one page, without the nonce that each answer has of its own.
type page struct{ before, after []byte }

// noBuild is the page of a gateway that has no build.
var noBuild = page{before: []byte(`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Culvert</title>
<h1>There is no web interface here</h1>
<p>` + missing + `</p>
<p>Everything else works: the endpoints, the tunnels, the commands, and the <a href="/api/docs">API</a>.</p>
`)}

func readPage(dist fs.FS) (page, error) {
	text, err := fs.ReadFile(dist, pageName)
	if err != nil {
		return page{}, err
	}
	before, after, _ := bytes.Cut(text, []byte(nonceMark))
	if n := bytes.Count(text, []byte(nonceMark)); n != 1 {
		return page{}, fmt.Errorf("%s is in it %d times, and once is wanted", nonceMark, n)
	}
	return page{before, after}, nil
}

// serve answers with the page. It is never kept: it names the files of this
// build.
func (p page) serve(w http.ResponseWriter, r *http.Request, nonce string) {
	if p.after == nil {
		nonce = "" // there is no place for it
	}
	text := bytes.Join([][]byte{p.before, []byte(nonce), p.after}, nil)
	head := w.Header()
	head.Set("Cache-Control", "no-store")
	head.Set("Content-Length", strconv.Itoa(len(text)))
	head.Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		_, _ = w.Write(text) // the client may be gone; nobody else cares
	}
}
