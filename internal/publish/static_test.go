// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package publish

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/pires/go-proxyproto"

	"github.com/culvertd/culvert/internal/signaling"
	"github.com/culvertd/culvert/internal/splice"
	"github.com/culvertd/culvert/internal/wire"
)

// at listens for services, which are written as client/service, and returns where.
func (h *house) at(addr, proxy string, services ...string) string {
	h.t.Helper()
	v := Static{Address: addr, ProxyProtocol: proxy}
	for _, s := range services {
		i := strings.LastIndexByte(s, '/')
		v.Services = append(v.Services, signaling.Named{Client: s[:i], Service: s[i+1:]})
	}
	if err := h.WantStatic(addr); err != nil {
		h.t.Fatal(err)
	}
	h.SetStatics([]Static{v})
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.statics[addr].ln.Addr().String()
}

// shares returns how many connections each service of an address has.
func (h *house) shares(addr string) (shares []int) {
	h.mu.Lock()
	o := h.statics[addr]
	h.mu.Unlock()
	for _, m := range o.balance.all() {
		o.balance.mu.Lock()
		shares = append(shares, m.open)
		o.balance.mu.Unlock()
	}
	return shares
}

func visit(t *testing.T, addr string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// greeted opens a connection that works.
func greeted(t *testing.T, addr string) net.Conn {
	t.Helper()
	c := visit(t, addr)
	if err := say(c, "hello"); err != nil {
		t.Fatal(err)
	}
	return c
}

const local = "127.0.0.1:0"

// TestStaticBalance: connections are spread over the clients that offer a service,
// encrypted and bare, and stay counted until they end.
func TestStaticBalance(t *testing.T) {
	for _, encryption := range []string{"", wire.EncryptionNone} {
		t.Run("encryption "+encryption, func(t *testing.T) {
			h := open(t, signaling.Config{})
			echo := published("echo", 1)
			echo.Encryption = encryption
			h.provider("alice", "nas", echo)
			h.provider("bob", "nas", echo)
			h.provider("op", "box", echo)
			addr := h.at(local, "", "alice/nas/echo", "bob/nas/echo", "box/echo")
			var open []net.Conn
			for range 6 {
				open = append(open, greeted(t, addr))
			}
			if s := h.shares(local); s[0] != 2 || s[1] != 2 || s[2] != 2 {
				t.Error(s)
			}
			_, _ = open[1].Close(), open[4].Close()
			eventually(t, "two connections are over", func() bool { return h.shares(local)[1] == 0 })
			greeted(t, addr)
			if s := h.shares(local); s[0] != 2 || s[1] != 1 || s[2] != 2 {
				t.Error(s)
			}
		})
	}
}

// TestStaticPassesOver: who is not there, or cannot be reached, is passed over, and
// the visitor's bytes arrive once.
func TestStaticPassesOver(t *testing.T) {
	bare := published("bare", 1)
	bare.Encryption = wire.EncryptionNone
	h := open(t, signaling.Config{})
	private := published("private", 1)
	private.Publish = nil
	h.provider("alice", "nas", published("echo", 1), published("gone", 3), published("mute", 4), private, bare)
	h.provider("bob", "nas", published("echo", 1))() // it was there
	for name, services := range map[string][]string{
		"nobody's":         {"carol/nas/echo", "alice/nas/echo"},
		"no such service":  {"alice/nas/other", "alice/nas/echo"},
		"not published":    {"alice/nas/private", "alice/nas/echo"},
		"out of reach":     {"alice/nas/gone", "alice/nas/echo"},
		"silent":           {"alice/nas/mute", "alice/nas/echo"},
		"offline":          {"bob/nas/echo", "alice/nas/echo"},
		"a bare one":       {"bob/nas/echo", "alice/nas/gone", "alice/nas/bare"},
		"several":          {"alice/nas/gone", "alice/nas/other", "bob/nas/echo", "alice/nas/echo"},
		"and those behind": {"alice/nas/echo", "alice/nas/gone"},
	} {
		t.Run(name, func(t *testing.T) {
			defer h.KeepStatics(nil)
			addr := h.at(local, "", services...)
			for range 2 {
				c := visit(t, addr)
				if err := say(c, "said at once"); err != nil {
					t.Fatal(err)
				}
				_ = c.(*net.TCPConn).CloseWrite()
				if rest, err := io.ReadAll(c); err != nil || len(rest) > 0 {
					t.Errorf("%q more comes back, %v", rest, err)
				}
			}
			eventually(t, "no connection is counted", func() bool {
				for _, n := range h.shares(local) {
					if n != 0 {
						return false
					}
				}
				return true
			})
		})
	}
}

// TestStaticWithoutServices: who finds none sees a reset.
func TestStaticWithoutServices(t *testing.T) {
	h := open(t, signaling.Config{})
	h.provider("alice", "nas", published("gone", 3))
	addr := h.at(local, "", "alice/nas/gone", "bob/nas/echo", "alice/nas/other")
	expectReset(t, visit(t, addr))
}

func expectReset(t *testing.T, c net.Conn) {
	t.Helper()
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := c.Read(make([]byte, 1)); err == nil || errors.Is(err, io.EOF) || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the connection is not reset: %v", err)
	}
}

// TestStaticIsRedefined: connections go on while their address gets other services,
// and when it is closed.
func TestStaticIsRedefined(t *testing.T) {
	h := open(t, signaling.Config{})
	h.provider("alice", "nas", published("echo", 1), published("greet", 2))
	addr := h.at(local, "", "alice/nas/echo")
	first := greeted(t, addr)
	h.at(local, "", "alice/nas/greet")
	if b, err := io.ReadAll(visit(t, addr)); err != nil || string(b) != "greetings" {
		t.Errorf("%q, %v", b, err)
	}
	h.SetStatics(nil) // as a config without it does, until the one before is gone
	if b, err := io.ReadAll(visit(t, addr)); err != nil || string(b) != "greetings" {
		t.Errorf("%q, %v", b, err)
	}
	h.KeepStatics(map[string]bool{local: true, "127.0.0.1:1": true})
	if b, err := io.ReadAll(visit(t, addr)); err != nil || string(b) != "greetings" {
		t.Errorf("%q, %v", b, err)
	}
	h.KeepStatics(nil)
	if c, err := net.Dial("tcp", addr); err == nil {
		_ = c.Close()
		t.Error("it is still open")
	}
	if err := say(first, "still here"); err != nil {
		t.Error(err)
	}
}

// TestStaticIsTaken: an address that cannot be had says so, and nobody is let in
// before it is said whereto.
func TestStaticIsTaken(t *testing.T) {
	h := open(t, signaling.Config{})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	if err := h.WantStatic(ln.Addr().String()); err == nil || h.statics[ln.Addr().String()] != nil {
		t.Error("a port that is in use is opened")
	}
	if err := h.WantStatic(local); err != nil {
		t.Fatal(err)
	}
	h.provider("alice", "nas", published("echo", 1))
	early := visit(t, h.statics[local].ln.Addr().String())
	h.at(local, "", "alice/nas/echo")
	if err := say(early, "early"); err != nil {
		t.Error(err)
	}
}

// TestStaticBlocked: who is blocked is not let in, and parted from.
func TestStaticBlocked(t *testing.T) {
	h := open(t, signaling.Config{})
	h.provider("alice", "nas", published("echo", 1))
	addr := h.at(local, "", "alice/nas/echo")
	before := greeted(t, addr)
	all := func(netip.Addr) bool { return true }
	h.SetBlocked(all)
	h.CloseAddr(all)
	after, err := net.Dial("tcp", addr)
	if err == nil { // it may have been reset within the call
		expectReset(t, after)
	}
	expectReset(t, before)
}

// TestStaticProxyProtocol: the service hears who has come before anything else.
func TestStaticProxyProtocol(t *testing.T) {
	bare := published("bare", 1)
	bare.Encryption = wire.EncryptionNone
	h := open(t, signaling.Config{})
	h.provider("alice", "nas", published("tls", 1), bare)
	for _, version := range []string{wire.ProxyV1, wire.ProxyV2} {
		for _, services := range [][]string{{"alice/nas/tls"}, {"alice/nas/bare"}, {"bob/nas/x", "alice/nas/tls", "alice/nas/bare"}} {
			addr := h.at(local, version, services...)
			c := visit(t, addr)
			_ = c.SetDeadline(time.Now().Add(20 * time.Second))
			if _, err := io.WriteString(c, "hello"); err != nil {
				t.Fatal(err)
			}
			r := bufio.NewReader(c) // the echo
			head, err := proxyproto.Read(r)
			if err != nil {
				t.Errorf("%s, %v: %v", version, services, err)
				continue
			}
			if head.SourceAddr.String() != c.LocalAddr().String() || head.DestinationAddr.String() != addr || "v"+string('0'+head.Version) != version {
				t.Errorf("%s, %v: %+v", version, services, head)
			}
			got := make([]byte, 5)
			if _, err := io.ReadFull(r, got); err != nil || string(got) != "hello" {
				t.Errorf("%s, %v: %q, %v", version, services, got, err)
			}
		}
	}
}

// TestProxyHeader: an IPv4 address is one, though the port is IPv6's too.
func TestProxyHeader(t *testing.T) {
	for _, tc := range []struct{ listen, dial, want string }{
		{"127.0.0.1:0", "127.0.0.1", "PROXY TCP4 127.0.0.1 127.0.0.1 "},
		{"[::]:0", "127.0.0.1", "PROXY TCP4 127.0.0.1 127.0.0.1 "},
		{"[::1]:0", "::1", "PROXY TCP6 ::1 ::1 "},
	} {
		ln, err := net.Listen("tcp", tc.listen)
		if err != nil {
			t.Fatal(err)
		}
		defer ln.Close()
		_, port, _ := net.SplitHostPort(ln.Addr().String())
		visit(t, net.JoinHostPort(tc.dial, port))
		nc, err := ln.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		c := splice.TCP(nc.(*net.TCPConn))
		if b, err := proxyHeader(wire.ProxyV1, c); err != nil || !strings.HasPrefix(string(b), tc.want) || !strings.HasSuffix(string(b), "\r\n") {
			t.Errorf("%s: %q, %v", tc.dial, b, err)
		}
		if b, err := proxyHeader("", c); err != nil || b != nil {
			t.Errorf("nothing is wanted: %q, %v", b, err)
		}
	}
}
