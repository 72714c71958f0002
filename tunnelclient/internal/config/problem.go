// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"errors"
	"io/fs"
	"strconv"
	"strings"
)

// Problem is one thing that is wrong. Its text says what and how to mend it.
type Problem struct {
	File string `json:"file"`
	Line int    `json:"line,omitempty"` // 0 is the file as a whole
	Key  string `json:"key,omitempty"`  // such as services[0].localPort
	Text string `json:"problem"`
}

// String is file:line: key: text, which editors can jump to.
func (p Problem) String() string {
	s := p.File
	if p.Line > 0 {
		s += ":" + strconv.Itoa(p.Line)
	}
	s += ": "
	if p.Key != "" {
		s += p.Key + ": "
	}
	return s + p.Text
}

// Problems is all that is wrong with a file.
type Problems []Problem

// Error implements error: one line for each.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// reason is an error of the file system without the path, which the problem
// names already.
func reason(err error) string {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		return pe.Err.Error()
	}
	return err.Error()
}

// nearest returns the word that is most like s, or nothing if none is.
func nearest(s string, words []string) string {
	best, at := "", len(s)/2+1 // more changes than that is another word
	for _, w := range words {
		if d := distance(strings.ToLower(s), strings.ToLower(w)); d < at {
			best, at = w, d
		}
	}
	return best
}

// distance is how many bytes must be put in, left out or changed to make b of
// a (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
