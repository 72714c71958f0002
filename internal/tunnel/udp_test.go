// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/culvertd/culvert/internal/seal"
	"github.com/culvertd/culvert/internal/signaling"
	"github.com/culvertd/culvert/internal/wire"
)

// datagrams answers each datagram with what handle makes of it; nil is none.
func datagrams(t *testing.T, id string, handle func(b []byte, from net.Addr) []byte) wire.Service {
	t.Helper()
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = pc.(*net.UDPConn).SetReadBuffer(4 << 20)
	done := make(chan struct{})
	go func() {
		defer close(done)
		b := make([]byte, 65536)
		for {
			n, from, err := pc.ReadFrom(b)
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err != nil {
				continue
			}
			if answer := handle(b[:n], from); answer != nil {
				pc.WriteTo(answer, from)
			}
		}
	}()
	t.Cleanup(func() { pc.Close(); <-done })
	return wire.Service{
		ID: id, Protocol: wire.ServiceUDP, LocalHost: "127.0.0.1", LocalPort: pc.LocalAddr().(*net.UDPAddr).Port,
	}
}

// inModes runs a test with and without TLS between the ends; see gate.config.
func inModes(f func(t *testing.T)) func(t *testing.T) {
	return func(t *testing.T) {
		for _, mode := range []string{wire.ModePlain, wire.ModeTLS} {
			t.Run(mode, f)
		}
	}
}

func udpEcho(b []byte, _ net.Addr) []byte { return b }

// dialUDP connects as an application.
func dialUDP(t testing.TB, f *Forward) *net.UDPConn {
	t.Helper()
	c, err := net.DialUDP("udp", nil, f.Addr().(*net.UDPAddr))
	if err != nil {
		t.Fatal(err)
	}
	_ = c.SetReadBuffer(1 << 20)
	t.Cleanup(func() { c.Close() })
	return c
}

// ask sends a datagram until an answer equal to want comes: datagrams may be
// lost, and what a lost one's successors bring may be late.
func ask(c net.Conn, b, want []byte) error {
	buf := make([]byte, 65536)
	for range 20 {
		if _, err := c.Write(b); err != nil {
			return err
		}
		_ = c.SetReadDeadline(time.Now().Add(500 * time.Millisecond))
		for {
			n, err := c.Read(buf)
			if errors.Is(err, os.ErrDeadlineExceeded) {
				break
			}
			if err != nil {
				return err
			}
			if bytes.Equal(buf[:n], want) {
				return nil
			}
		}
	}
	return errors.New("no answer")
}

func random(n int) []byte {
	b := make([]byte, n)
	r := rand.NewChaCha8([32]byte{byte(n)})
	_, _ = r.Read(b)
	return b
}

// datagramSizes has the largest that go by UDP in either mode, and the next.
var datagramSizes = []int{
	0, 1, 64, 1200, maxPacket - wire.PacketHeader - seal.Overhead, maxPacket - wire.PacketHeader - seal.Overhead + 1,
	maxPacket - wire.PacketHeader, maxPacket - wire.PacketHeader + 1, 9000, 65507,
}

func askAll(t *testing.T, c net.Conn) {
	t.Helper()
	for _, n := range datagramSizes {
		if err := ask(c, random(n), random(n)); err != nil {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}

// noUDP is a Dial of a network where UDP to port goes nowhere.
func noUDP(t *testing.T, port string) func(context.Context, string, string) (net.Conn, error) {
	hole, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { hole.Close() })
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		if _, p, _ := net.SplitHostPort(addr); network == "udp" && p == port {
			addr = hole.LocalAddr().String()
		}
		return dialPlain(ctx, network, addr)
	}
}

func TestUDPSizes(t *testing.T) {
	for _, tc := range []struct {
		name              string
		transport         Transport
		provider, visitor bool // UDP is blocked there
	}{
		{name: "UDP", transport: Auto},
		{name: "websocket", transport: WebSocket},
		{name: "blocked at both ends", transport: Auto, provider: true, visitor: true},
		{name: "blocked at the provider", transport: Auto, provider: true},
		{name: "blocked at the visitor", transport: Auto, visitor: true},
	} {
		t.Run(tc.name, inModes(func(t *testing.T) {
			g := open(t, signaling.Config{})
			cfg := g.config("client-a")
			cfg.Transport = tc.transport
			if tc.provider {
				cfg.Dial = noUDP(t, port(g.relay))
			}
			cfg.Services = []wire.Service{datagrams(t, "echo", udpEcho)}
			provider := run(t, cfg)
			cfg = g.config("client-b")
			cfg.Transport = tc.transport
			if tc.visitor {
				cfg.Dial = noUDP(t, port(g.relay))
			}
			visitor := run(t, cfg)
			f := forward(t, visitor, "client-a", "echo")
			c := dialUDP(t, f)
			udp := tc.transport == Auto && !tc.provider && !tc.visitor
			// All of the first datagrams may go before the ways by UDP are there, or
			// are known to lead nowhere.
			eventually(t, 10*time.Second, "the relay and the status tell whether UDP is used", func() bool {
				askAll(t, c)
				return f.Status().UDP == udp && (g.server().Relay().Stats().Packets > 0) == udp
			})
			eventually(t, 5*time.Second, "both ends count", func() bool {
				v, p := f.Status(), provider.Status().Services[0]
				return v.Connections == 1 && p.Connections == 1 && v.Total == 1 && p.Total == 1 &&
					v.BytesOut > 76000 && v.BytesIn > 76000 && p.BytesIn > 76000 && p.BytesOut > 76000
			})
		}))
	}
}

// TestUDPFlows has more sources than a session has ids. Each is another source
// for the service too, and gets its own answers.
func TestUDPFlows(t *testing.T) { inModes(testUDPFlows)(t) }

func testUDPFlows(t *testing.T) {
	const flows = 300
	var mu sync.Mutex
	sources := make(map[string]uint32)
	g := open(t, signaling.Config{})
	cfg := g.config("client-a")
	cfg.Services = []wire.Service{datagrams(t, "who", func(b []byte, from net.Addr) []byte {
		mu.Lock()
		defer mu.Unlock()
		n := binary.BigEndian.Uint32(b)
		if was, ok := sources[from.String()]; ok && was != n {
			return []byte("another flow came from this address")
		}
		sources[from.String()] = n
		return b
	})}
	run(t, cfg)
	f := forward(t, run(t, g.config("client-b")), "client-a", "who")
	var all sync.WaitGroup
	for n := range uint32(flows) {
		c := dialUDP(t, f)
		all.Go(func() {
			for i := range 5 {
				b := make([]byte, 64+i)
				binary.BigEndian.PutUint32(b, n)
				if err := ask(c, b, b); err != nil {
					t.Errorf("flow %d, datagram %d: %v", n, i, err)
					return
				}
			}
		})
	}
	all.Wait()
	mu.Lock()
	defer mu.Unlock()
	if len(sources) != flows {
		t.Errorf("the service saw %d sources, want %d", len(sources), flows)
	}
	if st := f.Status(); st.Connections != flows || st.Total != flows {
		t.Errorf("%d flows of %d in all, want %d", st.Connections, st.Total, flows)
	}
}

// TestUDPRestart: after a restart of the gateway a new session is asked for.
func TestUDPRestart(t *testing.T) { inModes(testUDPRestart)(t) }

func testUDPRestart(t *testing.T) {
	g := open(t, signaling.Config{})
	cfg := g.config("client-a")
	cfg.Services = []wire.Service{datagrams(t, "echo", udpEcho)}
	run(t, cfg)
	f := forward(t, run(t, g.config("client-b")), "client-a", "echo")
	c := dialUDP(t, f)
	if err := ask(c, []byte("before"), []byte("before")); err != nil {
		t.Fatal(err)
	}
	g.stop(signaling.Closing{Code: wire.CloseRestart})
	g.resume()
	if err := ask(c, []byte("after"), []byte("after")); err != nil {
		t.Error(err)
	}
	askAll(t, dialUDP(t, f))
}
