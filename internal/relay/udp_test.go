// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package relay

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"net"
	"net/netip"
	"os"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/culvertd/culvert/internal/datagram"
	"github.com/culvertd/culvert/internal/wire"
)

// udpEvents remembers which sessions a limit has ended.
type udpEvents struct {
	mu    sync.Mutex
	ended map[string]string
}

func (e *udpEvents) ChannelsWanted(*Client, int) {}

func (e *udpEvents) SessionEnded(s *Session, code, _ string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.ended == nil {
		e.ended = make(map[string]string)
	}
	e.ended[s.ID()] = code
}

func (e *udpEvents) code(id string) string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.ended[id]
}

// udpBed is a relay with a UDP socket, one provider and a session.
type udpBed struct {
	t        testing.TB
	relay    *Relay
	events   *udpEvents
	addr     netip.AddrPort
	client   *Client
	key      wire.Key // the client's
	sessions int
}

func newUDPBed(t testing.TB, l Limits) *udpBed {
	b := &udpBed{t: t, events: &udpEvents{}, key: wire.NewKey()}
	b.relay = New(l, b.events, zap.NewNop)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := b.relay.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	b.addr = b.listen("127.0.0.1:0")
	b.client = b.relay.AddClient("client-a", b.key)
	return b
}

// listen has the relay serve one more socket.
func (b *udpBed) listen(addr string) netip.AddrPort {
	b.t.Helper()
	a, err := net.ResolveUDPAddr("udp", addr)
	if err != nil {
		b.t.Fatal(err)
	}
	pc, err := net.ListenUDP("udp", a)
	if err != nil {
		b.t.Skipf("no %s here: %v", addr, err)
	}
	done := make(chan error, 1)
	go func() { done <- b.relay.ServeUDP(pc) }()
	b.t.Cleanup(func() {
		pc.Close()
		if err := <-done; err != nil {
			b.t.Error(err)
		}
	})
	return pc.LocalAddr().(*net.UDPAddr).AddrPort()
}

func (b *udpBed) session() (*Session, wire.Key) {
	b.t.Helper()
	b.sessions++
	key := wire.NewKey()
	s, err := b.relay.AddSession(SessionSpec{
		ID:        fmt.Sprintf("s%d", b.sessions),
		Service:   "dns",
		Transport: wire.UDP,
		Mode:      wire.ModePlain,
		Provider:  b.client,
		Visitor:   b.relay.AddClient("client-b", wire.NewKey()),
		Key:       key,
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return s, key
}

// drops waits until the relay has counted n packets, forwarded or dropped, and
// returns the drops that there are.
func (b *udpBed) drops(n uint64) map[string]uint64 {
	b.t.Helper()
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(time.Millisecond) {
		st := b.relay.Stats()
		sum, found := st.Packets, make(map[string]uint64)
		for name, k := range st.PacketsDropped {
			sum += k
			if k > 0 {
				found[name] = k
			}
		}
		if sum == n {
			return found
		}
		if sum > n || time.Now().After(end) {
			b.t.Fatalf("%d packets are accounted for, want %d: %+v", sum, n, st)
		}
	}
}

// person has a socket and a key.
type person struct {
	t    testing.TB
	pc   *net.UDPConn
	key  wire.Key
	next uint64
	buf  []byte
}

func (b *udpBed) person(key wire.Key) *person { return b.personAt(key, b.addr) }

func (b *udpBed) personAt(key wire.Key, relay netip.AddrPort) *person {
	b.t.Helper()
	pc, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(relay))
	if err != nil {
		b.t.Fatal(err)
	}
	_ = pc.SetReadBuffer(4 << 20)
	b.t.Cleanup(func() { pc.Close() })
	return &person{t: b.t, pc: pc, key: key, buf: make([]byte, datagram.MaxSize)}
}

func (p *person) write(b []byte) {
	p.t.Helper()
	if _, err := p.pc.Write(b); err != nil {
		p.t.Fatal(err)
	}
}

func (p *person) send(id uint32, data []byte) {
	p.t.Helper()
	b := make([]byte, wire.PacketHeader, wire.PacketHeader+len(data))
	wire.PutHeader(b, id, len(data))
	p.write(append(b, data...))
}

// read returns the next packet; nil if there is none.
func (p *person) read(patience time.Duration) []byte {
	p.t.Helper()
	_ = p.pc.SetReadDeadline(time.Now().Add(patience))
	n, err := p.pc.Read(p.buf)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return nil
	}
	if err != nil {
		p.t.Fatal(err)
	}
	return p.buf[:n]
}

func (p *person) receive() (id uint32, data []byte) {
	p.t.Helper()
	b := p.read(5 * time.Second)
	id, data, ok := wire.ParsePacket(b)
	if !ok {
		p.t.Fatalf("received %x", b)
	}
	return id, data
}

// silence fails if anything comes.
func (p *person) silence() {
	p.t.Helper()
	if b := p.read(50 * time.Millisecond); b != nil {
		p.t.Fatalf("an answer of %d bytes: %x", len(b), b)
	}
}

// control sends a control packet, made with its own counter unless it has one.
func (p *person) control(c wire.ControlPacket) []byte {
	p.t.Helper()
	c.Key = p.key.ID
	if c.Counter == 0 {
		p.next++
		c.Counter = p.next
	}
	b := c.Append(nil, p.key.Secret)
	p.write(b)
	return b
}

// answer expects one of a kind, which is no larger than what was sent.
func (p *person) answer(k wire.Kind, sent []byte) wire.ControlPacket {
	p.t.Helper()
	id, data := p.receive()
	c, err := wire.ParseControl(data)
	if id != 0 || err != nil || c.Kind != k {
		p.t.Fatalf("received %d %x, want kind %d", id, data, k)
	}
	if sent != nil && len(data)+wire.PacketHeader > len(sent) {
		p.t.Fatalf("%d bytes were answered with %d", len(sent), len(data)+wire.PacketHeader)
	}
	return c.ControlPacket
}

// bind says hello, and echoes; it returns the echo.
func (p *person) bind() []byte {
	p.t.Helper()
	c := p.answer(wire.Cookie, p.control(wire.ControlPacket{Kind: wire.Hello}))
	echo := p.control(wire.ControlPacket{Kind: wire.Echo, Counter: c.Counter, Cookie: c.Cookie})
	p.answer(wire.Bound, echo)
	return echo
}

func TestUDPBothWays(t *testing.T) {
	for _, listen := range []string{"127.0.0.1:0", "[::1]:0", ":0"} {
		t.Run(listen, func(t *testing.T) {
			b := newUDPBed(t, Limits{})
			addr := b.listen(listen)
			if addr.Addr().IsUnspecified() {
				addr = netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), addr.Port())
			}
			s, key := b.session()
			v, p := s.Blocks()
			if v == 0 || p == 0 || v == p || v&0xff != 0 || p&0xff != 0 {
				t.Fatalf("blocks %d and %d", v, p)
			}
			visitor, provider := b.personAt(key, addr), b.personAt(b.key, addr)
			visitor.bind()
			provider.bind()
			sizes := []int{0, 1, 64, 1200, 1394, 65501}
			var sum uint64
			for flow, n := range sizes {
				data := bytes.Repeat([]byte{byte(flow)}, n)
				visitor.send(v+uint32(flow), data)
				if id, got := provider.receive(); id != p+uint32(flow) || !bytes.Equal(got, data) {
					t.Fatalf("up, %d bytes: id %d with %d", n, id, len(got))
				}
				provider.send(p+uint32(flow), data)
				if id, got := visitor.receive(); id != v+uint32(flow) || !bytes.Equal(got, data) {
					t.Fatalf("down, %d bytes: id %d with %d", n, id, len(got))
				}
				sum += uint64(n)
			}
			if d := b.drops(uint64(2 * len(sizes))); len(d) > 0 {
				t.Errorf("drops: %v", d)
			}
			st := s.Stats()
			if st.Up != sum || st.Down != sum || st.Opened != uint64(len(sizes)) {
				t.Errorf("session counts %+v, want %d each way", st, sum)
			}
			if all := b.relay.Stats(); all.PacketBytes != 2*sum || all.BytesUp != sum || all.BytesDown != sum {
				t.Errorf("relay counts %+v, want %d each way", all, sum)
			}
		})
	}
}

// TestUDPTrains sends long trains of several flows, with a stray and a broken
// packet inside, and compares hashes flow by flow.
func TestUDPTrains(t *testing.T) {
	b := newUDPBed(t, Limits{})
	s1, key1 := b.session()
	s2, key2 := b.session()
	v1, p1 := s1.Blocks()
	v2, p2 := s2.Blocks()
	provider, visitors := b.person(b.key), []*person{b.person(key1), b.person(key2)}
	provider.bind()
	visitors[0].bind()
	visitors[1].bind()

	const size, rounds, per = 500, 20, 40
	sums := map[uint32]hash.Hash{}
	sender := datagram.New(provider.pc, datagram.Options{Wait: 10 * time.Millisecond})
	out := datagram.NewOutbox()
	var sent uint64
	for round := range rounds {
		var train []byte
		for i := range per {
			flow := uint32(i % 3)
			id, dst := p1+flow, v1+flow
			if i >= per/2 {
				id, dst = p2+flow, v2+flow
			}
			packet := bytes.Repeat([]byte{byte(round*per + i)}, size)
			if i == per-1 {
				packet = packet[:size/2] // a short one ends the train
			}
			length := len(packet) - wire.PacketHeader
			switch i {
			case 7:
				id = 0xffffff00 // nobody's
			case 9:
				length++ // broken
			default:
				if sums[dst] == nil {
					sums[dst] = sha256.New()
				}
				sums[dst].Write(packet[wire.PacketHeader:])
			}
			wire.PutHeader(packet, id, length)
			train = append(train, packet...)
			sent++
		}
		sender.Send(out, []datagram.Train{{Data: train, Size: size}})
		got := map[uint32]hash.Hash{}
		for i := range per - 2 {
			who := visitors[0]
			if i >= per/2-2 {
				who = visitors[1]
			}
			id, data := who.receive()
			if got[id] == nil {
				got[id] = sha256.New()
			}
			got[id].Write(data)
		}
		for id := range got {
			if !bytes.Equal(got[id].Sum(nil), sums[id].Sum(nil)) {
				t.Fatalf("round %d: flow %d differs", round, id)
			}
		}
		clear(sums)
	}
	if d := b.drops(sent); d["unknown_id"] != rounds || d["malformed"] != rounds || len(d) != 2 {
		t.Errorf("drops: %v", d)
	}
}

func TestUDPRefusals(t *testing.T) {
	b := newUDPBed(t, Limits{})
	s, key := b.session()
	v, p := s.Blocks()
	visitor, provider := b.person(key), b.person(b.key)
	echo := visitor.bind()
	provider.bind()

	wrong := key
	wrong.Secret = wire.NewKey().Secret
	mallory := b.person(wrong)
	for name, send := range map[string]func(){
		"hello with a wrong MAC":     func() { mallory.control(wire.ControlPacket{Kind: wire.Hello, Counter: 99}) },
		"keepalive with a wrong MAC": func() { mallory.control(wire.ControlPacket{Kind: wire.Keepalive, Counter: 99}) },
		"replayed hello": func() {
			mallory.write(wire.ControlPacket{Kind: wire.Hello, Key: key.ID, Counter: 1}.Append(nil, key.Secret))
		},
		"replayed echo from elsewhere": func() { mallory.write(echo) },
		"keepalive from elsewhere": func() {
			mallory.write(wire.ControlPacket{Kind: wire.Keepalive, Key: key.ID, Counter: 500}.Append(nil, key.Secret))
		},
		"unknown key": func() { b.person(wire.NewKey()).control(wire.ControlPacket{Kind: wire.Hello}) },
		"stolen id":   func() { mallory.send(v+1, make([]byte, 1000)) },
		"stolen id of the other end": func() {
			mallory.send(p+1, make([]byte, 1000))
		},
		"an id of the other end": func() { visitor.send(p+1, nil) },
		"nobody's id":            func() { visitor.send(0xabcdef01, nil) },
		"low id":                 func() { visitor.send(7, nil) },
		"a gateway's packet": func() {
			mallory.write(wire.ControlPacket{Kind: wire.Bound, Counter: 1}.Append(nil, wire.Secret{}))
		},
		"nothing":       func() { mallory.write(nil) },
		"a short one":   func() { mallory.write([]byte{0, 0, 1}) },
		"a wrong size":  func() { mallory.write([]byte{0, 0, 1, 0, 0, 9, 1}) },
		"old cookie":    func() { mallory.control(wire.ControlPacket{Kind: wire.Echo, Counter: 600}) },
		"empty control": func() { mallory.send(0, nil) },
	} {
		before := b.relay.Stats()
		var sum uint64
		for _, n := range before.PacketsDropped {
			sum += n
		}
		send()
		b.drops(before.Packets + sum + 1)
		if after := b.relay.Stats(); after.Packets != before.Packets {
			t.Errorf("%s was forwarded", name)
		}
	}
	mallory.silence()
	visitor.silence()
	provider.silence()

	// Nobody's place was lost by it.
	visitor.send(v, []byte("up"))
	provider.receive()
	provider.send(p, []byte("down"))
	visitor.receive()
}

// TestUDPMove: a new address counts from its echo on, and the old one stays
// until then (rules U2).
func TestUDPMove(t *testing.T) {
	b := newUDPBed(t, Limits{})
	s, key := b.session()
	v, p := s.Blocks()
	old, provider := b.person(key), b.person(b.key)
	oldEcho := old.bind()
	provider.bind()

	moved := b.person(key)
	moved.next = old.next
	c := moved.answer(wire.Cookie, moved.control(wire.ControlPacket{Kind: wire.Hello}))
	provider.send(p, []byte("before"))
	if _, data := old.receive(); string(data) != "before" {
		t.Fatalf("the old address received %q", data)
	}
	old.write(wire.ControlPacket{Kind: wire.Echo, Key: key.ID, Counter: c.Counter, Cookie: c.Cookie}.Append(nil, key.Secret))
	old.silence() // the cookie is another address's

	echo := moved.control(wire.ControlPacket{Kind: wire.Echo, Counter: c.Counter, Cookie: c.Cookie})
	moved.answer(wire.Bound, echo)
	moved.write(echo) // as if the answer had been lost
	moved.answer(wire.Bound, echo)
	provider.send(p, []byte("after"))
	if _, data := moved.receive(); string(data) != "after" {
		t.Fatalf("the new address received %q", data)
	}
	old.write(oldEcho) // leads back no more
	old.silence()
	old.send(v, []byte("late"))
	provider.silence()
	moved.answer(wire.Alive, moved.control(wire.ControlPacket{Kind: wire.Keepalive}))
}

// TestUDPUnreachable: whoever has proven its address is told that nobody is at
// the other end, once a second.
func TestUDPUnreachable(t *testing.T) {
	b := newUDPBed(t, Limits{})
	s, key := b.session()
	v, p := s.Blocks()
	visitor, provider := b.person(key), b.person(b.key)
	visitor.bind()
	for range 20 {
		visitor.send(v+3, []byte("anybody?"))
	}
	if c := visitor.answer(wire.Unreachable, nil); c.Counter != uint64(v+3) {
		t.Errorf("id %d is unreachable, want %d", c.Counter, v+3)
	}
	if d := b.drops(20); d["peer_unbound"] != 20 {
		t.Errorf("drops: %v", d)
	}
	told := 1
	for visitor.read(50*time.Millisecond) != nil {
		told++
	}
	if told > 2 { // the clock may have struck meanwhile
		t.Errorf("told %d times", told)
	}
	provider.bind()
	visitor.send(v+3, []byte("anybody?"))
	if id, _ := provider.receive(); id != p+3 {
		t.Errorf("id %d", id)
	}
	b.relay.now.Add(boundFor + 1) // nothing was heard of either
	provider.send(p+3, []byte("hm"))
	visitor.silence()
	if d := b.drops(22); d["unbound"] != 1 {
		t.Errorf("drops: %v", d)
	}
}
