// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package relay

import (
	"testing"
	"time"

	"github.com/culvertd/culvert/internal/datagram"
	"github.com/culvertd/culvert/internal/wire"
)

func TestUDPQuota(t *testing.T) {
	b := newUDPBed(t, Limits{MaxBytesPerSession: 10_000})
	s, key := b.session()
	v, p := s.Blocks()
	visitor, provider := b.person(key), b.person(b.key)
	visitor.bind()
	provider.bind()
	var train []byte
	for range 15 {
		packet := make([]byte, wire.PacketHeader+900)
		wire.PutHeader(packet, v, 900)
		train = append(train, packet...)
	}
	datagram.New(visitor.pc, datagram.Options{}).
		Send(datagram.NewOutbox(), []datagram.Train{{Data: train, Size: wire.PacketHeader + 900}})
	for i := range 11 {
		if id, data := provider.receive(); id != p || len(data) != 900 {
			t.Fatalf("packet %d: id %d, %d bytes", i, id, len(data))
		}
	}
	provider.silence()
	if d := b.drops(15); d["limit"]+d["unknown_id"] != 4 || d["limit"] == 0 {
		t.Errorf("drops: %v", d)
	}
	if code := b.events.code(s.ID()); code != wire.CodeLimit {
		t.Errorf("the session ended with %q", code)
	}
	if st := s.Stats(); st.Up != 9900 {
		t.Errorf("%d bytes went up", st.Up)
	}
}

func TestUDPRate(t *testing.T) {
	b := newUDPBed(t, Limits{SessionRate: 50_000})
	s, key := b.session()
	v, _ := s.Blocks()
	visitor, provider := b.person(key), b.person(b.key)
	visitor.bind()
	provider.bind()
	start := time.Now()
	const packets = 300
	for range packets {
		visitor.send(v, make([]byte, 1000))
	}
	d := b.drops(packets)
	st := s.Stats()
	allowed := 50_000 + uint64(50_000*time.Since(start).Seconds()) + 1000
	if st.Up < 45_000 || st.Up > allowed || d["rate"] != packets-st.Up/1000 {
		t.Errorf("%d bytes of at most %d went up, drops: %v", st.Up, allowed, d)
	}
	b.relay.Configure(Limits{})
	visitor.send(v, make([]byte, 1000))
	for up := st.Up; s.Stats().Up == up; time.Sleep(time.Millisecond) {
		if time.Since(start) > 5*time.Second {
			t.Fatal("the rate holds after it was taken away")
		}
	}
	_ = provider
}

// TestUDPBlocks: ids are not granted again at once, and late packets reach
// nobody.
func TestUDPBlocks(t *testing.T) {
	b := newUDPBed(t, Limits{})
	seen := make(map[uint32]bool)
	var last *Session
	for i := range 200 {
		s, key := b.session()
		v, p := s.Blocks()
		if seen[v] || seen[p] {
			t.Fatalf("session %d got a block that another one had", i)
		}
		seen[v], seen[p] = true, true
		if i == 0 {
			visitor, provider := b.person(key), b.person(b.key)
			visitor.bind()
			provider.bind()
			s.Close()
			s.Close()
			visitor.send(v, []byte("late"))
			provider.send(p, []byte("late"))
			if d := b.drops(2); d["unknown_id"] != 2 {
				t.Errorf("drops: %v", d)
			}
		}
		last = s
	}
	v, _ := last.Blocks()
	last.Close()
	b.relay.now.Add(blockRest + 1)
	again := false
	for range 2 {
		s, _ := b.session()
		w, _ := s.Blocks()
		again = again || w == v
	}
	if !again {
		t.Error("a block that has rested was not granted again")
	}
}

// FuzzUDP throws trains of anything at the relay, from the address that is
// bound; nothing but good packets may come out at the other end.
