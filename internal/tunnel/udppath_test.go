// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/culvertd/culvert/internal/signaling"
	"github.com/culvertd/culvert/internal/wire"
)

// nat stands between one socket and the relay, with a port of its own, which
// it can lose for another.
type nat struct {
	t     *testing.T
	relay string
	in    *net.UDPConn
	back  atomic.Pointer[net.UDPAddr]
	out   atomic.Pointer[net.UDPConn]
	tasks sync.WaitGroup
}

func newNAT(t *testing.T, relay string) *nat {
	t.Helper()
	in, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	n := &nat{t: t, relay: relay, in: in}
	n.rebind()
	n.tasks.Go(func() {
		b := make([]byte, 65536)
		for {
			k, from, err := in.ReadFromUDP(b)
			if err != nil {
				return
			}
			n.back.Store(from)
			n.out.Load().Write(b[:k])
		}
	})
	t.Cleanup(func() { in.Close(); n.out.Load().Close(); n.tasks.Wait() })
	return n
}

func (n *nat) rebind() {
	n.t.Helper()
	c, err := net.Dial("udp", n.relay)
	if err != nil {
		n.t.Fatal(err)
	}
	out := c.(*net.UDPConn)
	if old := n.out.Swap(out); old != nil {
		old.Close()
	}
	n.tasks.Go(func() {
		b := make([]byte, 65536)
		for {
			k, err := out.Read(b)
			if err != nil {
				return
			}
			if to := n.back.Load(); to != nil {
				n.in.WriteToUDP(b[:k], to)
			}
		}
	})
}

// TestUDPRebound: a NAT forgets a visitor's port in the middle of a flow. The
// flow comes back by itself, the service seeing the same source.
func TestUDPRebound(t *testing.T) {
	if testing.Short() {
		t.Skip("takes as long as a path may be in doubt")
	}
	g := open(t, signaling.Config{})
	var sources sync.Map
	cfg := g.config("client-a")
	cfg.Services = []wire.Service{datagrams(t, "echo", func(b []byte, from net.Addr) []byte {
		sources.Store(from.String(), true)
		return b
	})}
	run(t, cfg)
	n := newNAT(t, g.relay)
	cfg = g.config("client-b")
	cfg.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		if network == "udp" {
			addr = n.in.LocalAddr().String()
		}
		return dialPlain(ctx, network, addr)
	}
	f := forward(t, run(t, cfg), "client-a", "echo")
	c := dialUDP(t, f)
	eventually(t, 5*time.Second, "UDP is in use", func() bool { return f.Status().UDP })
	if err := ask(c, []byte("before"), []byte("before")); err != nil {
		t.Fatal(err)
	}
	before := g.server().Relay().Stats().PacketsDropped["unbound"]
	n.rebind()
	begun := time.Now()
	for {
		if err := ask(c, []byte("after"), []byte("after")); err == nil {
			break
		}
		if time.Since(begun) > 20*time.Second {
			t.Fatal("the flow does not come back")
		}
	}
	if g.server().Relay().Stats().PacketsDropped["unbound"] == before {
		t.Error("packets from the new port were taken before it was proven")
	}
	count := 0
	sources.Range(func(any, any) bool { count++; return true })
	if count != 1 {
		t.Errorf("the service saw %d sources", count)
	}
}

// TestUDPIdle: an idle flow frees its id and its socket, and the id rests.
func TestUDPIdle(t *testing.T) {
	g := open(t, signaling.Config{})
	cfg := g.config("client-a")
	cfg.Services = []wire.Service{datagrams(t, "echo", udpEcho)}
	provider := run(t, cfg)
	f := forward(t, run(t, g.config("client-b")), "client-a", "echo")
	a, b := dialUDP(t, f), dialUDP(t, f)
	for _, c := range []net.Conn{a, b} {
		if err := ask(c, []byte("x"), []byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	v := f.carrier.(*udpVisitor)
	now := time.Now()
	v.sweep(now.Add(v.idle / 2))
	if n := f.Status().Connections; n != 2 {
		t.Errorf("%d flows before their time, want 2", n)
	}
	v.sweep(now.Add(v.idle + time.Second))
	v.mu.Lock()
	l := v.legs[0]
	free, resting := len(l.free), len(l.resting)
	v.mu.Unlock()
	if n := f.Status().Connections; n != 0 || free != wire.FlowsPerBlock-2 || resting != 2 {
		t.Errorf("%d flows, %d ids free, %d at rest", n, free, resting)
	}
	v.sweep(now.Add(v.idle + 2*time.Second + flowRest))
	v.mu.Lock()
	free = len(l.free)
	v.mu.Unlock()
	if free != wire.FlowsPerBlock {
		t.Errorf("%d ids are free", free)
	}
	for _, g := range *provider.udp.blocks.Load() {
		g.end(time.Now().Add(time.Hour))
	}
	eventually(t, 5*time.Second, "the provider's sockets are closed", func() bool {
		return provider.Status().Services[0].Connections == 0
	})
	if err := ask(a, []byte("again"), []byte("again")); err != nil {
		t.Error(err)
	}
}

// pipe is a stream that is as full as its reader is slow.
type pipe struct{ net.Conn }

func (p pipe) CloseWrite() error { return p.Close() }
func (p pipe) Reset() error      { return p.Close() }

// TestUDPStreamDropsOld: while the channel is stuck, packets that are too many
// or too old are dropped and counted, and the newest get through.
func TestUDPStreamDropsOld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		var lost atomic.Int64
		s := newUDPStream(pipe{near}, func(n int) { lost.Add(int64(n)) }, func(uint32, []byte) {})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- s.run(ctx, nil, nil, false) }()

		const size = 1000
		packet := func(n int) headed {
			return headed{uint32(256 + n), bytes.Repeat([]byte{byte(n)}, size)}
		}
		s.push(packet(0)) // is being written from now on
		synctest.Wait()
		for n := 1; n < 400; n++ { // more than the queue holds
			s.push(packet(n))
		}
		over := 399 - streamQueue/(size+wire.PacketHeader)
		if lost.Load() != int64(over) {
			t.Errorf("%d dropped of too many, want %d", lost.Load(), over)
		}
		time.Sleep(2 * streamAge)
		s.push(packet(400))
		for _, want := range []int{0, 400} {
			head := make([]byte, wire.PacketHeader+size)
			if _, err := io.ReadFull(far, head); err != nil {
				t.Fatal(err)
			}
			if id, data, ok := wire.ParsePacket(head); !ok || id != uint32(256+want) || data[0] != byte(want) {
				t.Errorf("got the id %d, want %d", id, 256+want)
			}
		}
		if lost.Load() != 399 {
			t.Errorf("%d dropped, want 399", lost.Load())
		}
		cancel()
		if err := <-ended; err == nil {
			t.Error("stopped without a reason")
		}
		far.Close()
	})
}

// TestUDPStreamAnswers: what the relay says before the provider's first byte.
func TestUDPStreamAnswers(t *testing.T) {
	good := make([]byte, wire.PacketHeader+3)
	wire.PutHeader(good, 0x107, 3)
	for _, tc := range []struct {
		name, sent string
		code       string
		packets    int
	}{
		{"packets", "+" + string(good) + string(good), "", 2},
		{"refusal", "-closed the session has ended\n", wire.RefusedClosed, 0},
		{"nonsense", "HTTP/1.1 400 Bad Request\r\n", "", 0},
		{"half a packet", "+" + string(good[:7]), "", 0},
		{"nothing", "", "", 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			near, far := net.Pipe()
			got := 0
			s := newUDPStream(pipe{near}, func(int) {}, func(id uint32, data []byte) {
				if id == 0x107 && len(data) == 3 {
					got++
				} else if id != 0 {
					t.Errorf("id %x with %d bytes", id, len(data))
				}
			})
			go func() {
				io.WriteString(far, tc.sent)
				far.Close()
			}()
			err := s.run(t.Context(), nil, nil, true)
			if no, ok := errors.AsType[*wire.Refusal](err); err == nil || ok != (tc.code != "") || ok && no.Code != tc.code {
				t.Errorf("ended with %v", err)
			}
			if got != tc.packets {
				t.Errorf("%d packets, want %d", got, tc.packets)
			}
		})
	}
}

// FuzzUDPStream: whatever comes through a channel, packets come out as they
// went in, and nothing else.
func FuzzUDPStream(f *testing.F) {
	f.Add([]byte("+\x00\x00\x01\x00\x00\x01x"))
	f.Add([]byte("-denied no\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		var out []byte
		s := newUDPStream(nil, func(int) {}, func(id uint32, data []byte) {
			if id != 0 {
				var head [wire.PacketHeader]byte
				wire.PutHeader(head[:], id, len(data))
				out = append(append(out, head[:]...), data...)
			}
		})
		if err := s.read(bytes.NewReader(in), true); err == nil {
			t.Fatal("no end")
		}
		if !bytes.Contains(in, out[:min(len(out), wire.PacketHeader)]) || len(out) > len(in) {
			t.Errorf("%x became %x", in, out)
		}
	})
}

// TestAvoidance: UDP is looked at again soon, once, while a session is young; a
// burst of datagrams counts as one.
func TestAvoidance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var a avoidance
		session := time.Now()
		avoided := func() time.Duration {
			for range 100 {
				a.begin(session)
			}
			begun := time.Now()
			for a.holds(time.Now()) {
				time.Sleep(100 * time.Millisecond)
			}
			return time.Since(begun)
		}
		for _, want := range []time.Duration{avoidOnce, avoidFor, avoidFor} {
			if got := avoided(); got != want {
				t.Errorf("%v, want %v", got, want)
			}
		}
		a.begin(session)
		a.end()
		if a.holds(time.Now()) {
			t.Error("an answer does not end it")
		}
		if got := avoided(); got != avoidFor {
			t.Errorf("%v in a session that is not young", got)
		}
	})
}
