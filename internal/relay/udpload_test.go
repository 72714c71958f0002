// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package relay

import (
	"fmt"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/culvertd/culvert/internal/datagram"
	"github.com/culvertd/culvert/internal/wire"
)

func FuzzUDP(f *testing.F) {
	b := newUDPBed(f, Limits{})
	s, key := b.session()
	v, p := s.Blocks()
	here := netip.MustParseAddrPort("127.0.0.1:1")
	pc, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:0")))
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { pc.Close() })
	socket := datagram.New(pc, datagram.Options{})
	port := b.relay.udp.newPorter(socket)
	good := make([]byte, 10)
	wire.PutHeader(good, v, 4)
	f.Add(append(good, good...), 10)
	f.Add(wire.ControlPacket{Kind: wire.Hello, Key: key.ID, Counter: 1}.Append(nil, key.Secret), 70)
	f.Add(wire.ControlPacket{Kind: wire.Keepalive, Key: key.ID, Counter: 2}.Append(nil, key.Secret), 39)
	f.Add([]byte{}, 0)
	f.Fuzz(func(t *testing.T, data []byte, size int) {
		if size < 1 || size > len(data) {
			size = len(data)
		}
		port.trains, port.loads = port.trains[:0], port.loads[:0]
		now := b.relay.now.Load()
		port.now = now
		for _, own := range []*binding{&s.udp.binding, &b.client.udp.binding} {
			own.place.Store(&place{addr: here, socket: socket})
			own.seen.Store(now)
		}
		in := datagram.Train{Addr: here, Data: data, Size: size}
		before := b.relay.Stats()
		port.train(&in)
		var out int
		for i := range port.trains {
			tr := &port.trains[i]
			if port.loads[i].leg == nil {
				if len(tr.Data) > size {
					t.Errorf("answered with %d bytes", len(tr.Data))
				}
				continue
			}
			out += tr.Packets()
			for rest := tr.Data; len(rest) > 0; rest = rest[min(tr.Size, len(rest)):] {
				id, _, ok := wire.ParsePacket(rest[:min(tr.Size, len(rest))])
				if !ok || id>>8 != v>>8 && id>>8 != p>>8 {
					t.Errorf("forwarded as id %d", id)
				}
			}
		}
		after := b.relay.Stats()
		for name, n := range after.PacketsDropped {
			out += int(n - before.PacketsDropped[name])
		}
		if controls := len(port.trains); out > in.Packets() || out+controls < in.Packets() {
			t.Errorf("%d packets became %d", in.Packets(), out)
		}
	})
}

// BenchmarkUDP forwards trains through a socket pair: one relay, both ends in
// this process. The time is that of all three.
func BenchmarkUDP(b *testing.B) {
	for _, size := range []int{64, 1200} {
		for _, train := range []int{1, 32} {
			b.Run(fmt.Sprintf("%d/train%d", size, train), func(b *testing.B) {
				bed := newUDPBed(b, Limits{})
				s, key := bed.session()
				v, _ := s.Blocks()
				visitor, provider := bed.person(key), bed.person(bed.key)
				visitor.bind()
				provider.bind()
				data := make([]byte, train*(wire.PacketHeader+size))
				for i := range train {
					wire.PutHeader(data[i*(wire.PacketHeader+size):], v, size)
				}
				trains := []datagram.Train{{Data: data, Size: wire.PacketHeader + size}}
				from, to := datagram.New(visitor.pc, datagram.Options{}), datagram.New(provider.pc, datagram.Options{})
				in, out := datagram.NewInbox(32), datagram.NewOutbox()
				b.SetBytes(int64(size))
				b.ReportAllocs()
				_ = provider.pc.SetReadDeadline(time.Now().Add(time.Minute))
				b.ResetTimer()
				for n := 0; n < b.N; n += train {
					from.Send(out, trains)
					for got := 0; got < train; {
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
