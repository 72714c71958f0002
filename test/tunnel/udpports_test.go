// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/culvertd/culvert/internal/tunnel"
	"github.com/culvertd/culvert/internal/wire"
	"github.com/culvertd/culvert/test/process"
)

// answering is a UDP service that sends what answer makes of each datagram.
func answering(t *testing.T, id string, port int, answer func(b []byte, from net.Addr) [][]byte) wire.Service {
	t.Helper()
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var reading sync.WaitGroup
	reading.Go(func() {
		b := make([]byte, 1<<16)
		for {
			n, from, err := pc.ReadFrom(b)
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err != nil { // what became of an earlier answer
				continue
			}
			for _, out := range answer(b[:n], from) {
				_, _ = pc.WriteTo(out, from) // may be lost, as all
			}
		}
	})
	t.Cleanup(func() { _ = pc.Close(); reading.Wait() })
	return wire.Service{
		ID: id, Protocol: wire.ServiceUDP, LocalHost: "127.0.0.1", LocalPort: pc.LocalAddr().(*net.UDPAddr).Port, //nolint:forcetypeassert // it is
		Publish: &wire.Publish{UDP: &port},
	}
}

// mirror sends each datagram back.
func mirror(b []byte, _ net.Addr) [][]byte { return [][]byte{b} }

// origin answers with where a datagram came from, with what it said before.
func origin(b []byte, from net.Addr) [][]byte {
	return [][]byte{[]byte(string(b) + " " + from.String())}
}

// source is a stranger at a public port.
func source(t *testing.T, from, to string) *net.UDPConn {
	t.Helper()
	d := net.Dialer{LocalAddr: &net.UDPAddr{IP: net.ParseIP(from)}}
	c, err := d.DialContext(t.Context(), "udp", to)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c.(*net.UDPConn) //nolint:forcetypeassert // it is
}

// exchange sends a datagram until an answer comes that is right: any may be lost.
func exchange(c net.Conn, b []byte, right func(answer []byte) bool) error {
	buf := make([]byte, 1<<16)
	for range 40 {
		if _, err := c.Write(b); err != nil && !errors.Is(err, syscall.ECONNREFUSED) { // of the one before
			return err
		}
		_ = c.SetReadDeadline(time.Now().Add(500 * time.Millisecond))
		for {
			n, err := c.Read(buf)
			if errors.Is(err, os.ErrDeadlineExceeded) {
				break
			}
			if errors.Is(err, syscall.ECONNREFUSED) {
				continue
			}
			if err != nil {
				return err
			}
			if right(buf[:n]) {
				return nil
			}
		}
	}
	return fmt.Errorf("no right answer to %d bytes within 20 s", len(b))
}

func same(want []byte) func([]byte) bool {
	return func(got []byte) bool { return bytes.Equal(got, want) }
}

// all returns what comes until nothing does for a while.
func all(t *testing.T, c net.Conn) (sizes []int) {
	t.Helper()
	buf := make([]byte, 1<<16)
	for {
		_ = c.SetReadDeadline(time.Now().Add(500 * time.Millisecond))
		n, err := c.Read(buf)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return sizes
		}
		if err != nil {
			t.Fatal(err)
		}
		sizes = append(sizes, n)
	}
}

// TestPublicUDPPorts: datagrams of all sizes pass from a public port to the service
// and back by each way, one as one, and many sources have flows of their own.
func TestPublicUDPPorts(t *testing.T) {
	low := process.FreePort(t)
	s := startSite(t, fmt.Sprintf("ports udp %d-%d", low, low+7))
	for name, tc := range map[string]struct {
		encryption string
		transport  tunnel.Transport
	}{
		"relay":      {"", tunnel.Relay},
		"bare":       {wire.EncryptionNone, tunnel.Relay},
		"websocket":  {"", tunnel.WebSocket},
		"bare by ws": {wire.EncryptionNone, tunnel.WebSocket},
	} {
		t.Run(name, func(t *testing.T) {
			echo, where := answering(t, "echo", 0, mirror), answering(t, "where", 0, origin)
			echo.Encryption, where.Encryption = tc.encryption, tc.encryption
			home := s.client(t, tunnel.Config{
				ClientID: strings.ReplaceAll(name, " ", "-"), Key: newKey(t), Transport: tc.transport, Services: []wire.Service{echo, where},
			})
			urls, problems := urlsOf(home)
			if len(problems) > 0 || len(urls) != 2 {
				t.Fatal(urls, problems)
			}
			c := source(t, "127.0.0.1", urls["echo"])
			_ = c.SetReadBuffer(1 << 20)
			for _, n := range []int{1, 2, 64, 512, 1200, 1363, 1364, 1394, 1395, 1472, 1500, 4096, 9000, 65000} {
				b := bytes.Repeat([]byte{byte(n), byte(n >> 8)}, (n+1)/2)[:n]
				if err := exchange(c, b, same(b)); err != nil {
					t.Error(err)
				}
			}
			var mu sync.Mutex
			seen := make(map[string]string)
			var sources sync.WaitGroup
			for i := range 60 {
				c := source(t, "127.0.0.1", urls["where"])
				sources.Go(func() {
					// Longer than a third of the answer.
					question := fmt.Sprintf("what is the address of the host number %d?", i)
					err := exchange(c, []byte(question), func(b []byte) bool {
						text, from, _ := strings.Cut(string(b), "? ")
						mu.Lock()
						defer mu.Unlock()
						if text+"?" != question || from == "" || seen[from] != "" && seen[from] != question {
							t.Errorf("%q is told %q, and %q was told so before", question, b, seen[from])
						}
						seen[from] = question
						return true
					})
					if err != nil {
						t.Error(err)
					}
				})
			}
			sources.Wait()
			if len(seen) != 60 {
				t.Errorf("the service sees %d sources of 60", len(seen))
			}
		})
	}
}

// TestNoReflection: who has not answered gets no more than three times what it has
// sent, however much the service has to say.
func TestNoReflection(t *testing.T) {
	low := process.FreePort(t)
	s := startSite(t, fmt.Sprintf("ports udp %d-%d", low, low+1))
	flood := answering(t, "flood", 0, func(b []byte, _ net.Addr) [][]byte {
		return [][]byte{b, b, b, b, b, b, b, b, b, b}
	})
	large := answering(t, "large", 0, func(b []byte, _ net.Addr) [][]byte {
		extra, _ := strconv.Atoi(strings.TrimRight(string(b), " "))
		return [][]byte{make([]byte, 3*len(b)+extra)}
	})
	home := s.client(t, tunnel.Config{ClientID: "home", Key: newKey(t), Services: []wire.Service{flood, large}})
	urls, problems := urlsOf(home)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	for _, id := range []string{"flood", "large"} { // so that nothing waits for a session
		if err := exchange(source(t, "127.0.0.1", urls[id]), []byte("0  "), func([]byte) bool { return true }); err != nil {
			t.Fatal(id, err)
		}
	}
	c := source(t, "127.0.0.1", urls["flood"])
	b := bytes.Repeat([]byte("x"), 50)
	if _, err := c.Write(b); err != nil {
		t.Fatal(err)
	}
	if got := all(t, c); len(got) != 3 {
		t.Errorf("one datagram brings %v", got)
	}
	if _, err := c.Write(b); err != nil { // which somebody who has heard nothing would not
		t.Fatal(err)
	}
	if got := all(t, c); len(got) != 10 {
		t.Errorf("an answer brings %v", got)
	}
	for extra, want := range map[string][2]int{"0": {1, 1}, "1": {0, 1}, "180": {0, 1}, "181": {0, 0}, "20000": {0, 0}} {
		c := source(t, "127.0.0.1", urls["large"])
		for try := range want { // the second is no answer, but what was not used of the first counts
			if _, err := fmt.Fprintf(c, "%-60s", extra); err != nil {
				t.Fatal(err)
			}
			if got := all(t, c); len(got) != want[try] {
				t.Errorf("%s bytes more than three times bring %v", extra, got)
			}
		}
	}
}

// TestUDPPortsStay: a port is the service's through restarts of client and gateway,
// and those of TCP have nothing to do with it.
func TestUDPPortsStay(t *testing.T) {
	low := process.FreePort(t)
	s := startSite(t, fmt.Sprintf("ports udp %d-%d\nports tcp %d-%d\nmax_ports_per_account 100", low, low+2, low, low+2))
	at := func(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
	token := s.token(t, "home")
	services := []wire.Service{
		answering(t, "any", 0, mirror), answering(t, "second", low+2, mirror), answering(t, "outside", 1, mirror),
		atPort("tcp", listen(t), low, ""),
	}
	key := newKey(t)
	run := func(ctx context.Context) *tunnel.Client {
		return s.clientWith(ctx, t, token.Token, tunnel.Config{ClientID: "home", Key: key, Services: services})
	}
	ctx, cancel := context.WithCancel(t.Context())
	urls, problems := urlsOf(run(ctx))
	if urls["any"] != at(low) || urls["second"] != at(low+2) || urls["tcp"] != at(low) || !strings.Contains(problems["outside"], "1 is not among") {
		t.Fatal(urls, problems)
	}
	other := s.client(t, tunnel.Config{ClientID: "other", Services: []wire.Service{
		answering(t, "mine", low, mirror), answering(t, "free", 0, mirror), answering(t, "late", 0, mirror),
	}})
	urls, problems = urlsOf(other)
	if urls["free"] != at(low+1) || !strings.Contains(problems["mine"], "belongs to home/any") || !strings.Contains(problems["late"], "in use") {
		t.Error(urls, problems)
	}
	c := source(t, "127.0.0.1", at(low))
	works := func(when string) {
		t.Helper()
		if err := exchange(c, []byte(when), same([]byte(when))); err != nil {
			t.Errorf("%s: %v", when, err)
		}
	}
	works("at first")
	cancel() // and the port is kept
	ctx, cancel = context.WithCancel(t.Context())
	defer cancel()
	again := run(ctx)
	if urls, _ = urlsOf(again); urls["any"] != at(low) || urls["second"] != at(low+2) {
		t.Error(urls)
	}
	works("after a restart of the client")
	if err := caddy.Stop(); err != nil {
		t.Fatal(err)
	}
	s.load(t)
	eventually(t, "the client is there again", func() bool { return again.Status().State == tunnel.StateOnline })
	if urls, _ = urlsOf(again); urls["any"] != at(low) || urls["second"] != at(low+2) {
		t.Error(urls)
	}
	works("after a restart of the gateway")
	// The operator takes a port back.
	s.culvert = fmt.Sprintf("ports udp %d-%d", low, low+1)
	s.load(t)
	eventually(t, "the port is closed", func() bool {
		pc, err := net.ListenPacket("udp", fmt.Sprintf(":%d", low+2))
		if err == nil {
			_ = pc.Close()
		}
		return err == nil
	})
	works("after a reload")
}

// TestUDPPortsOfBlockedAddresses: who is blocked, or kept out by the port's owner, gets
// nothing any more, and is not heard.
func TestUDPPortsOfBlockedAddresses(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux has 127.0.0.77 without preparation")
	}
	low := process.FreePort(t)
	s := startSite(t, fmt.Sprintf("ports udp %d", low))
	alice, _ := s.people(t)
	for name, out := range map[string]func(prefix string){
		"blocked": func(prefix string) {
			alice.call(t, "POST", "/admin/blocks", map[string]any{"prefix": prefix, "note": "test"}, nil)
		},
		"denied": func(prefix string) {
			alice.call(t, "PUT", fmt.Sprintf("/published/udp:%d/access", low), map[string]any{"mode": "open", "deny": []string{prefix}}, nil)
		},
	} {
		t.Run(name, func(t *testing.T) {
			var mu sync.Mutex
			heard := make(map[string]int)
			home, _ := alice.client(t, tunnel.Config{ClientID: name, Key: newKey(t), Services: []wire.Service{
				answering(t, "echo", 0, func(b []byte, _ net.Addr) [][]byte {
					mu.Lock()
					defer mu.Unlock()
					heard[string(b)]++
					return [][]byte{b}
				}),
			}})
			urls, problems := urlsOf(home)
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			addr := map[string]string{"blocked": "127.0.0.77", "denied": "127.0.0.78"}[name]
			bad, good := source(t, addr, urls["echo"]), source(t, "127.0.0.1", urls["echo"])
			for _, c := range []net.Conn{bad, good} {
				if err := exchange(c, []byte("before"), same([]byte("before"))); err != nil {
					t.Fatal(err)
				}
			}
			out(addr + "/32")
			for range 10 {
				if _, err := bad.Write([]byte("bad")); err != nil {
					t.Fatal(err)
				}
			}
			if err := exchange(good, []byte("good"), same([]byte("good"))); err != nil {
				t.Error(err)
			}
			if got := all(t, bad); len(got) > 0 {
				t.Errorf("somebody who may not come gets %v", got)
			}
			mu.Lock()
			defer mu.Unlock()
			if heard["bad"] > 0 || heard["good"] == 0 {
				t.Errorf("the service heard %v", heard)
			}
			if err := home.SetServices(nil); err != nil { // the port is for the next one
				t.Error(err)
			}
		})
	}
}

// TestUDPFlowsSurviveMoves: a client that comes from other addresses goes on with the
// flows that there are.
func TestUDPFlowsSurviveMoves(t *testing.T) {
	low := process.FreePort(t)
	s := startSite(t, fmt.Sprintf("ports udp %d-%d", low, low+1))
	var mu sync.Mutex
	var open []net.Conn // to the gateway
	gateway := map[string]bool{s.url().Host: true, s.relayAddr(): true}
	home := s.client(t, tunnel.Config{
		ClientID: "home", Key: newKey(t),
		Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
			c, err := new(net.Dialer).DialContext(ctx, network, addr)
			if err == nil && gateway[addr] {
				mu.Lock()
				defer mu.Unlock()
				open = append(open, c)
			}
			return c, err
		},
		Services: []wire.Service{answering(t, "where", 0, origin)},
	})
	urls, _ := urlsOf(home)
	c := source(t, "127.0.0.1", urls["where"])
	const question = "what is my address, for you?"
	ask := func() (from string) {
		t.Helper()
		if err := exchange(c, []byte(question), func(b []byte) bool { _, from, _ = strings.Cut(string(b), "? "); return true }); err != nil {
			t.Fatal(err)
		}
		return from
	}
	first := ask()
	for range 2 {
		mu.Lock()
		gone := open
		open = nil
		mu.Unlock()
		for _, c := range gone {
			_ = c.Close()
		}
		if now := ask(); now != first {
			t.Errorf("the service saw %s, and sees %s now: another flow", first, now)
		}
	}
}
