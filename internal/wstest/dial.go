// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package wstest

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // RFC 6455 §1.3 wants it
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Options say how to connect. The zero value is a plain client.
type Options struct {
	// Header adds to the request; a header of the handshake itself that is
	// set here replaces the right one, and one set to "" is left out.
	Header http.Header
	// Deflate, if not empty, is sent as Sec-WebSocket-Extensions.
	Deflate string
	// TLS is used for wss URLs.
	TLS *tls.Config
	// Dial makes the connection; nil: TCP.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
	// Timeout bounds the handshake and every later read and write.
	// Default: 15 s, since tests share few cores with the race detector.
	Timeout time.Duration
}

// RefusedError is an answer other than 101.
type RefusedError struct {
	Status int
	Header http.Header
	Body   string
}

func (e *RefusedError) Error() string {
	return fmt.Sprintf("upgrade refused with %d: %s", e.Status, strings.TrimSpace(e.Body))
}

// Dial connects to a ws or wss URL and shakes hands.
func Dial(ctx context.Context, rawURL string, o Options) (*Conn, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, fmt.Errorf("parsing the URL: %w", err)
	}
	nc, err := Connect(ctx, u, o)
	if err != nil {
		return nil, err
	}
	c, err := Handshake(nc, u, o)
	if err != nil {
		nc.Close()
		return nil, err
	}
	return c, nil
}

// Connect only opens the transport for a URL: TCP, and TLS over it for wss.
func Connect(ctx context.Context, u *url.URL, o Options) (net.Conn, error) {
	dial := o.Dial
	if dial == nil {
		dial = (&net.Dialer{}).DialContext
	}
	ctx, cancel := context.WithTimeout(ctx, o.timeout())
	defer cancel()
	addr, secure := u.Host, u.Scheme == "wss" || u.Scheme == "https"
	if u.Port() == "" {
		addr = net.JoinHostPort(u.Hostname(), map[bool]string{false: "80", true: "443"}[secure])
	}
	nc, err := dial(ctx, "tcp", addr)
	if err != nil || !secure {
		return nc, err
	}
	cfg := o.TLS.Clone()
	if cfg == nil {
		cfg = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	if cfg.ServerName == "" {
		cfg.ServerName = u.Hostname()
	}
	tc := tls.Client(nc, cfg)
	if err := tc.HandshakeContext(ctx); err != nil {
		nc.Close()
		return nil, fmt.Errorf("shaking hands over TLS: %w", err)
	}
	return tc, nil
}

// Handshake upgrades a connection that is already open, whatever it is, and
// checks all that RFC 6455 §4.1 asks of the answer.
func Handshake(nc net.Conn, u *url.URL, o Options) (*Conn, error) {
	if err := nc.SetDeadline(time.Now().Add(o.timeout())); err != nil {
		return nil, err
	}
	req, key := Request(u, o)
	if _, err := nc.Write(req); err != nil {
		return nil, fmt.Errorf("sending the request: %w", err)
	}
	br := bufio.NewReaderSize(nc, 16<<10)
	res, err := http.ReadResponse(br, &http.Request{Method: http.MethodGet})
	if err != nil {
		return nil, fmt.Errorf("reading the answer: %w", err)
	}
	defer res.Body.Close() // empty after 101: what follows is ours
	if res.StatusCode != http.StatusSwitchingProtocols {
		body, _ := io.ReadAll(io.LimitReader(res.Body, 64<<10))
		return nil, &RefusedError{res.StatusCode, res.Header, string(body)}
	}
	switch {
	case !strings.EqualFold(res.Header.Get("Upgrade"), "websocket"):
		return nil, fmt.Errorf("answer has Upgrade %q", res.Header.Get("Upgrade"))
	case !strings.EqualFold(res.Header.Get("Connection"), "upgrade"):
		return nil, fmt.Errorf("answer has Connection %q", res.Header.Get("Connection"))
	case key != "" && res.Header.Get("Sec-WebSocket-Accept") != Accept(key):
		return nil, fmt.Errorf("answer has Sec-WebSocket-Accept %q", res.Header.Get("Sec-WebSocket-Accept"))
	}
	d, err := parseDeflate(res.Header.Values("Sec-WebSocket-Extensions"))
	if err != nil {
		return nil, err
	}
	if d.On && o.Deflate == "" {
		return nil, fmt.Errorf("server chose an extension that nobody offered")
	}
	return &Conn{Deflate: d, Header: res.Header, Timeout: o.timeout(), nc: nc, br: br}, nil
}

// Request is a handshake as bytes, for tests that send only part of it, and
// the key in it.
func Request(u *url.URL, o Options) (req []byte, key string) {
	var nonce [16]byte
	_, _ = rand.Read(nonce[:]) // never fails
	key = base64.StdEncoding.EncodeToString(nonce[:])
	h := http.Header{
		"Upgrade":               {"websocket"},
		"Connection":            {"Upgrade"},
		"Sec-Websocket-Version": {"13"},
		"Sec-Websocket-Key":     {key},
	}
	if o.Deflate != "" {
		h.Set("Sec-WebSocket-Extensions", o.Deflate)
	}
	host := u.Host
	for name, values := range o.Header {
		switch {
		case http.CanonicalHeaderKey(name) == "Host":
			host = values[0]
		case len(values) == 1 && values[0] == "":
			h.Del(name)
		default:
			h[http.CanonicalHeaderKey(name)] = values
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "GET %s HTTP/1.1\r\nHost: %s\r\n", u.RequestURI(), host)
	_ = h.Write(&b) // a strings.Builder takes everything
	b.WriteString("\r\n")
	return []byte(b.String()), h.Get("Sec-WebSocket-Key")
}

// Accept is the answer to a key (RFC 6455 §4.2.2).
func Accept(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")) //nolint:gosec // see the import
	return base64.StdEncoding.EncodeToString(sum[:])
}

func (o Options) timeout() time.Duration {
	if o.Timeout > 0 {
		return o.Timeout
	}
	return 15 * time.Second
}
