// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"net"
	"net/url"
	"strings"
)

// ServerName returns the same text for URLs that lead to the same gateway,
// however they are written. It is a URL too.
func ServerName(u *url.URL) string {
	scheme, port := "wss", "443"
	if u.Scheme == "ws" || u.Scheme == "http" {
		scheme, port = "ws", "80"
	}
	if p := u.Port(); p != "" {
		port = p
	}
	path := strings.TrimRight(u.EscapedPath(), "/")
	if path == "/tunnel" {
		path = ""
	}
	return scheme + "://" + net.JoinHostPort(strings.ToLower(u.Hostname()), port) + path
}
