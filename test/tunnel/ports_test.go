// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/culvertd/culvert/internal/tunnel"
	"github.com/culvertd/culvert/internal/wire"
	"github.com/culvertd/culvert/test/process"
)

// atPort is a TCP service with a public port.
func atPort(id string, ln net.Listener, port int, encryption string) wire.Service {
	return wire.Service{
		ID: id, Protocol: wire.ServiceTCP, LocalHost: "127.0.0.1", LocalPort: ln.Addr().(*net.TCPAddr).Port, //nolint:forcetypeassert // it is
		Encryption: encryption, Publish: &wire.Publish{TCP: &port},
	}
}

func listen(t *testing.T) *net.TCPListener {
	t.Helper()
	ln, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	return ln
}

// urlsOf returns where a client's services are, and why they are not.
func urlsOf(c *tunnel.Client) (urls, problems map[string]string) {
	urls, problems = make(map[string]string), make(map[string]string)
	for _, v := range c.Status().Services {
		if v.URL != "" {
			_, urls[v.ID], _ = strings.Cut(v.URL, "://")
		}
		if v.PublishError != "" {
			problems[v.ID] = v.PublishError
		}
	}
	return urls, problems
}

// TestPublicPorts: bytes, FIN and RST pass from a public port to the service and
// back, encrypted and bare; a service without connections has none opened to it.
func TestPublicPorts(t *testing.T) {
	low := process.FreePort(t)
	s := startSite(t, fmt.Sprintf("ports tcp %d-%d", low, low+3))
	for _, encryption := range []string{"", wire.EncryptionNone} {
		t.Run("encryption "+encryption, func(t *testing.T) {
			ln := listen(t)
			home := s.client(t, tunnel.Config{ClientID: "home" + encryption, Key: newKey(t), Services: []wire.Service{atPort("echo", ln, 0, encryption)}})
			urls, problems := urlsOf(home)
			if len(problems) > 0 || urls["echo"] == "" {
				t.Fatal(urls, problems)
			}
			app, service := connect(t, urls["echo"], ln)
			data := make([]byte, 1<<20)
			_, _ = rand.Read(data)
			go func() { _, _ = app.Write(data); _ = app.CloseWrite() }()
			if got, err := io.ReadAll(service); err != nil || !bytes.Equal(got, data) {
				t.Errorf("%d bytes, %v", len(got), err)
			}
			go func() { _, _ = service.Write(data); _ = service.CloseWrite() }() // the other way is still open
			if got, err := io.ReadAll(app); err != nil || !bytes.Equal(got, data) {
				t.Errorf("%d bytes come back, %v", len(got), err)
			}
			for _, from := range []string{"visitor", "service"} {
				app, service := connect(t, urls["echo"], ln)
				if _, err := app.Write([]byte("x")); err != nil {
					t.Fatal(err)
				}
				if _, err := service.Read(make([]byte, 1)); err != nil {
					t.Fatal(err)
				}
				one, other := app, service
				if from == "service" {
					one, other = service, app
				}
				reset(t, one)
				if _, err := other.Read(make([]byte, 1)); !isReset(err) {
					t.Errorf("a reset by the %s reads as %v", from, err)
				}
			}
			if err := ln.SetDeadline(time.Now().Add(300 * time.Millisecond)); err != nil {
				t.Fatal(err)
			}
			if c, err := ln.Accept(); err == nil {
				_ = c.Close()
				t.Error("the service is connected to though nobody has come")
			}
		})
	}
}

// TestPortsStay: a port is the service's through restarts of client and gateway,
// and nobody else's; what cannot be had is said.
func TestPortsStay(t *testing.T) {
	low := process.FreePort(t)
	s := startSite(t, fmt.Sprintf("ports tcp %d-%d\nmax_ports_per_account 100", low, low+2))
	ln := listen(t)
	at := func(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
	ctx, cancel := context.WithCancel(context.Background())
	token := s.token(t, "home")
	run := func(ctx context.Context) *tunnel.Client {
		return s.clientWith(ctx, t, token.Token, tunnel.Config{ClientID: "home", Services: []wire.Service{
			atPort("any", ln, 0, ""), atPort("second", ln, low+2, ""), atPort("outside", ln, 1, ""),
		}})
	}
	first := run(ctx)
	urls, problems := urlsOf(first)
	if urls["any"] != at(low) || urls["second"] != at(low+2) || !strings.Contains(problems["outside"], "1 is not among") {
		t.Fatal(urls, problems)
	}
	other := s.client(t, tunnel.Config{ClientID: "other", Services: []wire.Service{
		atPort("mine", ln, low, ""), atPort("free", ln, 0, ""), atPort("late", ln, 0, ""),
	}})
	urls, problems = urlsOf(other)
	if urls["free"] != at(low+1) || !strings.Contains(problems["mine"], "belongs to home/any") || !strings.Contains(problems["late"], "in use") {
		t.Error(urls, problems)
	}
	cancel()
	refused := func() bool { // accepted and reset: the port is kept
		c, err := net.Dial("tcp", at(low))
		if isReset(err) { // before Dial has looked
			return true
		}
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_ = c.SetDeadline(time.Now().Add(20 * time.Second))
		_, err = c.Read(make([]byte, 1))
		return errors.Is(err, io.EOF) || isReset(err)
	}
	if !refused() {
		t.Error("a connection to a client that is away is neither ended nor reset")
	}
	ctx, cancel = context.WithCancel(context.Background())
	defer cancel()
	again := run(ctx)
	if urls, _ = urlsOf(again); urls["any"] != at(low) || urls["second"] != at(low+2) {
		t.Error(urls)
	}
	connect(t, at(low), ln)
	// The operator takes a port back.
	s.culvert = fmt.Sprintf("ports tcp %d-%d", low, low+1)
	s.load(t)
	eventually(t, "the port is closed", func() bool {
		c, err := net.Dial("tcp", at(low+2))
		if err == nil {
			_ = c.Close()
		}
		return err != nil
	})
	connect(t, at(low), ln)
}

// TestPortsOfBlockedAddresses: who is blocked loses what is open, encrypted and
// bare, and does not get in again.
func TestPortsOfBlockedAddresses(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux has 127.0.0.77 without preparation")
	}
	low := process.FreePort(t)
	s := startSite(t, fmt.Sprintf("ports tcp %d-%d", low, low+1))
	ln := listen(t)
	alice, _ := s.people(t)
	home, _ := alice.client(t, tunnel.Config{ClientID: "home", Key: newKey(t), Services: []wire.Service{
		atPort("tls", ln, 0, ""), atPort("bare", ln, 0, wire.EncryptionNone),
	}})
	urls, _ := urlsOf(home)
	from := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 77)}}
	var open []net.Conn
	for _, id := range []string{"tls", "bare"} {
		c, err := from.DialContext(t.Context(), "tcp", urls[id])
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		service, err := ln.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer service.Close()
		open = append(open, c, service)
	}
	stays, _ := connect(t, urls["tls"], ln)
	alice.call(t, "POST", "/admin/blocks", map[string]any{"prefix": "127.0.0.77/32", "note": "test"}, nil)
	for i, c := range open {
		_ = c.SetDeadline(time.Now().Add(10 * time.Second))
		if _, err := c.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("end %d is open: %v", i, err)
		}
	}
	c, err := from.DialContext(t.Context(), "tcp", urls["tls"])
	if err == nil {
		_ = c.SetDeadline(time.Now().Add(10 * time.Second))
		_, err = c.Read(make([]byte, 1))
		_ = c.Close()
	}
	if err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("let in again: %v", err)
	}
	_ = stays.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
	if _, err := stays.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("somebody else's connection: %v", err)
	}
}
