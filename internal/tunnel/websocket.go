// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/culvertd/culvert/internal/splice"
	"github.com/culvertd/culvert/internal/wsconn"
)

const (
	// handshakeTimeout bounds everything up to a WebSocket.
	handshakeTimeout = 10 * time.Second
	wsBuffer         = 32 << 10
)

// wsBuffers are lent to WebSockets while they write.
var wsBuffers sync.Pool

// dialWebSocketChannel opens a channel through the gateway's HTTPS port. There
// is no token in it: its opening line proves the key.
func (c *Client) dialWebSocketChannel(ctx context.Context) (splice.Conn, error) {
	path := c.channelsPath()
	if path == "" {
		return nil, errors.New("the gateway offers no channels over WebSocket")
	}
	ws, resp, err := c.dialWebSocket(ctx, c.cfg.serverURL(path), nil, handshakeTimeout)
	if resp != nil {
		_ = resp.Body.Close() // in memory
	}
	if err != nil {
		return nil, err
	}
	return wsconn.New(ws), nil
}

// dialWebSocket does the handshake; patience bounds the time until there is a
// TCP connection, and with quickConnect it dials more than once. A refusal is an error and its answer, with a body of at most
// 1 KiB in memory.
func (c *Client) dialWebSocket(ctx context.Context, u *url.URL, h http.Header, patience time.Duration) (*websocket.Conn, *http.Response, error) {
	scheme := map[string]string{"ws": "http", "wss": "https"}[u.Scheme] // for the choice of a proxy
	stop := func() bool { return true }
	d := websocket.Dialer{
		HandshakeTimeout: handshakeTimeout,
		ReadBufferSize:   4 << 10,
		WriteBufferSize:  wsBuffer,
		WriteBufferPool:  &wsBuffers,
		TLSClientConfig:  c.cfg.TLS,
		NetDialContext: func(dctx context.Context, _, addr string) (net.Conn, error) {
			dial := func(dctx context.Context) (net.Conn, error) {
				return c.cfg.dialVia(dctx, &url.URL{Scheme: scheme, Host: addr})
			}
			dctx, cancel := context.WithTimeout(dctx, patience)
			defer cancel()
			var nc net.Conn
			var err error
			if patience == quickConnect {
				nc, err = insist(dctx, dial)
			} else {
				nc, err = dial(dctx)
			}
			if err != nil {
				return nil, err
			}
			if t, ok := nc.(*net.TCPConn); ok {
				keepAlive(t)
			}
			// gorilla looks at the context only until it has a connection.
			stop = context.AfterFunc(ctx, func() { _ = nc.SetDeadline(time.Unix(1, 0)) })
			return nc, nil
		},
	}
	ws, resp, err := d.DialContext(ctx, u.String(), h)
	if !stop() && err == nil {
		_ = ws.Close()
		err = ctx.Err()
	}
	switch {
	case err == nil:
		return ws, nil, nil
	case resp == nil:
		return nil, nil, fmt.Errorf("reaching %s: %w", u.Host, err)
	}
	return nil, resp, fmt.Errorf("%s://%s%s answers %s", u.Scheme, u.Host, u.Path, resp.Status)
}

// tlsClient is for a proxy that is spoken to by TLS.
func tlsClient(nc net.Conn, p *url.URL) *tls.Conn {
	return tls.Client(nc, &tls.Config{ServerName: p.Hostname(), MinVersion: tls.VersionTLS12})
}
