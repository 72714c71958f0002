// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"net/netip"
	"sync"
	"time"

	"github.com/culvertd/culvert/internal/datagram"
	"github.com/culvertd/culvert/internal/seal"
	"github.com/culvertd/culvert/internal/wire"
)

// UDP at both ends. Each source address that the visitor's listener hears is a
// flow with an id of its own, and the provider has a connected socket to the
// service for each flow, so that replies find their way. Packets go through
// the relay's UDP port where that works and where they fit; else through a
// channel of the session, which the visitor keeps open for that.
const (
	// maxPacket is what goes by UDP at most, with our header: less than the MTU
	// of nearly every path, tunnels and mobile networks included (rules U3).
	maxPacket = 1400
	// udpBuffer is what the kernel may hold of a socket's packets.
	udpBuffer = 4 << 20
	// burstWait is how long what goes to the relay may wait for our network;
	// all else is never waited for, so that no flow delays another.
	burstWait = 10 * time.Millisecond
	// udpSweep is how often flows are looked at for being idle.
	udpSweep = 5 * time.Second
	// Packets that wait for a way or a socket: a few, not for long.
	heldBytes = 256 << 10
	heldAge   = 3 * time.Second
)

// eachUDPLeg calls f for each session of our UDP forwards; f must not wait.
func (c *Client) eachUDPLeg(f func(l *udpLeg)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for forward := range c.forwards {
		v, ok := forward.carrier.(*udpVisitor)
		if !ok {
			continue
		}
		v.mu.Lock()
		for _, l := range v.legs {
			f(l)
		}
		v.mu.Unlock()
	}
}

// sink is what trains leave by: a *datagram.Conn, or the relay in this process.
type sink interface {
	Send(out *datagram.Outbox, trains []datagram.Train)
}

// headed is a packet without its header yet.
type headed struct {
	id   uint32
	data []byte
}

// packer gathers packets into trains: it copies them end to end, because a
// header goes before each or is taken away. It belongs to one goroutine.
type packer struct {
	to     sink
	outbox *datagram.Outbox
	buf    []byte
	trains []datagram.Train
	grows  bool // the last train may get another packet
	lost   func(packets int)

	tally             *tally // that the following are for
	forward, backward uint64
}

func newPacker(lost func(int)) *packer {
	return &packer{outbox: datagram.NewOutbox(), buf: make([]byte, 0, 256<<10), lost: lost}
}

// add takes a packet that goes out through a socket, with a header if it has
// an id. It is sent with the next flush, or earlier.
func (k *packer) add(to sink, addr netip.AddrPort, p headed) {
	start := k.room(to, len(p.data))
	if p.id != 0 {
		k.buf = k.buf[:start+wire.PacketHeader]
		wire.PutHeader(k.buf[start:], p.id, len(p.data))
	}
	k.buf = append(k.buf, p.data...)
	k.join(addr, start)
}

// addSealed is add for what only the other end may read. The header stays in
// the clear, for the relay, but the flow in it cannot be changed.
func (k *packer) addSealed(to sink, p headed, by *seal.Sender) error {
	start := k.room(to, seal.Overhead+len(p.data))
	k.buf = k.buf[:start+wire.PacketHeader]
	wire.PutHeader(k.buf[start:], p.id, seal.Overhead+len(p.data))
	var err error
	if k.buf, err = by.Seal(k.buf, p.data, flowOf(k.buf[start:])); err != nil {
		k.buf = k.buf[:start]
		return err
	}
	k.join(netip.AddrPort{}, start)
	return nil
}

// room makes room for a packet, and returns where it begins.
func (k *packer) room(to sink, data int) int {
	if k.to != to || len(k.buf)+wire.PacketHeader+data > cap(k.buf) {
		k.flush()
		k.to = to
	}
	return len(k.buf)
}

// join makes the packet that begins at start, the last, part of a train.
func (k *packer) join(addr netip.AddrPort, start int) {
	size := len(k.buf) - start
	if k.grows {
		if t := &k.trains[len(k.trains)-1]; t.Addr == addr && size > 0 && size <= t.Size {
			t.Data = t.Data[:len(t.Data)+size] // it lies right before
			k.grows = size == t.Size
			return
		}
	}
	k.trains = append(k.trains, datagram.Train{Addr: addr, Data: k.buf[start:], Size: size})
	k.grows = size > 0
}

// count counts bytes, which show in the tally after the next flush.
func (k *packer) count(t *tally, forward, backward int) {
	if k.tally != t {
		k.settle()
		k.tally = t
	}
	k.forward += uint64(forward)
	k.backward += uint64(backward)
}

func (k *packer) settle() {
	if k.forward+k.backward == 0 {
		return
	}
	k.tally.mu.Lock()
	k.tally.forward += k.forward
	k.tally.backward += k.backward
	k.tally.mu.Unlock()
	k.forward, k.backward = 0, 0
}

// flush sends what was added.
func (k *packer) flush() {
	k.settle()
	if len(k.trains) > 0 {
		k.to.Send(k.outbox, k.trains)
		for i := range k.trains {
			if n := k.trains[i].Lost; n > 0 {
				k.lost(n)
			}
		}
	}
	clear(k.trains)
	k.trains, k.buf, k.grows, k.to = k.trains[:0], k.buf[:0], false, nil
}

// packets calls f for each packet of a train.
func packets(t *datagram.Train, f func(b []byte)) {
	rest := t.Data
	for range t.Packets() {
		n := min(t.Size, len(rest))
		f(rest[:n:n])
		rest = rest[n:]
	}
}

// held keeps packets for which there is no way yet; the oldest go first when
// there are too many. The zero value is empty.
type held[T any] struct {
	mu    sync.Mutex // guards the fields below
	queue []heldPacket[T]
	bytes int
}

type heldPacket[T any] struct {
	what T
	data []byte
	at   time.Time
}

// put copies a packet, and returns how many it displaced.
func (h *held[T]) put(what T, data []byte) (displaced int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := time.Now()
	for len(h.queue) > 0 && (h.bytes+len(data) > heldBytes || now.Sub(h.queue[0].at) > heldAge) {
		h.bytes -= len(h.queue[0].data)
		h.queue = h.queue[1:]
		displaced++
	}
	h.queue = append(h.queue, heldPacket[T]{what, append([]byte(nil), data...), now})
	h.bytes += len(data)
	return displaced
}

// take returns what is there and not too old, and how many were.
func (h *held[T]) take() (queue []heldPacket[T], old int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	queue, h.queue, h.bytes = h.queue, nil, 0
	for len(queue) > 0 && time.Since(queue[0].at) > heldAge {
		queue = queue[1:]
		old++
	}
	return queue, old
}

// nudge wakes whoever waits at a channel with room for one.
func nudge(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
