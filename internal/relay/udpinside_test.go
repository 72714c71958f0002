// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package relay

import (
	"bytes"
	"net/netip"
	"testing"
	"time"

	"github.com/culvertd/culvert/internal/datagram"
	"github.com/culvertd/culvert/internal/wire"
)

// insider is a visitor within the process.
type insider struct {
	*Packets
	got chan []byte // packets, copied
}

func (b *udpBed) insider(key wire.Key) *insider {
	b.t.Helper()
	in := &insider{got: make(chan []byte, 1000)}
	var err error
	in.Packets, err = b.relay.Packets(key.ID, func(trains []datagram.Train) {
		for _, t := range trains {
			rest := t.Data
			for range t.Packets() {
				n := min(t.Size, len(rest))
				in.got <- bytes.Clone(rest[:n])
				rest = rest[n:]
			}
		}
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return in
}

// send sends packets of one size as a train.
func (in *insider) send(id uint32, data ...[]byte) {
	var train []byte
	for _, d := range data {
		head := make([]byte, wire.PacketHeader)
		wire.PutHeader(head, id, len(d))
		train = append(append(train, head...), d...)
	}
	in.Send(datagram.NewOutbox(), []datagram.Train{{Data: train, Size: wire.PacketHeader + len(data[0])}})
}

func (in *insider) receive(t *testing.T) (id uint32, data []byte) {
	t.Helper()
	select {
	case b := <-in.got:
		id, data, ok := wire.ParsePacket(b)
		if !ok {
			t.Fatalf("received %x", b)
		}
		return id, data
	case <-time.After(5 * time.Second):
		t.Fatal("nothing comes")
	}
	panic("unreachable")
}

// TestPacketsInside: packets of a visitor within the process pass as those of others
// do, one as one and in order, and are counted as theirs are.
func TestPacketsInside(t *testing.T) {
	b := newUDPBed(t, Limits{})
	s, key := b.session()
	v, p := s.Blocks()
	in := b.insider(key)
	if in.There() {
		t.Error("the provider is there before it has an address")
	}
	in.send(v, []byte("early"))
	provider := b.person(b.key)
	provider.bind()
	if !in.There() {
		t.Error("the provider is not there")
	}
	var sum uint64
	for flow, n := range []int{0, 1, 1394, 65501} {
		for i, data := range [][]byte{bytes.Repeat([]byte{1}, n), bytes.Repeat([]byte{2}, n)} {
			in.send(v+uint32(flow), data)
			if id, got := provider.receive(); id != p+uint32(flow) || !bytes.Equal(got, data) {
				t.Fatalf("up, %d bytes, %d: id %d with %d", n, i, id, len(got))
			}
			provider.send(p+uint32(flow), data)
			if id, got := in.receive(t); id != v+uint32(flow) || !bytes.Equal(got, data) {
				t.Fatalf("down, %d bytes, %d: id %d with %d", n, i, id, len(got))
			}
			sum += uint64(n)
		}
	}
	in.send(v+9, []byte("one"), []byte("two"), []byte("3"))
	for _, want := range []string{"one", "two", "3"} {
		if id, got := provider.receive(); id != p+9 || string(got) != want {
			t.Errorf("%q for %d, want %q", got, id, want)
		}
	}
	st := s.Stats()
	if st.Up != sum+7 || st.Down != sum || st.Opened != 5 {
		t.Errorf("session counts %+v, want %d up and %d down", st, sum+7, sum)
	}
	if d := b.drops(1 + 16 + 3); d["peer_unbound"] != 1 || len(d) != 1 {
		t.Errorf("drops: %v", d)
	}
}

// TestPacketsInsideAreTheSessions: ids of other sessions and of the other end are
// refused, as is who comes from outside with the visitor's ids.
func TestPacketsInsideAreTheSessions(t *testing.T) {
	b := newUDPBed(t, Limits{})
	s, key := b.session()
	other, otherKey := b.session()
	v, p := s.Blocks()
	ov, _ := other.Blocks()
	provider, mallory, neighbour := b.person(b.key), b.person(wire.NewKey()), b.person(otherKey)
	provider.bind()
	neighbour.bind()
	in := b.insider(key)
	in.send(ov, []byte("another session's"))
	in.send(p, []byte("the other end's"))
	in.send(0xabcdef01, []byte("nobody's"))
	mallory.send(v, []byte("from outside"))
	neighbour.send(v, []byte("from outside"))
	if d := b.drops(5); d["unbound"] != 4 || d["unknown_id"] != 1 || len(d) != 2 {
		t.Errorf("drops: %v", d)
	}
	provider.silence()
	// Whoever blocks addresses does not block it, whatever its address is.
	b.relay.CloseAddr(func(a netip.Addr) bool { return !a.IsValid() })
	provider.send(p, []byte("x"))
	if _, got := in.receive(t); string(got) != "x" {
		t.Errorf("%q", got)
	}
	s.Close()
	in.send(v, []byte("late"))
	provider.send(p, []byte("late"))
	if d := b.drops(8); d["unknown_id"] != 3 {
		t.Errorf("drops: %v", d)
	}
	if _, err := b.relay.Packets(key.ID, nil); err == nil {
		t.Error("a session that has ended is to be had")
	}
}
