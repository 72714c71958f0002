// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"context"
	"errors"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/culvertd/culvert/internal/tunnel"
	"github.com/culvertd/culvert/internal/wire"
)

// client runs a client in this process until the test ends.
func (s *site) client(t testing.TB, c tunnel.Config) *tunnel.Client {
	t.Helper()
	return s.clientUntil(context.Background(), t, c) // a test's own ends before its clean-up
}

// clientUntil is client for one that leaves when ctx ends.
func (s *site) clientUntil(ctx context.Context, t testing.TB, c tunnel.Config) *tunnel.Client {
	t.Helper()
	return s.clientWith(ctx, t, s.token(t, c.ClientID).Token, c)
}

// clientWith is clientUntil with a token of before.
func (s *site) clientWith(ctx context.Context, t testing.TB, token string, c tunnel.Config) *tunnel.Client {
	t.Helper()
	c.Server, c.Token = s.url(), token
	cl := tunnel.New(c)
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- cl.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("%s ended with %v", c.ClientID, err)
		}
	})
	select {
	case <-cl.Ready():
	case err := <-done:
		done <- nil
		t.Fatalf("%s cannot sign in: %v", c.ClientID, err)
	case <-time.After(20 * time.Second):
		t.Fatalf("%s has not signed in", c.ClientID)
	}
	return cl
}

// way is the transport of each end.
type way struct{ visitor, provider tunnel.Transport }

func (w way) String() string {
	if w.visitor == w.provider {
		return string(w.visitor)
	}
	return string(w.visitor) + " to " + string(w.provider)
}

var ways = []way{
	{tunnel.Relay, tunnel.Relay},
	{tunnel.WebSocket, tunnel.WebSocket},
	{tunnel.Relay, tunnel.WebSocket},
	{tunnel.WebSocket, tunnel.Relay},
}

// tunnelTo is a tunnel from a local port to a listener of the test's.
type tunnelTo struct {
	provider, visitor *tunnel.Client
	forward           *tunnel.Forward
	service           *net.TCPListener
}

// open makes a tunnel with one client at each end.
func (s *site) open(t testing.TB, w way) *tunnelTo {
	t.Helper()
	ln, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	x := &tunnelTo{service: ln}
	port := ln.Addr().(*net.TCPAddr).Port //nolint:forcetypeassert // it is
	x.provider = s.client(t, tunnel.Config{
		ClientID: "provider", Transport: w.provider,
		Services: []wire.Service{{ID: "service", Protocol: wire.ServiceTCP, LocalHost: "127.0.0.1", LocalPort: port}},
	})
	x.visitor = s.client(t, tunnel.Config{ClientID: "visitor", Transport: w.visitor})
	if x.forward, err = x.visitor.Forward(t.Context(), tunnel.ForwardSpec{Target: "provider", Service: "service", Local: "127.0.0.1:0"}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = x.forward.Close() })
	return x
}

// connect makes one connection and returns both of its ends.
func (x *tunnelTo) connect(t testing.TB) (app, service *net.TCPConn) {
	t.Helper()
	return connect(t, x.forward.Addr().String(), x.service)
}

// connect makes one connection through the forward at addr and returns both of
// its ends: the application's and the service's.
func connect(t testing.TB, addr string, ln *net.TCPListener) (app, service *net.TCPConn) {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	app = c.(*net.TCPConn) //nolint:forcetypeassert // it is
	t.Cleanup(func() { _ = app.Close() })
	if err := ln.SetDeadline(time.Now().Add(15 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if service, err = ln.AcceptTCP(); err != nil {
		t.Fatalf("nothing reaches the service: %v", err)
	}
	t.Cleanup(func() { _ = service.Close() })
	for _, c := range []*net.TCPConn{app, service} {
		if err := c.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	return app, service
}

// reset closes c with a RST.
func reset(t testing.TB, c *net.TCPConn) {
	t.Helper()
	if err := errors.Join(c.SetLinger(0), c.Close()); err != nil {
		t.Fatal(err)
	}
}

// isReset reports whether a peer's RST made err. A write after one is EPIPE.
func isReset(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}
