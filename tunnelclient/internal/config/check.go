// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/culvertd/culvert/internal/tunnel"
	"github.com/culvertd/culvert/internal/wire"
)

// maxInterval is where the client's backoff ends anyway.
const maxInterval = 15 * time.Second

// The checks below are for the file and the flags alike; their errors name the
// problem and the remedy, but not where the value came from.

// ParseServer checks the gateway's URL.
func ParseServer(s string) (*url.URL, error) {
	if s == "" {
		return nil, errors.New("is empty; give the gateway's URL, such as wss://example.com")
	}
	u, err := url.Parse(s)
	if err != nil || !strings.Contains(s, "://") {
		return nil, fmt.Errorf("%q is not a URL; write it like wss://example.com or ws://192.0.2.1:8080", hide(s))
	}
	switch u.Scheme {
	case "ws", "wss", "http", "https":
	default:
		return nil, fmt.Errorf("begins with %s://; use wss:// (or ws:// without TLS)", u.Scheme)
	}
	switch {
	case u.Hostname() == "":
		return nil, fmt.Errorf("%q names no host; write it like wss://example.com", hide(s))
	case u.User != nil:
		return nil, errors.New("holds a name or password; the token goes into tokenFile or CULVERT_TOKEN")
	case u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("has something after ? or #; leave that away")
	}
	if p := u.Port(); p != "" && !validPort(p, 1) {
		return nil, fmt.Errorf("%s is not a port; give a number from 1 to 65535", p)
	}
	return u, nil
}

// CheckName checks the name of a client or service.
func CheckName(s string) error {
	if wire.ValidName(s) {
		return nil
	}
	return fmt.Errorf("%q is not a name; use 1 to %d letters, digits, - and _, and no - first", s, wire.MaxName)
}

// CheckTarget checks the name of a client, which may be another account's.
func CheckTarget(s string) error {
	if wire.ValidClient(s) {
		return nil
	}
	if strings.ContainsRune(s, '/') {
		return fmt.Errorf("%q is not a client's name; write another account's as owner/client, "+
			"each with 1 to %d letters, digits, - and _, and no - first", s, wire.MaxName)
	}
	return CheckName(s)
}

// CheckTransport checks the way of channels.
func CheckTransport(t tunnel.Transport) error {
	switch t {
	case tunnel.Auto, tunnel.Relay, tunnel.WebSocket:
		return nil
	default:
		return fmt.Errorf("%q is not one of %s, %s, %s", t, tunnel.Auto, tunnel.Relay, tunnel.WebSocket)
	}
}

// CheckFingerprint checks the fingerprint of a key.
func CheckFingerprint(s string) error {
	hash, ok := strings.CutPrefix(s, fingerprintPrefix)
	b, err := base64.RawStdEncoding.Strict().DecodeString(hash)
	if !ok || err != nil || len(b) != sha256.Size {
		return fmt.Errorf("%q is not a fingerprint; `tunnelclient key show` on the other machine prints it, "+
			"%s and 43 characters", s, fingerprintPrefix)
	}
	return nil
}

const fingerprintPrefix = "SHA256:"

// CheckEncryption checks what a user says of encryption.
func CheckEncryption(s string) error {
	if s != "" && s != wire.EncryptionNone {
		return fmt.Errorf("%q is not %s; leave it out for encryption", s, wire.EncryptionNone)
	}
	return nil
}

// CheckKeyless refuses to be told about keys where there are to be none:
// whoever is on the way could be anybody.
func CheckKeyless(encryption, what string, named bool) error {
	if encryption == wire.EncryptionNone && named {
		return fmt.Errorf("has both encryption: none and %s; without encryption no key can be checked, so leave one away", what)
	}
	return nil
}

// maxWindow is the most that tunnel.Config.Window can be.
const maxWindow = 24 * time.Hour

func parseWindow(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil {
		return 0, fmt.Errorf("%q is not a duration; write it like 90s, 2m or 1h30m", s)
	}
	if d < time.Second || d > maxWindow {
		return 0, fmt.Errorf("%s is out of range; give a duration from 1s to 24h", s)
	}
	return d, nil
}

// CheckHost checks the name that a website is to be published under.
func CheckHost(s string) error {
	if wire.ValidHost(s) {
		return nil
	}
	return fmt.Errorf("%q cannot be part of a host's name; use 1 to %d letters, digits and -, and no - first or last, "+
		"such as web, or a domain of your own, such as www.example.org", s, wire.MaxLabel)
}

// CheckPublish checks that a service can be published as it asks for.
func CheckPublish(s wire.Service) error {
	protocol, port := s.Publish.Port()
	switch p := s.Publish; {
	case p == nil:
	case p.TCP != nil && p.UDP != nil:
		return errors.New("publish has both tcp and udp; offer the service twice, under two ids")
	case p.Host != "" && port != nil:
		return fmt.Errorf("publish has both host and %s; offer the service twice, under two ids", protocol)
	case p.Host != "" && s.Protocol != wire.ServiceHTTP && s.Protocol != wire.ServiceWS:
		return fmt.Errorf("publish.host is for the protocols http and ws, and this is %s; use publish.%s", s.Protocol, s.Transport())
	case port != nil && s.Transport() != protocol:
		return fmt.Errorf("publish.%s is not for the protocol %s; use publish.%s", protocol, s.Protocol, s.Transport())
	case p.ProxyProtocol != "" && p.TCP == nil:
		return errors.New("publish.proxyProtocol is for a public port of the service's own; it needs publish.tcp " +
			"(what the gateway's Caddyfile lets in has its own proxy_protocol)")
	}
	return nil
}

// CheckLocal checks where a forward is to listen.
func CheckLocal(s string) error {
	if strings.ContainsRune(s, '/') || validPort(s, 0) {
		return nil
	}
	if _, port, err := net.SplitHostPort(s); err == nil && validPort(port, 0) {
		return nil
	}
	return fmt.Errorf("%q is no place to listen; give a port such as 3000, host:port such as 0.0.0.0:3000, "+
		"or the path of a unix socket such as ./app.sock", s)
}

// CheckLocalHost finds the usual mistake, a port or URL where only a host belongs.
func CheckLocalHost(s string) error {
	if net.ParseIP(s) != nil {
		return nil
	}
	if strings.ContainsAny(s, ":/@[] \t\n") {
		return fmt.Errorf("%q is not a host; give a name or an address alone, and the port as localPort", s)
	}
	return nil
}

func validPort(s string, low uint64) bool {
	n, err := strconv.ParseUint(s, 10, 16)
	return err == nil && n >= low
}

// hide keeps a password that was put into a URL out of messages.
func hide(s string) string {
	if i := strings.LastIndexByte(s, '@'); i >= 0 {
		return "…" + s[i:]
	}
	return s
}
