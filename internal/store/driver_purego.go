// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !cgo

package store

import (
	"errors"
	"net/url"

	"modernc.org/sqlite" // registers the driver
)

const driverName = "sqlite"

// dsn spells pragmas as modernc.org/sqlite wants them; it sets busy_timeout
// first by itself, and the others by their names' order.
func dsn(path string, pragmas []pragma) string {
	params := url.Values{}
	for _, p := range pragmas {
		params.Add("_pragma", p.name+"("+p.value+")")
	}
	return fileURI(path, params)
}

// sqliteCode is SQLite's extended result code; 0 if err is none of its errors.
func sqliteCode(err error) int {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code()
	}
	return 0
}
