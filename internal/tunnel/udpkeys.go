// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"errors"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/culvertd/culvert/internal/seal"
	"github.com/culvertd/culvert/internal/wire"
)

const (
	// Between two requests for new keys; it doubles, up to the most, while they
	// are no help. Whoever can send us datagrams can have us ask (rules U4).
	wishFirst = time.Second
	wishMost  = 30 * time.Second
)

// udpKeys are what seals the datagrams of a session at one end. They come from
// the TLS of the session's channel and outlive it. nil is for a session in
// plain mode.
//
//	channel: TLS ─▶ keys to open with, and Ready to the other end
//	Ready from there ─▶ keys to seal with
//	a datagram of a key that is not known ─▶ another channel
type udpKeys struct {
	ss       *session
	out, in  seal.Direction
	sender   atomic.Pointer[seal.Sender] // nil until the other end can open
	receiver seal.Receiver
	ask      func() // for another channel

	mu    sync.Mutex // guards the fields below
	asked time.Time
	pause time.Duration
}

func newUDPKeys(ss *session, ask func()) *udpKeys {
	if ss.mode != wire.ModeTLS {
		return nil
	}
	k := &udpKeys{ss: ss, out: seal.ToProvider, in: seal.ToVisitor, ask: ask}
	if ss.role == wire.Provider {
		k.out, k.in = k.in, k.out
	}
	return k
}

// most is how long a datagram may be to go by UDP.
func (k *udpKeys) most() int {
	if k == nil {
		return maxPacket - wire.PacketHeader
	}
	return maxPacket - wire.PacketHeader - seal.Overhead
}

// ready reports whether datagrams may go by UDP.
func (k *udpKeys) ready() bool { return k == nil || k.sender.Load() != nil }

// add gives a datagram to a packer, for our path to the relay; false if it must
// not go by UDP.
func (k *udpKeys) add(to *packer, c sink, p headed) bool {
	if k == nil {
		to.add(c, netip.AddrPort{}, p)
		return true
	}
	s := k.sender.Load()
	if s == nil {
		return false
	}
	if s.Worn() {
		k.wish()
	}
	if to.addSealed(c, p, s) != nil {
		k.sender.CompareAndSwap(s, nil)
		return false
	}
	return true
}

// open returns the data of a packet that came by UDP, which is b with its
// header; false if the other end has not sealed it.
func (k *udpKeys) open(b, data []byte) ([]byte, bool) {
	if k == nil {
		return data, true
	}
	data, err := k.receiver.Open(data, flowOf(b))
	if errors.Is(err, seal.ErrUnknownKey) {
		k.wish()
	}
	return data, err == nil
}

// flowOf returns the part of a packet's header that is the same on both legs.
func flowOf(b []byte) []byte { return b[3:4] }

// wish asks for another channel, unless that was done a short while ago.
func (k *udpKeys) wish() {
	now := time.Now()
	k.mu.Lock()
	since := now.Sub(k.asked)
	if !k.asked.IsZero() && since < k.pause {
		k.mu.Unlock()
		return
	}
	if k.pause = min(2*k.pause, wishMost); k.asked.IsZero() || since > 2*wishMost {
		k.pause = wishFirst
	}
	k.asked = now
	k.mu.Unlock()
	k.ask()
}
