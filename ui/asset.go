// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"
)

// asset is a file of the build.
type asset struct {
	contentType  string
	cacheControl string
	plain        variant
	encoded      map[string]variant // by Content-Encoding
}

// variant is a file of an asset: the file itself, or the same compressed.
type variant struct {
	dist fs.FS
	name string
	size int64
	etag string
}

// suffixes are what the names of compressed files end in.
var suffixes = map[string]string{"br": ".br", "gzip": ".gz"}

// types are by name, because the host's own table would differ from machine
// to machine.
var types = map[string]string{
	".css":         "text/css; charset=utf-8",
	".ico":         "image/x-icon",
	".jpg":         "image/jpeg",
	".js":          "text/javascript; charset=utf-8",
	".json":        "application/json",
	".map":         "application/json",
	".md":          "text/markdown; charset=utf-8",
	".png":         "image/png",
	".svg":         "image/svg+xml",
	".txt":         "text/plain; charset=utf-8",
	".wasm":        "application/wasm",
	".webmanifest": "application/manifest+json",
	".webp":        "image/webp",
	".woff2":       "font/woff2",
}

// readAssets finds all files but the page, and those that begin with a dot.
func readAssets(dist fs.FS) (map[string]asset, error) {
	all := make(map[string]asset)
	err := fs.WalkDir(dist, ".", func(name string, d fs.DirEntry, err error) error {
		switch ext := path.Ext(name); {
		case err != nil || d.IsDir():
			return err
		case name == pageName || strings.HasPrefix(d.Name(), ".") || ext == ".br" || ext == ".gz":
			return nil
		case types[ext] == "":
			return fmt.Errorf("%s is of no known type", name)
		}
		a, err := readAsset(dist, name)
		all["/"+name] = a
		return err
	})
	return all, err
}

func readAsset(dist fs.FS, name string) (a asset, err error) {
	a = asset{contentType: types[path.Ext(name)], cacheControl: "no-cache", encoded: make(map[string]variant)}
	if strings.HasPrefix(name, "assets/") {
		a.cacheControl = "public, max-age=31536000, immutable" // the name changes when the file does
	}
	if a.plain, err = readVariant(dist, name); err != nil {
		return asset{}, err
	}
	for _, encoding := range Encodings {
		if _, err := fs.Stat(dist, name+suffixes[encoding]); err != nil {
			continue // too small to be worth it
		}
		if a.encoded[encoding], err = readVariant(dist, name+suffixes[encoding]); err != nil {
			return asset{}, err
		}
	}
	return a, nil
}

func readVariant(dist fs.FS, name string) (variant, error) {
	f, err := dist.Open(name)
	if err != nil {
		return variant{}, err
	}
	defer f.Close()
	sum := sha256.New()
	size, err := io.Copy(sum, f)
	return variant{dist, name, size, `"` + hex.EncodeToString(sum.Sum(nil)[:12]) + `"`}, err
}

// serve answers with the file, compressed if the client takes that.
func (a asset) serve(w http.ResponseWriter, r *http.Request, encodings []string) {
	head := w.Header()
	head.Set("Cache-Control", a.cacheControl)
	head.Set("Content-Type", a.contentType)
	if len(a.encoded) > 0 {
		head.Add("Vary", "Accept-Encoding")
	}
	v := a.plain
	for _, encoding := range encodings {
		if encoding == "identity" {
			break
		}
		if e, ok := a.encoded[encoding]; ok {
			head.Set("Content-Encoding", encoding)
			v = e
			break
		}
	}
	v.serve(w, r)
}

func (v variant) serve(w http.ResponseWriter, r *http.Request) {
	f, err := v.dist.Open(v.name)
	if err != nil {
		refuse(w, http.StatusInternalServerError, "The file cannot be read.")
		return
	}
	defer f.Close()
	content, ok := f.(io.ReadSeeker)
	if !ok {
		refuse(w, http.StatusInternalServerError, "The file cannot be read.")
		return
	}
	w.Header().Set("ETag", v.etag)
	// ServeContent leaves it out of compressed answers.
	w.Header().Set("Content-Length", strconv.FormatInt(v.size, 10))
	http.ServeContent(w, r, "", time.Time{}, content)
}
