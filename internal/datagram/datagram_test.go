// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package datagram

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"
)

// listen returns a socket at addr that is closed with the test.
func listen(t testing.TB, network, addr string) *net.UDPConn {
	t.Helper()
	a, err := net.ResolveUDPAddr(network, addr)
	if err != nil {
		t.Fatal(err)
	}
	pc, err := net.ListenUDP(network, a)
	if err != nil {
		t.Skipf("no %s here: %v", network, err)
	}
	t.Cleanup(func() { pc.Close() })
	return pc
}

func dial(t testing.TB, to net.Addr) *net.UDPConn {
	t.Helper()
	pc, err := net.DialUDP("udp", nil, to.(*net.UDPAddr))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pc.Close() })
	return pc
}

// packetsOf receives until n packets have come, and returns copies of them.
func packetsOf(t testing.TB, c *Conn, n int) (packets [][]byte, trains int, from netip.AddrPort) {
	t.Helper()
	in := NewInbox(16)
	_ = c.pc.SetReadDeadline(time.Now().Add(5 * time.Second))
	for len(packets) < n {
		if err := c.Receive(in); err != nil {
			t.Fatalf("%d of %d packets, then: %v", len(packets), n, err)
		}
		for _, tr := range in.Trains {
			trains++
			from = tr.Addr
			rest := tr.Data
			for range tr.Packets() {
				p := rest[:min(tr.Size, len(rest))]
				rest = rest[len(p):]
				packets = append(packets, bytes.Clone(p))
			}
		}
	}
	return packets, trains, from
}

func filled(n int, b byte) []byte { return bytes.Repeat([]byte{b}, n) }

// ways are all ways through the package on this system.
var ways = map[string]Options{
	"trains":  {Buffer: 4 << 20},
	"waiting": {Buffer: 4 << 20, Wait: 10 * time.Millisecond},
	"plain":   {Buffer: 4 << 20, Plain: true},
}

func TestSizesAndBounds(t *testing.T) {
	sizes := []int{0, 1, 64, 64, 64, 63, 1400, 1400, 1400, 1, 65507, 9000, 9000, 0, 0, 1200}
	for name, o := range ways {
		for _, network := range []string{"udp4", "udp6", "udp"} {
			t.Run(name+"/"+network, func(t *testing.T) {
				addr := map[string]string{"udp4": "127.0.0.1:0", "udp6": "[::1]:0", "udp": ":0"}[network]
				to := New(listen(t, network, addr), o)
				dst := to.LocalAddr().(*net.UDPAddr).AddrPort()
				if network == "udp" { // two kinds of addresses meet
					dst = netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), dst.Port())
				}
				from := New(listen(t, network, addr), o)
				trains := make([]Train, 0, len(sizes))
				for i, n := range sizes {
					trains = append(trains, Train{Addr: dst, Data: filled(n, byte(i)), Size: n, Lost: 7})
				}
				from.Send(NewOutbox(), trains)
				got, _, src := packetsOf(t, to, len(sizes))
				for i, n := range sizes {
					if trains[i].Lost != 0 {
						t.Errorf("packet %d of %d bytes: %d lost", i, n, trains[i].Lost)
					}
					if !bytes.Equal(got[i], filled(n, byte(i))) {
						t.Errorf("packet %d: %d bytes came, want %d", i, len(got[i]), n)
					}
				}
				if src.Port() != from.LocalAddr().(*net.UDPAddr).AddrPort().Port() || src.Addr().Is4In6() {
					t.Errorf("source is %v", src)
				}
			})
		}
	}
}

// TestTrainsStayWhole sends trains larger than one message and looks at what
// comes out, packet by packet.
func TestTrainsStayWhole(t *testing.T) {
	for name, o := range ways {
		t.Run(name, func(t *testing.T) {
			to := New(listen(t, "udp", "127.0.0.1:0"), o)
			from := New(dial(t, to.LocalAddr()), o)
			data := make([]byte, 150*1000+17)
			for i := range data {
				data[i] = byte(i / 1000)
			}
			tr := []Train{{Data: data, Size: 1000}}
			if tr[0].Packets() != 151 {
				t.Fatalf("%d packets", tr[0].Packets())
			}
			from.Send(NewOutbox(), tr)
			got, trains, _ := packetsOf(t, to, 151)
			if !bytes.Equal(slices.Concat(got...), data) || len(got[150]) != 17 {
				t.Error("the bytes differ")
			}
			if to.Offload() && trains > 10 {
				t.Errorf("151 packets came as %d trains", trains)
			}
			if !to.Offload() && trains != 151 {
				t.Errorf("151 packets came as %d trains, though nobody made any", trains)
			}
		})
	}
}

func TestSwitchedOff(t *testing.T) {
	t.Setenv(offSwitch, "off")
	to := New(listen(t, "udp", "127.0.0.1:0"), Options{})
	from := New(dial(t, to.LocalAddr()), Options{})
	if from.Offload() {
		t.Fatal("trains in spite of the switch")
	}
	from.Send(NewOutbox(), []Train{{Data: filled(100*50, 'x'), Size: 100}})
	if _, trains, _ := packetsOf(t, to, 50); trains != 50 {
		t.Errorf("50 packets came as %d trains", trains)
	}
}

func TestErrorsPassBy(t *testing.T) {
	for name, o := range ways {
		t.Run(name, func(t *testing.T) {
			gone := listen(t, "udp", "127.0.0.1:0")
			c := New(dial(t, gone.LocalAddr()), o)
			gone.Close()
			out := NewOutbox()
			for range 20 { // each is answered with "port unreachable"
				c.Send(out, []Train{{Data: filled(10, 'x'), Size: 10}})
				time.Sleep(time.Millisecond)
			}
			back, err := net.ListenUDP("udp", gone.LocalAddr().(*net.UDPAddr))
			if err != nil {
				t.Skip("the port was taken meanwhile")
			}
			defer back.Close()
			for range 2 { // the first may fall to the last answer
				c.Send(out, []Train{{Data: filled(10, 'y'), Size: 10}})
			}
			b := make([]byte, 100)
			_ = back.SetReadDeadline(time.Now().Add(5 * time.Second))
			n, from, err := back.ReadFromUDPAddrPort(b)
			if err != nil || n != 10 {
				t.Fatalf("%d bytes, %v", n, err)
			}
			if _, err := back.WriteToUDPAddrPort(b[:n], from); err != nil {
				t.Fatal(err)
			}
			packetsOf(t, c, 1)
		})
	}
}

func TestCloseEndsReceive(t *testing.T) {
	for name, o := range ways {
		t.Run(name, func(t *testing.T) {
			c := New(listen(t, "udp", "127.0.0.1:0"), o)
			done := make(chan error, 1)
			go func() {
				_, err := c.ReceivePooled(NewPool(4))
				done <- err
			}()
			time.Sleep(10 * time.Millisecond)
			c.Close()
			if err := <-done; !errors.Is(err, net.ErrClosed) {
				t.Errorf("%v", err)
			}
			tr := []Train{{Addr: netip.MustParseAddrPort("127.0.0.1:9"), Data: filled(100, 'x'), Size: 10}}
			c.Send(NewOutbox(), tr)
			if tr[0].Lost != 10 {
				t.Errorf("%d of 10 packets are lost on a closed socket", tr[0].Lost)
			}
		})
	}
}

// TestManySenders has goroutines share a socket, and receives with inboxes of
// a pool.
func TestManySenders(t *testing.T) {
	to := New(listen(t, "udp", "127.0.0.1:0"), Options{Buffer: 4 << 20})
	from := New(dial(t, to.LocalAddr()), Options{})
	const senders, rounds = 4, 20
	var wg sync.WaitGroup
	for s := range senders {
		wg.Go(func() {
			out := NewOutbox()
			rnd := rand.New(rand.NewPCG(1, uint64(s)))
			for range rounds {
				size := 1 + rnd.IntN(200)
				from.Send(out, []Train{{Data: filled(5*size, byte(s)), Size: size}, {Data: filled(size, byte(s)), Size: size}})
			}
		})
	}
	wg.Wait()
	pool := NewPool(8)
	_ = to.pc.SetReadDeadline(time.Now().Add(5 * time.Second))
	for n := 0; n < senders*rounds*6; {
		in, err := to.ReceivePooled(pool)
		if err != nil {
			t.Fatalf("after %d packets: %v", n, err)
		}
		for _, tr := range in.Trains {
			n += tr.Packets()
			if i := slices.IndexFunc(tr.Data, func(b byte) bool { return b != tr.Data[0] }); i >= 0 {
				t.Fatal("two senders' bytes in one train")
			}
		}
		pool.Put(in)
	}
}

func BenchmarkForward(b *testing.B) {
	for _, size := range []int{64, 1200} {
		for name, o := range ways {
			b.Run(fmt.Sprintf("%s/%d", name, size), func(b *testing.B) {
				to := New(listen(b, "udp", "127.0.0.1:0"), o)
				from := New(dial(b, to.LocalAddr()), o)
				in, out := NewInbox(32), NewOutbox()
				tr := []Train{{Data: filled(32*size, 'x'), Size: size}}
				b.SetBytes(int64(size))
				b.ReportAllocs()
				for n := 0; n < b.N; n += 32 {
					from.Send(out, tr)
					for got := 0; got < 32; {
						if err := to.Receive(in); err != nil {
							b.Fatal(err)
						}
						for i := range in.Trains {
							got += in.Trains[i].Packets()
						}
					}
				}
			})
		}
	}
}
