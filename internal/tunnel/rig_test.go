// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest"

	"github.com/culvertd/culvert/internal/identity"
	"github.com/culvertd/culvert/internal/signaling"
	"github.com/culvertd/culvert/internal/wire"
)

// gate is a real gateway: signaling behind net/http, and a relay.
type gate struct {
	t     *testing.T
	store noStore
	cfg   signaling.Config
	site  *httptest.Server
	addr  string // of the site, kept over restarts
	relay string

	mu  sync.Mutex // guards the fields below
	srv *signaling.Server
	ln  net.Listener
	udp *net.UDPConn
}

// noStore forgets, and knows the tokens a, b and c, good for any name.
type noStore struct{}

func (noStore) Tokens(context.Context) ([]signaling.Token, error) {
	list := []signaling.Token{}
	for _, text := range []string{"a", "b", "c"} {
		list = append(list, signaling.Token{ID: text, Hash: signaling.HashToken(text)})
	}
	return list, nil
}
func (noStore) Clients(context.Context) ([]signaling.Client, error) { return nil, nil }
func (noStore) Write(context.Context, signaling.Batch) error        { return nil }

// open starts a gateway. The test fails if it, or what was started after it,
// leaves goroutines behind.
func open(t *testing.T, cfg signaling.Config) *gate {
	t.Helper()
	before := runtime.NumGoroutine()
	g := &gate{t: t, cfg: cfg, relay: "127.0.0.1:0"}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g.addr = ln.Addr().String()
	g.start(ln)
	t.Cleanup(func() {
		g.stop(signaling.Closing{Code: wire.CloseGoingAway})
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
		for range 300 {
			if runtime.NumGoroutine() <= before {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
		buf := make([]byte, 1<<20)
		t.Errorf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, buf[:runtime.Stack(buf, true)])
	})
	return g
}

func (g *gate) start(site net.Listener) {
	g.t.Helper()
	ln, udp, err := listenBoth(g.relay)
	for tries := 0; err != nil && tries < 10; tries++ { // the other protocol's port may be taken
		ln, udp, err = listenBoth(g.relay)
	}
	if err != nil {
		g.t.Fatal(err)
	}
	g.relay = ln.Addr().String()
	cfg := g.cfg
	cfg.RelayPort = ln.Addr().(*net.TCPAddr).Port
	srv, err := signaling.New(g.t.Context(), cfg, g.store, zap.NewNop)
	if err != nil {
		g.t.Fatal(err)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.srv, g.ln, g.udp = srv, ln, udp
	go srv.Relay().ServeTCP(ln)
	go srv.Relay().ServeUDP(udp)
	mux := http.NewServeMux()
	mux.HandleFunc("/tunnel", func(w http.ResponseWriter, r *http.Request) {
		srv.Serve(w, r, netip.MustParseAddr("127.0.0.1"))
	})
	mux.HandleFunc(signaling.ChannelsPath, func(w http.ResponseWriter, r *http.Request) {
		srv.ServeChannel(w, r, netip.MustParseAddr("127.0.0.1"))
	})
	g.site = &httptest.Server{Listener: site, Config: &http.Server{Handler: mux}}
	g.site.Start()
}

func listenBoth(addr string) (net.Listener, *net.UDPConn, error) {
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, nil, err
	}
	udp, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort(ln.Addr().String())))
	if err != nil {
		ln.Close()
	}
	return ln, udp, err
}

// stop ends the gateway as its exit does.
func (g *gate) stop(c signaling.Closing) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.srv == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	g.site.Listener.Close()
	if err := g.srv.Close(ctx, c); err != nil {
		g.t.Errorf("closing signaling: %v", err)
	}
	g.ln.Close()
	g.udp.Close()
	if err := g.srv.Relay().Close(ctx); err != nil {
		g.t.Errorf("closing the relay: %v", err)
	}
	g.site.Close()
	g.srv = nil
}

// resume starts it again where it was.
func (g *gate) resume() {
	g.t.Helper()
	ln, err := net.Listen("tcp", g.addr)
	if err != nil {
		g.t.Fatal(err)
	}
	g.start(ln)
}

func (g *gate) server() *signaling.Server {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.srv
}

// config is that of a client of the gateway. It has a key in tests whose name
// says that it is for TLS.
func (g *gate) config(name string) Config {
	var key *identity.Key
	if strings.HasSuffix(g.t.Name(), "/"+wire.ModeTLS) {
		var err error
		if key, err = identity.New(); err != nil {
			g.t.Fatal(err)
		}
	}
	return Config{
		Key: key,

		Server: &url.URL{Scheme: "http", Host: g.addr}, Token: "a", ClientID: name,
		Logger: zaptest.NewLogger(g.t, zaptest.Level(zap.WarnLevel)).Named(name),
		Proxy:  func(*http.Request) (*url.URL, error) { return nil, nil },

		DrainTimeout: -1,
	}
}

// run starts a client, and stops it when the test ends.
func run(t *testing.T, cfg Config) *Client {
	t.Helper()
	c := New(cfg)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Logf("client %s: %v", cfg.ClientID, err)
			}
		case <-time.After(20 * time.Second):
			t.Error("the client does not stop")
		}
	})
	select {
	case <-c.Ready():
	case err := <-done:
		done <- err
		t.Fatalf("client %s: %v", cfg.ClientID, err)
	case <-time.After(10 * time.Second):
		t.Fatalf("client %s is not online: %+v", cfg.ClientID, c.Status())
	}
	return c
}

// service runs handle for each connection to a new service, and returns it.
func service(t *testing.T, id string, handle func(*net.TCPConn)) wire.Service {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer c.Close()
				handle(c.(*net.TCPConn))
			})
		}
	})
	t.Cleanup(func() { ln.Close(); all.Wait() })
	return wire.Service{ID: id, Protocol: wire.ServiceTCP, LocalHost: "127.0.0.1", LocalPort: ln.Addr().(*net.TCPAddr).Port}
}

// echo says back what it hears, to the end.
func echo(c *net.TCPConn) {
	io.Copy(c, c)
	c.CloseWrite()
}

// forward makes a forward on any port.
func forward(t *testing.T, c *Client, target, service string) *Forward {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	f, err := c.Forward(ctx, ForwardSpec{Target: target, Service: service, Local: "0"})
	if err != nil {
		t.Fatalf("forwarding to %s/%s: %v", target, service, err)
	}
	return f
}

// dial connects as an application.
func dial(t *testing.T, f *Forward) *net.TCPConn {
	t.Helper()
	c, err := net.Dial("tcp", f.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(20 * time.Second))
	return c.(*net.TCPConn)
}

// say sends text, and expects answer.
func say(c net.Conn, text, answer string) error {
	if _, err := io.WriteString(c, text); err != nil {
		return err
	}
	buf := make([]byte, len(answer))
	if n, err := io.ReadFull(c, buf); err != nil {
		return fmt.Errorf("after %q: %w", buf[:n], err)
	}
	if string(buf) != answer {
		return fmt.Errorf("got %q, want %q", buf, answer)
	}
	return nil
}

// eventually fails the test unless ok becomes true in time.
func eventually(t *testing.T, within time.Duration, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(within); ; time.Sleep(5 * time.Millisecond) {
		if ok() {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("not within %v: %s", within, what)
		}
	}
}

func kindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return 0
}

func codeOf(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return ""
}

func port(addr string) string { return addr[strings.LastIndexByte(addr, ':')+1:] }
