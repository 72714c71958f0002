// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/culvertd/culvert/internal/splice"
	"github.com/culvertd/culvert/internal/wire"
)

// dialTimeout bounds a connection to a service, and to the relay where there is
// no other way.
const dialTimeout = 10 * time.Second

// channelKey is a key with the counter of its opening lines, none of which may
// be used twice.
type channelKey struct {
	wire.Key
	counter atomic.Uint64
}

// opening describes a channel to be.
type opening struct {
	relay    string // host:port; empty where the gateway has only WebSocket
	key      *channelKey
	role     wire.Role
	protocol string
	session  string
	first    []byte // goes with the line
	spare    bool   // nobody waits for it
}

// channel is an open one.
type channel struct {
	splice.Conn
	transport Transport
	counter   uint64
}

// openChannel connects and says the line. It does not wait for an answer, for
// there is none yet.
func (c *Client) openChannel(ctx context.Context, o opening) (channel, error) {
	if c.cfg.Within != nil {
		return c.openInside(ctx, o)
	}
	conn, transport, err := c.connectChannel(ctx, o)
	if err != nil {
		return channel{}, fmt.Errorf("opening a channel: %w", err)
	}
	return o.begin(conn, transport)
}

// begin says the line. It is counted only now: lines of dials that took long
// would come too late for the relay's window.
func (o *opening) begin(conn splice.Conn, transport Transport) (channel, error) {
	line := o.line()
	b := append(line.Append(make([]byte, 0, wire.MaxLine), o.key.Secret), o.first...)
	_ = conn.SetWriteDeadline(time.Now().Add(dialTimeout))
	if _, err := conn.Write(b); err != nil {
		_ = conn.Reset()
		return channel{}, fmt.Errorf("opening a channel: %w", err)
	}
	_ = conn.SetWriteDeadline(time.Time{})
	return channel{conn, transport, line.Counter}, nil
}

func (o *opening) line() wire.Line {
	return wire.Line{
		Role: o.role, Protocol: o.protocol, Key: o.key.ID, Session: o.session, Counter: o.key.counter.Add(1),
	}
}

func (c *Client) connectChannel(ctx context.Context, o opening) (splice.Conn, Transport, error) {
	switch {
	case o.relay == "" && c.cfg.Transport == Relay:
		return nil, Relay, errors.New("the gateway has no relay port")
	case o.relay == "" || c.way.pick(o.spare) == WebSocket:
		conn, err := c.dialWebSocketChannel(ctx)
		return conn, WebSocket, err
	}
	conn, err := c.dialRelay(ctx, o.relay)
	switch {
	case err == nil:
		c.way.works(false)
		return conn, Relay, nil
	case c.cfg.Transport == Relay || ctx.Err() != nil || !c.isOnline():
		return nil, Relay, err // with the gateway away this says nothing about its port
	}
	c.relayUnreachable(o.relay, err)
	conn, err = c.dialWebSocketChannel(ctx)
	return conn, WebSocket, err
}

// relayUnreachable has the next channels take the other way.
func (c *Client) relayUnreachable(addr string, err error) {
	if c.way.unreachable() {
		c.log.Warn("the relay port cannot be reached; going through WebSocket", zap.String("relay", addr), zap.Error(err))
	}
}

// channelBroke notes a channel that ended without a word from the relay, soon
// after it was opened.
func (c *Client) channelBroke(ch channel, addr string, err error) {
	if ch.transport == Relay && c.cfg.Transport == Auto && c.isOnline() && c.way.broke() {
		c.relayUnreachable(addr, err)
	}
}

func (c *Client) dialRelay(ctx context.Context, addr string) (splice.Conn, error) {
	patience := relayPatience
	if c.cfg.Transport == Relay {
		patience = dialTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	// Proxies are chosen by URL; the relay is no HTTP server, so it is asked
	// for as what CONNECT is allowed for.
	target := &url.URL{Scheme: "https", Host: addr}
	nc, err := c.cfg.dialVia(ctx, target)
	if err != nil {
		return nil, err
	}
	conn, err := asConn(nc)
	if err != nil {
		_ = nc.Close()
		return nil, fmt.Errorf("reaching the relay: %w", err)
	}
	if p, err := c.cfg.proxyFor(target); p == nil && err == nil && !c.cfg.ownDial {
		c.shortcut.learn(addr, conn.RemoteAddr())
	}
	return conn, nil
}
