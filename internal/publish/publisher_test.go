// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package publish

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/culvertd/culvert/internal/identity"
	"github.com/culvertd/culvert/internal/signaling"
	"github.com/culvertd/culvert/internal/tunnel"
	"github.com/culvertd/culvert/internal/wire"
)

// noStore forgets, and knows the token op of the operator and those of alice and
// bob, good for any name.
type noStore struct{}

func (noStore) Tokens(context.Context) ([]signaling.Token, error) {
	token := func(text string, a signaling.Account) signaling.Token {
		return signaling.Token{ID: text, Hash: signaling.HashToken(text), Account: a}
	}
	return []signaling.Token{
		token("op", signaling.Operator), token("alice", signaling.Account{ID: 1, Name: "alice"}), token("bob", signaling.Account{ID: 2, Name: "bob"}),
	}, nil
}
func (noStore) Clients(context.Context) ([]signaling.Client, error) { return nil, nil }
func (noStore) Write(context.Context, signaling.Batch) error        { return nil }

// house is a gateway without a network: signaling, the relay, and a Publisher.
type house struct {
	*Publisher
	t    *testing.T
	srv  *signaling.Server
	site *listener // of all providers
	key  *identity.Key
	keys map[string]*identity.Key // of providers
}

// open starts a gateway. The test fails if it, or what was started after it,
// leaves goroutines behind.
func open(t *testing.T, cfg signaling.Config) *house {
	t.Helper()
	before := runtime.NumGoroutine()
	key := newKey(t)
	public := key.Public()
	cfg.GatewayKey = &public
	srv, err := signaling.New(t.Context(), cfg, noStore{}, zap.NewNop)
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, srv: srv, site: newListener(), key: key, keys: make(map[string]*identity.Key)}
	mux := http.NewServeMux()
	addr := netip.MustParseAddr("192.0.2.1")
	mux.HandleFunc("/tunnel", func(w http.ResponseWriter, r *http.Request) { srv.Serve(w, r, addr) })
	mux.HandleFunc(signaling.ChannelsPath, func(w http.ResponseWriter, r *http.Request) { srv.ServeChannel(w, r, addr) })
	site := &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}
	var serving sync.WaitGroup
	serving.Go(func() { _ = site.Serve(h.site) })
	h.Publisher = Open(srv, key, zap.NewNop)
	t.Cleanup(func() {
		h.Close()
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := errors.Join(srv.Close(ctx, signaling.Closing{Code: wire.CloseGoingAway}), srv.Relay().Close(ctx), site.Close()); err != nil {
			t.Error(err)
		}
		serving.Wait()
		for range 300 {
			if runtime.NumGoroutine() <= before {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
		buf := make([]byte, 1<<20)
		t.Errorf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, buf[:runtime.Stack(buf, true)])
	})
	return h
}

func newKey(t *testing.T) *identity.Key {
	t.Helper()
	k, err := identity.New()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// provider runs a client of an account's, and returns what stops it. It dials
// services by their ports: 1 echoes, 2 greets and ends, 3 is not there, and 4 does
// not answer.
func (h *house) provider(token, name string, services ...wire.Service) (stop func()) {
	h.t.Helper()
	key := h.keys[token+name]
	if key == nil {
		key = newKey(h.t)
		h.keys[token+name] = key
	}
	c := tunnel.New(tunnel.Config{
		Server: &url.URL{Scheme: "ws", Host: "gateway.example"}, Token: token, ClientID: name, Key: key, Services: services,
		Transport: tunnel.WebSocket, DrainTimeout: -1, Logger: zap.NewNop(),
		Proxy: func(*http.Request) (*url.URL, error) { return nil, nil },
		Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
			if strings.HasPrefix(addr, "gateway.example") {
				return h.site.dial(ctx, network, addr)
			}
			return dialHome(ctx, addr)
		},
	})
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- c.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		select {
		case <-ran:
		case <-time.After(20 * time.Second):
			h.t.Errorf("%s does not stop", name)
		}
	})
	h.t.Cleanup(stop)
	select {
	case <-c.Ready():
	case <-time.After(20 * time.Second):
		h.t.Fatalf("%s is not online: %+v", name, c.Status())
	}
	return stop
}

func dialHome(ctx context.Context, addr string) (net.Conn, error) {
	_, port, _ := strings.Cut(addr, ":")
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	defer ln.Close()
	switch port {
	case "1", "2":
	case "4":
		<-ctx.Done()
		return nil, ctx.Err()
	default:
		return nil, errors.New("nothing is here")
	}
	go func() {
		c, err := ln.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		if port == "2" {
			_, _ = io.WriteString(c, "greetings")
			return
		}
		_, _ = io.Copy(c, c)
	}()
	c, err := (&net.Dialer{}).DialContext(ctx, "tcp", ln.Addr().String())
	if err != nil {
		return nil, err
	}
	time.Sleep(10 * time.Millisecond) // so that it is accepted
	return c, nil
}

// published is a service with the gateway's leave to visit it.
func published(id string, port int) wire.Service {
	return wire.Service{ID: id, Protocol: wire.ServiceHTTP, LocalHost: "192.0.2.2", LocalPort: port, Publish: new(wire.Publish)}
}

func (h *house) dial(client, id string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(h.t.Context(), 20*time.Second)
	defer cancel()
	return h.Dial(ctx, client, id)
}

// say sends text, and expects it back.
func say(c net.Conn, text string) error {
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := io.WriteString(c, text); err != nil {
		return err
	}
	b := make([]byte, len(text))
	if n, err := io.ReadFull(c, b); err != nil || string(b) != text {
		return fmt.Errorf("%q came back: %w", b[:n], err)
	}
	return nil
}

func kindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return 0
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("not within 20 s: " + what)
		}
	}
}

// TestDial: connections to one service share a session, go both ways and end one
// way first, encrypted and bare.
func TestDial(t *testing.T) {
	for _, encryption := range []string{"", wire.EncryptionNone} {
		t.Run("encryption "+encryption, func(t *testing.T) {
			h := open(t, signaling.Config{})
			echo, greets := published("echo", 1), published("greets", 2)
			echo.Encryption, greets.Encryption = encryption, encryption
			h.provider("alice", "nas", echo, greets)
			h.provider("op", "nas", greets) // another one of the same name
			var conns []net.Conn
			for i := range 3 {
				c, err := h.dial("alice/nas", "echo")
				if err != nil {
					t.Fatal(err)
				}
				conns = append(conns, c)
				if err := say(c, fmt.Sprint("hello ", i)); err != nil {
					t.Error(err)
				}
			}
			if s := h.srv.Sessions(); len(s) != 1 || s[0].Service.ID != "echo" || (s[0].Mode == wire.ModePlain) != (encryption != "") || s[0].Visitor != signaling.OwnName {
				t.Errorf("%+v", s)
			}
			for _, c := range conns {
				if err := c.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
					t.Error(err)
				}
				if b, err := io.ReadAll(c); err != nil || len(b) > 0 {
					t.Errorf("%q, %v", b, err)
				}
				if err := c.Close(); err != nil {
					t.Error(err)
				}
				_ = c.Close() // counts once
			}
			for _, client := range []string{"alice/nas", "nas"} {
				c, err := h.dial(client, "greets")
				if err != nil {
					t.Fatal(err)
				}
				_ = c.SetDeadline(time.Now().Add(20 * time.Second))
				if b, err := io.ReadAll(c); err != nil || string(b) != "greetings" {
					t.Errorf("%s: %q, %v", client, b, err)
				}
				_ = c.Close()
			}
			h.mu.Lock()
			defer h.mu.Unlock()
			for name, v := range h.services {
				if v.open != 0 {
					t.Errorf("%s has %d connections", name, v.open)
				}
			}
		})
	}
}

// TestDialFails: what is missing is told apart.
func TestDialFails(t *testing.T) {
	h := open(t, signaling.Config{})
	private := published("private", 1)
	private.Publish = nil
	h.provider("alice", "nas", published("echo", 1), published("gone", 3), published("stuck", 4), private)
	stop := h.provider("bob", "laptop", published("echo", 1))
	for _, tc := range []struct {
		client, service string
		want            Kind
		says            string
	}{
		{"alice/other", "echo", Offline, "offline"},
		{"nas", "echo", Offline, "offline"},
		{"carol/nas", "echo", Offline, "offline"},
		{"", "echo", Offline, "offline"},
		{"alice/nas", "none", Refused, "has no service none"},
		{"alice/nas", "private", Refused, "does not publish"},
		{"alice/nas", "gone", Refused, ""},
	} {
		c, err := h.dial(tc.client, tc.service)
		if c != nil || kindOf(err) != tc.want || !strings.Contains(err.Error(), tc.says) || !strings.HasPrefix(err.Error(), "dialing "+tc.client+"/"+tc.service) {
			t.Errorf("%s/%s: %v, kind %d, want %d", tc.client, tc.service, err, kindOf(err), tc.want)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := h.Dial(ctx, "alice/nas", "stuck"); kindOf(err) != Timeout {
		t.Errorf("a service that does not answer: %v", err)
	}
	given, giveUp := context.WithCancel(t.Context())
	time.AfterFunc(100*time.Millisecond, giveUp)
	if _, err := h.Dial(given, "alice/nas", "stuck"); kindOf(err) != 0 || !errors.Is(err, context.Canceled) {
		t.Errorf("a visitor that goes: %v", err)
	}

	c, err := h.dial("bob/laptop", "echo")
	if err != nil {
		t.Fatal(err)
	}
	stop()
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := c.Read(make([]byte, 1)); err == nil {
		t.Error("a connection outlives its provider")
	}
	_ = c.Close()
	ctx, cancel = context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	if _, err := h.Dial(ctx, "bob/laptop", "echo"); kindOf(err) != Offline {
		t.Errorf("a client that has just left: %v", err)
	}
	// Until it is back.
	back := make(chan error, 1)
	go func() {
		c, err := h.dial("bob/laptop", "echo")
		if err == nil {
			err = say(c, "again")
			_ = c.Close()
		}
		back <- err
	}()
	time.Sleep(100 * time.Millisecond)
	h.provider("bob", "laptop", published("echo", 1))
	if err := <-back; err != nil {
		t.Errorf("a client that comes back: %v", err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for name, v := range h.services {
		if v.open != 0 {
			t.Errorf("%s has %d connections", name, v.open)
		}
	}
}

// TestUnusedServices keep no session; those that are in use do, and all come back
// when somebody wants them.
func TestUnusedServices(t *testing.T) {
	h := open(t, signaling.Config{})
	h.provider("alice", "nas", published("a", 1), published("b", 1))
	used, err := h.dial("alice/nas", "a")
	if err != nil {
		t.Fatal(err)
	}
	unused, err := h.dial("alice/nas", "b")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(say(used, "hello"), say(unused, "hello"), unused.Close()); err != nil {
		t.Fatal(err)
	}
	if s := h.srv.Sessions(); len(s) != 2 {
		t.Errorf("%+v", s)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var dropping sync.WaitGroup
	dropping.Go(func() { h.dropUnused(ctx, 200*time.Millisecond) })
	defer dropping.Wait()
	defer cancel()
	eventually(t, "one session is left", func() bool {
		s := h.srv.Sessions()
		return len(s) == 1 && s[0].Service.ID == "a"
	})
	time.Sleep(500 * time.Millisecond)
	if err := say(used, "still here"); err != nil {
		t.Error(err)
	}
	again, err := h.dial("alice/nas", "b")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(say(again, "hello"), again.Close(), used.Close()); err != nil {
		t.Error(err)
	}
	eventually(t, "no session is left", func() bool { return len(h.srv.Sessions()) == 0 })
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.services) != 0 {
		t.Errorf("%v", h.services)
	}
}

// TestServicesThatAreGone are forgotten, however lately they were used.
func TestServicesThatAreGone(t *testing.T) {
	h := open(t, signaling.Config{})
	stop := h.provider("alice", "nas", published("a", 1), published("b", 1))
	h.provider("alice", "stays", published("c", 1))
	conns := make(map[string]net.Conn)
	for name, client := range map[string]string{"a": "alice/nas", "b": "alice/nas", "c": "alice/stays"} {
		c, err := h.dial(client, name)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if err := say(c, "hello"); err != nil {
			t.Fatal(err)
		}
		conns[name] = c
	}
	_, _ = conns["a"].Close(), conns["c"].Close()
	if list := h.takeUnused(time.Time{}); len(list) > 0 {
		t.Errorf("%d are forgotten that are there", len(list))
	}
	stop()
	if _, err := conns["b"].Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("what is open to a client that has left: %v", err)
	}
	_ = conns["b"].Close()
	eventually(t, "those that are gone are forgotten", func() bool {
		for _, v := range h.takeUnused(time.Time{}) {
			_ = v.Close()
		}
		h.mu.Lock()
		defer h.mu.Unlock()
		return len(h.services) == 1 && h.services["alice/stays/c"] != nil
	})
}

// TestClose resets what is open, refuses what comes, and leaves nothing behind,
// whether or not it is repeated.
func TestClose(t *testing.T) {
	h := open(t, signaling.Config{})
	h.provider("alice", "nas", published("echo", 1), published("stuck", 4))
	c, err := h.dial("alice/nas", "echo")
	if err != nil {
		t.Fatal(err)
	}
	if err := say(c, "hello"); err != nil {
		t.Fatal(err)
	}
	waiting := make(chan error, 1)
	go func() {
		_, err := h.dial("alice/nas", "stuck")
		waiting <- err
	}()
	eventually(t, "two sessions", func() bool { return len(h.srv.Sessions()) == 2 })
	time.Sleep(50 * time.Millisecond)
	h.Close()
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := c.Read(make([]byte, 1)); err == nil || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a connection outlives it: %v", err)
	}
	_ = c.Close()
	select {
	case err := <-waiting:
		if kindOf(err) == 0 {
			t.Error(err)
		}
	case <-time.After(5 * time.Second):
		t.Error("somebody still waits")
	}
	for _, id := range []string{"echo", "other"} {
		if _, err := h.dial("alice/nas", id); kindOf(err) == 0 {
			t.Errorf("after it, %s: %v", id, err)
		}
	}
	eventually(t, "its sessions are gone", func() bool { return len(h.srv.Sessions()) == 0 })
}

// TestOpenAndClose: many times at once, and before it has signed in.
func TestOpenAndClose(t *testing.T) {
	h := open(t, signaling.Config{})
	h.Close()
	time.Sleep(100 * time.Millisecond) // its connection's goroutines at the gateway end
	before := runtime.NumGoroutine()
	for range 20 {
		Open(h.srv, h.key, zap.NewNop).Close()
	}
	eventually(t, "their goroutines are gone", func() bool { return runtime.NumGoroutine() <= before })
}
