// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"bufio"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/culvertd/culvert/internal/signaling"
	"github.com/culvertd/culvert/internal/wire"
)

// TestBlockedRelayPort: channels go through WebSocket within 3 s, whether the
// port refuses or swallows.
func TestBlockedRelayPort(t *testing.T) {
	for name, block := range map[string]func(context.Context) error{
		"refused":   func(context.Context) error { return syscall.ECONNREFUSED },
		"swallowed": func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
	} {
		t.Run(name, func(t *testing.T) {
			g := open(t, signaling.Config{})
			dialBlocked := func(ctx context.Context, network, addr string) (net.Conn, error) {
				if addr == g.relay {
					return nil, block(ctx)
				}
				return dialPlain(ctx, network, addr)
			}
			cfg := g.config("client-a")
			cfg.Services, cfg.Dial = []wire.Service{service(t, "echo", echo)}, dialBlocked
			provider := run(t, cfg)
			cfg = g.config("client-b")
			cfg.Dial = dialBlocked
			visitor := run(t, cfg)
			f := forward(t, visitor, "client-a", "echo")
			begun := time.Now()
			if err := say(dial(t, f), "hello", "hello"); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(begun); took > 3*time.Second {
				t.Errorf("took %v", took)
			}
			for _, c := range []*Client{provider, visitor} {
				if st := c.Status(); st.Transport != WebSocket {
					t.Errorf("%s shows %q", st.ClientID, st.Transport)
				}
			}

			cfg = g.config("client-c")
			cfg.Dial, cfg.Transport = dialBlocked, Relay
			if name == "refused" { // forced: the relay port or nothing
				f := forward(t, run(t, cfg), "client-a", "echo")
				c, err := net.Dial("tcp", f.Addr().String())
				if err == nil {
					_, err = io.ReadAll(c)
					c.Close()
				}
				if !errors.Is(err, syscall.ECONNRESET) {
					t.Errorf("without another way: %v", err)
				}
			}
		})
	}
}

// proxyServer is a small HTTP or SOCKS5 proxy.
type proxyServer struct {
	t      *testing.T
	socks  bool
	user   *url.Userinfo
	deny   string // a host:port that it does not connect to
	served atomic.Int64
}

func (p *proxyServer) start() *url.URL {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		p.t.Fatal(err)
	}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			all.Go(func() { p.serve(c.(*net.TCPConn)) })
		}
	})
	p.t.Cleanup(func() { ln.Close(); all.Wait() })
	u := &url.URL{Scheme: "http", Host: ln.Addr().String(), User: p.user}
	if p.socks {
		u.Scheme = "socks5"
	}
	return u
}

func (p *proxyServer) serve(c *net.TCPConn) {
	defer c.Close()
	br := bufio.NewReader(c)
	var addr string
	var answer [2]string // yes, no
	if p.socks {
		addr, answer = p.greet(br, c), [2]string{"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00", "\x05\x02\x00\x01\x00\x00\x00\x00\x00\x00"}
	} else {
		answer = [2]string{"HTTP/1.1 200 Connection established\r\nX-Proxy: yes\r\n\r\n", "HTTP/1.1 403 Forbidden\r\n\r\n"}
		if req, err := http.ReadRequest(br); err == nil && req.Method == http.MethodConnect {
			addr = req.Host
			password, _ := p.user.Password()
			if want := "Basic " + base64.StdEncoding.EncodeToString([]byte(p.user.Username()+":"+password)); req.Header.Get("Proxy-Authorization") != want {
				p.t.Errorf("proxy: %q", req.Header)
			}
		}
	}
	if addr == "" || addr == p.deny {
		io.WriteString(c, answer[1])
		return
	}
	up, err := net.Dial("tcp", addr)
	if err != nil {
		io.WriteString(c, answer[1])
		return
	}
	defer up.Close()
	p.served.Add(1)
	io.WriteString(c, answer[0])
	var ways sync.WaitGroup
	ways.Go(func() { io.Copy(up, br); up.(*net.TCPConn).CloseWrite() })
	io.Copy(c, up)
	c.CloseWrite()
	ways.Wait()
}

// greet returns the address that a SOCKS5 client asks for, with the right
// password.
func (p *proxyServer) greet(br *bufio.Reader, c net.Conn) string {
	buf := make([]byte, 512)
	io.ReadFull(br, buf[:2])
	io.ReadFull(br, buf[:buf[1]])
	io.WriteString(c, "\x05\x02")
	io.ReadFull(br, buf[:2])
	user := make([]byte, buf[1])
	io.ReadFull(br, user)
	io.ReadFull(br, buf[:1])
	password := make([]byte, buf[0])
	if _, err := io.ReadFull(br, password); err != nil || len(user) == 0 {
		return "" // a dial that was given up
	}
	if want, _ := p.user.Password(); string(user) != p.user.Username() || string(password) != want {
		p.t.Errorf("proxy: %q, %q", user, password)
		return ""
	}
	io.WriteString(c, "\x01\x00")
	if _, err := io.ReadFull(br, buf[:4]); err != nil {
		return "" // likewise
	}
	if buf[3] != 1 {
		p.t.Errorf("proxy: address of type %d", buf[3])
		return ""
	}
	io.ReadFull(br, buf[:6])
	return (&net.TCPAddr{IP: net.IP(buf[:4]), Port: int(buf[4])<<8 | int(buf[5])}).String()
}

func TestProxies(t *testing.T) {
	for name, tc := range map[string]struct {
		socks, deny bool
		want        Transport
	}{
		"http":                          {want: Relay},
		"socks":                         {socks: true, want: Relay},
		"http, relay port not allowed":  {deny: true, want: WebSocket},
		"socks, relay port not allowed": {socks: true, deny: true, want: WebSocket},
	} {
		t.Run(name, func(t *testing.T) {
			g := open(t, signaling.Config{})
			cfg := g.config("client-a")
			cfg.Services = []wire.Service{service(t, "echo", echo)}
			run(t, cfg)
			p := &proxyServer{t: t, socks: tc.socks, user: url.UserPassword("user", "pass word")}
			if tc.deny {
				p.deny = g.relay
			}
			u := p.start()
			cfg = g.config("client-b")
			cfg.Proxy = http.ProxyURL(u)
			cfg.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
				if addr != u.Host {
					t.Errorf("%s is dialed past the proxy", addr)
				}
				return dialPlain(ctx, network, addr)
			}
			visitor := run(t, cfg)
			f := forward(t, visitor, "client-a", "echo")
			c := dial(t, f)
			if err := say(c, "hello", "hello"); err != nil {
				t.Fatal(err)
			}
			c.CloseWrite()
			if b, err := io.ReadAll(c); err != nil || len(b) > 0 {
				t.Errorf("%q, %v", b, err)
			}
			if st := visitor.Status(); st.Transport != tc.want {
				t.Errorf("over %s", st.Transport)
			}
			if p.served.Load() < 2 {
				t.Errorf("%d connections through the proxy", p.served.Load())
			}
		})
	}
}

func TestProxyFromEnvironment(t *testing.T) {
	for _, k := range []string{"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy", "all_proxy", "REQUEST_METHOD"} {
		t.Setenv(k, "")
	}
	t.Setenv("ALL_PROXY", "socks5://proxy.example:1080")
	t.Setenv("HTTPS_PROXY", "http://secure.example:3128")
	t.Setenv("NO_PROXY", "inside.example")
	ask := environmentProxy()
	for target, want := range map[string]string{
		"http://gateway.example:80":   "socks5://proxy.example:1080",
		"https://gateway.example:443": "http://secure.example:3128",
		"https://inside.example:9001": "",
		"https://127.0.0.1:9001":      "",
	} {
		u, err := url.Parse(target)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ask(&http.Request{URL: u})
		if err != nil || got == nil && want != "" || got != nil && got.String() != want {
			t.Errorf("%s: %v, %v", target, got, err)
		}
	}
}

func TestServerURL(t *testing.T) {
	for in, want := range map[string][2]string{
		"ws://h:9000":         {"ws://h:9000/tunnel", "ws://h:9000/tunnel/channel"},
		"http://h/":           {"ws://h/tunnel", "ws://h/tunnel/channel"},
		"https://h":           {"wss://h/tunnel", "wss://h/tunnel/channel"},
		"wss://h/other?x=1":   {"wss://h/other?x=1", "wss://h/tunnel/channel"},
		"https://[::1]:8443/": {"wss://[::1]:8443/tunnel", "wss://[::1]:8443/tunnel/channel"},
	} {
		u, err := url.Parse(in)
		if err != nil {
			t.Fatal(err)
		}
		c := Config{Server: u}
		if got := c.serverURL("").String(); got != want[0] {
			t.Errorf("%s: %s", in, got)
		}
		if got := c.serverURL("/tunnel/channel").String(); got != want[1] {
			t.Errorf("%s: %s", in, got)
		}
	}
}

func TestLocal(t *testing.T) {
	for in, want := range map[string]local{
		"3000":           {addr: "127.0.0.1:3000"},
		"0":              {addr: "127.0.0.1:0"},
		"0.0.0.0:80":     {addr: "0.0.0.0:80"},
		"[::1]:80":       {addr: "[::1]:80"},
		":80":            {addr: ":80"},
		"./x.sock":       {unix: true, addr: "./x.sock"},
		"/run/x.sock":    {unix: true, addr: "/run/x.sock"},
		"65536":          {},
		"-1":             {},
		"":               {},
		"http":           {},
		"localhost:http": {},
		"::1:80":         {},
		"007":            {},
	} {
		got, err := parseLocal(in)
		if got != want || (err == nil) != (want != local{}) {
			t.Errorf("%q: %+v, %v", in, got, err)
		}
	}
}

func TestUnixSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	_, _, visitor := ends(t, Auto, service(t, "echo", echo))
	for range 2 { // the second time over a socket that nobody listens on
		f, err := visitor.Forward(t.Context(), ForwardSpec{Target: "client-a", Service: "echo", Local: path})
		if err != nil {
			t.Fatal(err)
		}
		if fi, err := os.Stat(path); err != nil || fi.Mode().Perm() != 0o600 {
			t.Errorf("%v, %v", fi.Mode(), err)
		}
		if _, err := visitor.Forward(t.Context(), ForwardSpec{Target: "client-a", Service: "echo", Local: path}); kindOf(err) != LocalFailed {
			t.Errorf("listening twice: %v", err)
		}
		c, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		if err := say(c, "hello", "hello"); err != nil {
			t.Error(err)
		}
		c.(*net.UnixConn).CloseWrite()
		if b, err := io.ReadAll(c); err != nil || len(b) > 0 {
			t.Errorf("%q, %v", b, err)
		}
		c.Close()
		f.Close()
		if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the socket is still there: %v", err)
		}
		stale, err := net.ListenUnix("unix", &net.UnixAddr{Name: path})
		if err != nil {
			t.Fatal(err)
		}
		stale.SetUnlinkOnClose(false)
		stale.Close()
	}
	os.Remove(path)
	os.WriteFile(path, []byte("mine"), 0o600)
	if _, err := visitor.Forward(t.Context(), ForwardSpec{Target: "client-a", Service: "echo", Local: path}); kindOf(err) != LocalFailed {
		t.Errorf("listening in place of a file: %v", err)
	}
	if b, _ := os.ReadFile(path); string(b) != "mine" {
		t.Error("the file is gone")
	}
}
