// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"golang.org/x/net/proxy"

	"github.com/culvertd/culvert/internal/splice"
)

// maxProxyAnswer bounds the head of a proxy's answer to CONNECT.
const maxProxyAnswer = 8 << 10

// dialVia connects to target's host, which has a port, through the proxy that
// the config names for target, if any. What it returns is the bare socket in
// either case, so that it can be spliced; only a proxy that is spoken to by
// TLS makes an exception.
func (c *Config) dialVia(ctx context.Context, target *url.URL) (net.Conn, error) {
	p, err := c.proxyFor(target)
	if err != nil {
		return nil, fmt.Errorf("choosing a proxy: %w", err)
	}
	if p == nil {
		return c.Dial(ctx, "tcp", target.Host)
	}
	bare, err := c.Dial(ctx, "tcp", proxyAddr(p))
	if err != nil {
		return nil, fmt.Errorf("reaching the proxy %s: %w", p.Host, err)
	}
	// Proxies are spoken to in blocking calls, which only a deadline ends.
	stop := context.AfterFunc(ctx, func() { _ = bare.SetDeadline(time.Unix(1, 0)) })
	nc, err := throughProxy(ctx, bare, p, target.Host)
	if !stop() && err == nil {
		_ = nc.Close()
		err = ctx.Err()
	}
	if err != nil {
		return nil, fmt.Errorf("asking the proxy %s for %s: %w", p.Host, target.Host, err)
	}
	return nc, nil
}

func (c *Config) proxyFor(target *url.URL) (*url.URL, error) {
	return c.Proxy(&http.Request{Method: http.MethodGet, URL: target, Header: http.Header{}})
}

// throughProxy returns nc, or what is to be used in its place, once the proxy
// at its far end has connected it to addr. On failure nc is closed.
func throughProxy(ctx context.Context, nc net.Conn, p *url.URL, addr string) (net.Conn, error) {
	var err error
	switch p.Scheme {
	case "http":
		err = connect(nc, p, addr)
	case "https":
		secure := tlsClient(nc, p)
		if err = secure.HandshakeContext(ctx); err == nil {
			err = connect(secure, p, addr)
		}
		nc = secure
	case "socks5", "socks5h":
		err = socks(ctx, nc, p, addr)
	default:
		err = fmt.Errorf("scheme %q; use http, https or socks5", p.Scheme)
	}
	if err != nil {
		_ = nc.Close()
		return nil, err
	}
	return nc, nil
}

// connect asks an HTTP proxy. It reads byte by byte, so as not to take what
// belongs to the connection.
func connect(nc net.Conn, p *url.URL, addr string) error {
	req := &http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: addr}, Host: addr, Header: http.Header{}}
	if p.User != nil {
		password, _ := p.User.Password()
		credential := base64.StdEncoding.EncodeToString([]byte(p.User.Username() + ":" + password))
		req.Header.Set("Proxy-Authorization", "Basic "+credential)
	}
	if err := req.Write(nc); err != nil {
		return err
	}
	head := make([]byte, 0, 256)
	for !bytes.HasSuffix(head, []byte("\r\n\r\n")) {
		if len(head) == maxProxyAnswer {
			return errors.New("its answer is too long")
		}
		var b [1]byte
		if _, err := nc.Read(b[:]); err != nil {
			return err
		}
		head = append(head, b[0])
	}
	resp, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(head)), req)
	if err != nil {
		return err
	}
	_ = resp.Body.Close() // nothing of it has been read
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("it answers %s", resp.Status)
	}
	return nil
}

// socks asks a SOCKS5 proxy, which is to resolve the name.
func socks(ctx context.Context, nc net.Conn, p *url.URL, addr string) error {
	var auth *proxy.Auth
	if p.User != nil {
		password, _ := p.User.Password()
		auth = &proxy.Auth{User: p.User.Username(), Password: password}
	}
	d, err := proxy.SOCKS5("tcp", proxyAddr(p), auth, nil)
	if err != nil {
		return err
	}
	// Its other methods wrap the socket.
	via, ok := d.(interface {
		DialWithConn(ctx context.Context, c net.Conn, network, address string) (net.Addr, error)
	})
	if !ok {
		return fmt.Errorf("a %T cannot use a connection that exists", d)
	}
	_, err = via.DialWithConn(ctx, nc, "tcp", addr)
	return err
}

func proxyAddr(p *url.URL) string {
	if p.Port() != "" {
		return p.Host
	}
	port := map[string]string{"http": "80", "https": "443"}[p.Scheme]
	if port == "" {
		port = "1080"
	}
	return net.JoinHostPort(p.Hostname(), port)
}

// asConn returns nc as a connection with ends that can be told apart.
func asConn(nc net.Conn) (splice.Conn, error) {
	switch nc := nc.(type) {
	case *net.TCPConn:
		keepAlive(nc)
		return splice.TCP(nc), nil
	case *net.UnixConn:
		return splice.Unix(nc), nil
	case splice.Conn:
		return nc, nil
	}
	return nil, fmt.Errorf("a %T cannot be closed one way only", nc)
}

// keepAlive keeps what is between us and the peer from forgetting a silent
// connection.
func keepAlive(t *net.TCPConn) {
	a, ok := t.RemoteAddr().(*net.TCPAddr)
	if !ok {
		return
	}
	if idle := keepAliveIdle(a.AddrPort().Addr()); idle > 0 {
		_ = t.SetKeepAliveConfig(net.KeepAliveConfig{Enable: true, Idle: idle}) // best effort
	}
}

// keepAliveIdle returns how long a connection to addr is silent before it is
// probed. The times are spread, because the probes of many in step would drop
// packets (rules R2). On this machine nothing is in between, and a connection
// is cheaper without: 0.
func keepAliveIdle(addr netip.Addr) time.Duration {
	if addr.Unmap().IsLoopback() {
		return 0
	}
	return 45*time.Second + rand.N(23*time.Second) - 11*time.Second //nolint:gosec // spreading, not secrecy
}
