// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// Package hubserver runs a hub behind a plain net/http server, for tests that
// are about the hub and the wire: no Caddy, no database, ready in a
// millisecond. What Caddy adds is tested one folder up, against Caddy.
package hubserver

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/culvertd/culvert/internal/hub"
)

// Server is a hub that listens.
type Server struct {
	Hub  *hub.Hub
	Addr string // host:port

	srv  *http.Server
	done chan error
}

// Start runs a hub on a free port of the loopback interface and closes it with
// the test, which fails if anything of the hub cannot be closed.
func Start(tb testing.TB, cfg hub.Config) *Server {
	tb.Helper()
	s, err := Listen("127.0.0.1:0", cfg)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Errorf("closing the hub: %v", err)
		}
	})
	return s
}

// Listen is Start for callers without a test.
func Listen(addr string, cfg hub.Config) (*Server, error) {
	ln, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", addr)
	if err != nil {
		return nil, err
	}
	s := &Server{Hub: hub.New(cfg), Addr: ln.Addr().String(), done: make(chan error, 1)}
	s.srv = &http.Server{Handler: http.HandlerFunc(s.serve), ReadHeaderTimeout: 2 * time.Second}
	go func() { s.done <- s.srv.Serve(ln) }()
	return s, nil
}

// URL adds an endpoint, or changes it, and says where it is.
func (s *Server) URL(id hub.ID, settings hub.Settings) string {
	s.Hub.Set(id, settings)
	return "ws://" + s.Addr + "/ws/" + string(id)
}

// Close ends the hub and the server, in the order of a real gateway: first
// the connections, then the listener's remains.
func (s *Server) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	err := s.Hub.Close(ctx, hub.Closing{Code: 1001, Reason: "the test is over"})
	_ = s.srv.Close() // only connections that never became the hub's are left
	if e := <-s.done; !errors.Is(e, http.ErrServerClosed) {
		err = errors.Join(err, e)
	}
	return err
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	id, ok := strings.CutPrefix(r.URL.Path, "/ws/")
	if !ok {
		http.NotFound(w, r)
		return
	}
	from, _ := netip.ParseAddrPort(r.RemoteAddr) // net/http wrote it
	s.Hub.Serve(w, r, hub.ID(id), from.Addr().Unmap())
}
