// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

//go:build cgo

package store

import (
	"errors"
	"net/url"

	"github.com/mattn/go-sqlite3" // registers the driver
)

const driverName = "sqlite3"

// dsn spells pragmas as mattn/go-sqlite3 wants them; it sets busy_timeout
// first by itself.
func dsn(path string, pragmas []pragma) string {
	params := url.Values{}
	for _, p := range pragmas {
		params.Set("_"+p.name, p.value)
	}
	return fileURI(path, params)
}

// sqliteCode is SQLite's extended result code; 0 if err is none of its errors.
func sqliteCode(err error) int {
	if e, ok := errors.AsType[sqlite3.Error](err); ok {
		return int(e.Code)
	}
	return 0
}
