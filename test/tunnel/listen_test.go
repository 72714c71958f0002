// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/pires/go-proxyproto"

	"github.com/culvertd/culvert/internal/tunnel"
	"github.com/culvertd/culvert/internal/wire"
	"github.com/culvertd/culvert/test/process"
)

// named serves TCP: it says its name at once, and then what it hears. open counts
// its connections.
func named(t *testing.T, name string) (ln net.Listener, open *atomic.Int32) {
	t.Helper()
	ln, open = listen(t), new(atomic.Int32)
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			open.Add(1)
			go func() {
				defer open.Add(-1)
				defer c.Close()
				_, _ = io.WriteString(c, name+"\n")
				_, _ = io.Copy(c, c)
			}()
		}
	}()
	return ln, open
}

// guest is a connection to one that is named.
type guest struct {
	net.Conn
	r    *bufio.Reader
	name string // of whom it has come to
}

func come(t *testing.T, addr string) *guest {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(30 * time.Second))
	g := &guest{Conn: c, r: bufio.NewReader(c)}
	if g.name, err = g.r.ReadString('\n'); err != nil {
		t.Fatal("nobody answers:", err)
	}
	g.name = strings.TrimSpace(g.name)
	return g
}

// talks reports whether the connection works.
func (g *guest) talks() bool {
	_ = g.SetDeadline(time.Now().Add(30 * time.Second))
	if _, err := io.WriteString(g, "hello\n"); err != nil {
		return false
	}
	got, err := g.r.ReadString('\n')
	return err == nil && got == "hello\n"
}

// tryLoad is load for a config that may be refused.
func (s *site) tryLoad(t *testing.T, culvert string) error {
	t.Helper()
	text := fmt.Sprintf("{\nadmin off\npersist_config off\nlog {\noutput discard\n}\nculvert {\nsite %s\ndata %s\nrelay 127.0.0.1:%d\n%s\n}\n}\n%s {\nculvert\n}\n",
		s.url(), s.data, s.relay, culvert, s.url())
	out, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	return caddy.Load(out, false)
}

// TestListen: an address of the Caddyfile is balanced over two clients. One goes away
// and new visitors come to the other; what is open lives through reloads, and when
// the address is closed.
func TestListen(t *testing.T) {
	for _, encryption := range []string{"", wire.EncryptionNone} {
		t.Run("encryption "+encryption, func(t *testing.T) {
			addr := fmt.Sprintf("127.0.0.1:%d", process.FreePort(t))
			line := "listen tcp/" + addr + " alice/one/ssh bob/two/ssh nobody/at/all\n"
			s := startSite(t, line)
			alice, bob := s.people(t)
			offer := func(name string) (wire.Service, *atomic.Int32) {
				ln, open := named(t, name)
				v := atPort("ssh", ln, 0, encryption)
				v.Publish = new(wire.Publish)
				return v, open
			}
			first, firstOpen := offer("one")
			second, _ := offer("two")
			var made struct{ Token string }
			alice.call(t, "POST", "/tokens/client", map[string]any{"client": "one", "name": "test"}, &made)
			ctx, leave := context.WithCancel(t.Context())
			s.clientWith(ctx, t, made.Token, tunnel.Config{ClientID: "one", Key: newKey(t), Services: []wire.Service{first}, DrainTimeout: -1})
			bob.client(t, tunnel.Config{ClientID: "two", Key: newKey(t), Services: []wire.Service{second}})

			var guests []*guest
			count := make(map[string]int)
			for range 6 {
				g := come(t, addr)
				guests = append(guests, g)
				count[g.name]++
			}
			if count["one"] != 3 || count["two"] != 3 {
				t.Error(count)
			}
			for range 3 {
				s.load(t)
			}
			if err := s.tryLoad(t, line+"listen tcp/"+s.relayAddr()+" alice/one/ssh"); err == nil {
				t.Error("a config with the relay's address is put in force")
			}
			for _, g := range guests {
				if !g.talks() {
					t.Errorf("a connection to %s has not lived through reloads", g.name)
				}
			}
			leave()
			eventually(t, "its connections are over", func() bool { return firstOpen.Load() == 0 })
			for range 3 {
				if g := come(t, addr); g.name != "two" || !g.talks() {
					t.Errorf("a new connection comes to %s", g.name)
				}
			}
			s.culvert = "" // the address is closed
			s.load(t)
			if c, err := net.Dial("tcp", addr); err == nil {
				_ = c.Close()
				t.Error("it is still listened on")
			}
			for _, g := range guests {
				if g.name == "two" && !g.talks() {
					t.Error("a connection has ended with its address")
				}
			}
		})
	}
}

// TestListenNeedsPublish: a service that its client does not publish is out of reach,
// whatever the Caddyfile says.
func TestListenNeedsPublish(t *testing.T) {
	addr := fmt.Sprintf("127.0.0.1:%d", process.FreePort(t))
	s := startSite(t, "listen tcp/"+addr+" home/ssh")
	ln, _ := named(t, "private")
	v := atPort("ssh", ln, 0, "")
	v.Publish = nil
	s.client(t, tunnel.Config{ClientID: "home", Key: newKey(t), Services: []wire.Service{v}})
	c, err := net.Dial("tcp", addr)
	if err == nil {
		defer c.Close()
		_ = c.SetDeadline(time.Now().Add(20 * time.Second))
		_, err = c.Read(make([]byte, 1))
	}
	if !isReset(err) {
		t.Errorf("a private service: %v", err)
	}
}

// TestProxyProtocol: a service that wants it is told where its visitors come from,
// by IPv4 and IPv6, encrypted and bare, at an address of the Caddyfile and at a port
// of its own; and no other one is.
func TestProxyProtocol(t *testing.T) {
	low, static, silent := process.FreePort(t), process.FreePort(t), process.FreePort(t)
	bare := process.FreePort(t)
	s := startSite(t, fmt.Sprintf("ports tcp %d-%d\nlisten tcp/:%d home/tls {\nproxy_protocol v2\n}\nlisten tcp/:%d home/bare {\nproxy_protocol v1\n}\nlisten tcp/:%d home/tls",
		low, low+3, static, bare, silent))
	ln := listen(t)
	service := func(id, encryption, version string) wire.Service {
		v := atPort(id, ln, 0, encryption)
		v.Publish.ProxyProtocol = version
		return v
	}
	home := s.client(t, tunnel.Config{ClientID: "home", Key: newKey(t), Services: []wire.Service{
		service("tls", "", wire.ProxyV2), service("bare", wire.EncryptionNone, wire.ProxyV2), service("old", wire.EncryptionNone, wire.ProxyV1), service("none", "", ""),
	}})
	urls, problems := urlsOf(home)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	port := func(id string) string {
		_, port, err := net.SplitHostPort(urls[id])
		if err != nil {
			t.Fatal(err)
		}
		return port
	}
	for _, tc := range []struct {
		at, port string
		version  byte // 0: nothing is said
	}{
		{"static, encrypted", fmt.Sprint(static), 2},
		{"static, bare", fmt.Sprint(bare), 1},
		{"static, without", fmt.Sprint(silent), 0},
		{"own, encrypted", port("tls"), 2},
		{"own, bare", port("bare"), 2},
		{"own, bare, version 1", port("old"), 1},
		{"own, without", port("none"), 0},
	} {
		for _, host := range []string{"127.0.0.1", "::1"} {
			app, inside := connect(t, net.JoinHostPort(host, tc.port), ln)
			if _, err := io.WriteString(app, "hello"); err != nil {
				t.Fatal(err)
			}
			_ = app.CloseWrite()
			_ = inside.SetDeadline(time.Now().Add(20 * time.Second))
			r := bufio.NewReader(inside)
			if tc.version != 0 {
				head, err := proxyproto.Read(r)
				if err != nil || head.Version != tc.version || head.SourceAddr.String() != app.LocalAddr().String() || head.DestinationAddr.String() != app.RemoteAddr().String() {
					t.Errorf("%s, %s: %+v, %v, want %s to %s", tc.at, host, head, err, app.LocalAddr(), app.RemoteAddr())
				}
			}
			if got, err := io.ReadAll(r); err != nil || string(got) != "hello" {
				t.Errorf("%s, %s: %q, %v", tc.at, host, got, err)
			}
		}
	}
}

// TestProxyProtocolOfNothing: it is for ports, and the gateway says so.
func TestProxyProtocolOfNothing(t *testing.T) {
	s := startSite(t, "")
	ln := listen(t)
	for _, p := range []wire.Publish{{ProxyProtocol: wire.ProxyV2}, {ProxyProtocol: "v3", TCP: new(int)}} {
		v := atPort("x", ln, 0, "")
		v.Publish = &p
		c := tunnel.New(tunnel.Config{Server: s.url(), Token: s.token(t, "").Token, ClientID: "home", Services: []wire.Service{v}})
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		err := c.Run(ctx)
		cancel()
		if no, ok := errors.AsType[*tunnel.Error](err); !ok || no.Kind != tunnel.Refused || !strings.Contains(err.Error(), "services[0].publish.proxyProtocol") {
			t.Errorf("%+v: %v", p, err)
		}
	}
}
