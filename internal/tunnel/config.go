// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"cmp"
	"context"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"

	"go.uber.org/zap"
	"golang.org/x/net/http/httpproxy"
)

const (
	defaultReconnect = 500 * time.Millisecond
	defaultDrain     = 10 * time.Second
	defaultUDPIdle   = time.Minute
	defaultMin       = 2 // channels kept ready
	defaultMax       = 64
)

// signalingPath is where a gateway has its signaling unless the URL says so.
const signalingPath = "/tunnel"

func (c Config) withDefaults() Config {
	c.ReconnectInterval = cmp.Or(max(c.ReconnectInterval, 0), defaultReconnect)
	c.DrainTimeout = cmp.Or(c.DrainTimeout, defaultDrain)
	c.UDPIdle = cmp.Or(max(c.UDPIdle, 0), defaultUDPIdle)
	c.Transport = cmp.Or(c.Transport, Auto)
	c.MinWarm, c.MaxWarm = bounds(c.MinWarm, c.MaxWarm)
	c.MinParked, c.MaxParked = bounds(c.MinParked, c.MaxParked)
	if c.ownDial = c.Dial != nil; !c.ownDial {
		c.Dial = dialPlain
	}
	if c.Proxy == nil {
		c.Proxy = environmentProxy()
	}
	if c.Logger == nil {
		c.Logger = zap.NewNop()
	}
	return c
}

func bounds(low, high int) (int, int) {
	low = cmp.Or(max(low, 0), defaultMin)
	return low, max(cmp.Or(max(high, 0), defaultMax), low)
}

// serverURL returns the WebSocket URL of path, or of signaling if path is
// empty.
func (c Config) serverURL(path string) *url.URL {
	u := &url.URL{Scheme: c.Server.Scheme, Host: c.Server.Host, Path: c.Server.Path, RawQuery: c.Server.RawQuery}
	switch u.Scheme {
	case "http":
		u.Scheme = "ws"
	case "https":
		u.Scheme = "wss"
	}
	switch {
	case path != "":
		u.Path, u.RawQuery = path, ""
	case u.Path == "" || u.Path == "/":
		u.Path = signalingPath
	}
	return u
}

// dialPlain is the default of Config.Dial. Multipath TCP is off because its
// sockets cannot be spliced, and keepalive because keepAlive does it.
func dialPlain(ctx context.Context, network, addr string) (net.Conn, error) {
	d := net.Dialer{KeepAlive: -1}
	d.SetMultipathTCP(false)
	return d.DialContext(ctx, network, addr)
}

// environmentProxy is http.ProxyFromEnvironment with ALL_PROXY, where SOCKS
// proxies usually stand.
func environmentProxy() func(*http.Request) (*url.URL, error) {
	cfg := httpproxy.FromEnvironment()
	all := cmp.Or(os.Getenv("ALL_PROXY"), os.Getenv("all_proxy"))
	cfg.HTTPProxy = cmp.Or(cfg.HTTPProxy, all)
	cfg.HTTPSProxy = cmp.Or(cfg.HTTPSProxy, all)
	ask := cfg.ProxyFunc()
	return func(r *http.Request) (*url.URL, error) { return ask(r.URL) }
}
