// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"encoding/base64"
	"math"
	"strconv"
	"strings"
)

const (
	defaultPage = 50
	maxPage     = 200
)

// Page says which part of a list is wanted.
type Page struct {
	After string // the cursor that came with the part before; empty: the first
	Limit int    // 1 to 200; 0 means 50
}

func (p Page) limit() int {
	if p.Limit <= 0 {
		return defaultPage
	}
	return min(p.Limit, maxPage)
}

// paged reads one part of a list. The last parameter of query is its LIMIT; key
// gives what the query goes on from after an item.
func paged[T any](ctx context.Context, c conn, p Page, scan func(scanner) (T, error), key func(T) string,
	query string, args ...any,
) ([]T, string, error) {
	n := p.limit()
	items, err := list(ctx, c, scan, query, append(args, n+1)...)
	if err != nil || len(items) <= n {
		return items, "", err
	}
	return items[:n], key(items[n-1]), nil
}

// textCursor goes on after a text.
func textCursor(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

func parseTextCursor(s string) (string, error) {
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		return "", ErrCursor
	}
	return string(b), nil
}

// pairCursor goes on after two numbers: mostly a time and an id.
func pairCursor(a, b int64) string {
	return textCursor(strconv.FormatInt(a, 36) + "." + strconv.FormatInt(b, 36))
}

// parsePairCursor gives a and b for the empty cursor.
func parsePairCursor(s string, a, b int64) (int64, int64, error) {
	if s == "" {
		return a, b, nil
	}
	text, err := parseTextCursor(s)
	if err != nil {
		return 0, 0, err
	}
	first, second, _ := strings.Cut(text, ".")
	a, err1 := strconv.ParseInt(first, 36, 64)
	b, err2 := strconv.ParseInt(second, 36, 64)
	if err1 != nil || err2 != nil {
		return 0, 0, ErrCursor
	}
	return a, b, nil
}

// idCursor is for lists that begin with the newest id.
func idCursor(id int64) string { return pairCursor(id, 0) }

func parseIDCursor(s string) (int64, error) {
	id, _, err := parsePairCursor(s, math.MaxInt64, 0)
	return id, err
}

var likeEscaper = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// containing is the pattern for LIKE … ESCAPE '\' that finds search in a key.
func containing(search string) string {
	return "%" + likeEscaper.Replace(strings.ToLower(search)) + "%"
}
