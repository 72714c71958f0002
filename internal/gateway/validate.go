// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/culvertd/culvert/internal/control"
)

// Bounds of what an endpoint's owner may choose.
const (
	maxName        = 100
	maxOrigins     = 100
	maxMessageSize = 64 << 20
)

// problems collects one sentence for each field that is wrong.
type problems map[string]string

func (p problems) add(field, format string, args ...any) {
	p[field] = fmt.Sprintf(format, args...)
}

// err returns nil if there is no problem.
func (p problems) err() error {
	if len(p) == 0 {
		return nil
	}
	var b strings.Builder
	for i, field := range slices.Sorted(maps.Keys(p)) {
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(field + " " + p[field])
	}
	return &control.Error{Code: control.CodeInvalid, Message: b.String(), Details: p}
}

// validate checks what an endpoint is about to become.
func validate(name string, s control.Settings) error {
	p := problems{}
	switch {
	case !utf8.ValidString(name):
		p.add("name", "is not UTF-8; write it in UTF-8")
	case utf8.RuneCountInString(name) > maxName:
		p.add("name", "has %d characters; use at most %d", utf8.RuneCountInString(name), maxName)
	case strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }):
		p.add("name", "holds a character that cannot be printed; leave out line breaks, tabs and control characters")
	}
	if len(s.Origins) > maxOrigins {
		p.add("origins", "has %d entries; use at most %d", len(s.Origins), maxOrigins)
	}
	for _, o := range s.Origins {
		if !isOrigin(o) {
			p.add("origins", "holds %q; write each as a browser sends it, scheme and host in lower case without a path, "+
				`such as "https://app.example.com"`, o)
			break
		}
	}
	if s.MaxMessageSize > maxMessageSize {
		p.add("max_message_size", "is %d bytes; use at most %d", s.MaxMessageSize, maxMessageSize)
	}
	for field, v := range map[string]int64{
		"max_message_size":             s.MaxMessageSize,
		"max_connections":              int64(s.MaxConnections),
		"messages_per_second":          int64(s.MessagesPerSecond),
		"bytes_per_second":             s.BytesPerSecond,
		"endpoint_messages_per_second": int64(s.EndpointMessagesPerSecond),
		"endpoint_bytes_per_second":    s.EndpointBytesPerSecond,
	} {
		if v < 0 {
			p.add(field, "is negative; use 0 for what the gateway's config says")
		}
	}
	return p.err()
}

// isOrigin reports whether a browser could send o: the hub compares exactly,
// so an origin that is written another way would match nothing, silently.
func isOrigin(o string) bool {
	if o == "null" {
		return true
	}
	u, err := url.Parse(o)
	return err == nil && u.Scheme != "" && u.Host != "" && u.Scheme+"://"+u.Host == o && strings.ToLower(o) == o &&
		!(u.Scheme == "https" && u.Port() == "443") && !(u.Scheme == "http" && u.Port() == "80")
}
