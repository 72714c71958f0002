// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package relay

import (
	"errors"
	"net/netip"
	"sync"
	"sync/atomic"

	"github.com/culvertd/culvert/internal/datagram"
	"github.com/culvertd/culvert/internal/splice"
	"github.com/culvertd/culvert/internal/wire"
)

const (
	// maxBlocks bounds the table: 8 bytes each.
	maxBlocks = 1 << 20
	// blockRest is how long, in seconds, a block is not granted again, so that
	// late packets of the session that had it reach nobody.
	blockRest = 120
	// boundFor is how long, in seconds, an address stays bound without a hello
	// or a keepalive, of which there is one every 20 s.
	boundFor = 75
)

// udpRelay forwards packets. Looking up where a packet goes takes no lock.
type udpRelay struct {
	relay *Relay
	table atomic.Pointer[[]atomic.Pointer[leg]] // by block; an element is written under mu
	count udpCounters
	jar   cookieJar

	mu      sync.Mutex                // guards the fields below; inside Relay.mu
	next    uint32                    // first block that was never granted
	resting []restingBlock            // oldest first
	sockets map[*datagram.Conn]uint64 // with what the kernel has dropped there, as last heard
	lost    uint64                    // likewise, at sockets that are closed
}

// restingBlock was given back.
type restingBlock struct {
	block uint32
	since int64 // Unix seconds
}

// leg is one end's way of a session: a block of 256 ids.
type leg struct {
	session   *Session
	block     uint32
	direction int // of what comes in here
	peer      *leg
	own       *binding
	told      atomic.Int64 // when it was told last that its peer is not there
}

// binding is the proven address of whoever has a key.
type binding struct {
	place atomic.Pointer[place] // nil until there is one
	seen  atomic.Int64          // last proof of life, in Unix seconds

	mu     sync.Mutex // guards the fields below
	replay replay     // of packets; lines have one of their own
	echoed uint64     // counter of the hello that place comes from
}

// place is an address, and the socket it was met at; or, without these, a visitor
// within this process.
type place struct {
	addr   netip.AddrPort
	socket *datagram.Conn
	inside *Packets
}

// at returns where packets for the key's holder go, or nil.
func (b *binding) at(now int64) *place {
	p := b.place.Load()
	if p == nil || p.inside == nil && now-b.seen.Load() > boundFor {
		return nil
	}
	return p
}

// udpClient is a client's part: it provides.
type udpClient struct{ binding binding }

// udpSession is a session's part, nil legs if it carries TCP.
type udpSession struct {
	binding           binding // of the visitor
	visitor, provider *leg
	flows             *[wire.FlowsPerBlock]atomic.Int64 // when the visitor last sent in each
}

func (s *udpSession) blocks() (visitor, provider uint32) {
	if s.visitor == nil {
		return 0, 0
	}
	return s.visitor.block << 8, s.provider.block << 8
}

func newUDPRelay(r *Relay) *udpRelay {
	u := &udpRelay{
		relay:   r,
		next:    1, // ids below 256 are not data: 0 is control
		sockets: make(map[*datagram.Conn]uint64),
	}
	u.jar.init()
	u.table.Store(new([]atomic.Pointer[leg]))
	return u
}

// addSession grants a session its two blocks.
func (u *udpRelay) addSession(s *Session) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	blocks, err := u.grant(2)
	if err != nil {
		return err
	}
	v := &leg{session: s, block: blocks[0], direction: splice.Forward, own: &s.udp.binding}
	p := &leg{session: s, block: blocks[1], direction: splice.Backward, own: &s.spec.Provider.udp.binding}
	v.peer, p.peer = p, v
	s.udp.visitor, s.udp.provider = v, p
	s.udp.flows = new([wire.FlowsPerBlock]atomic.Int64)
	table := *u.table.Load()
	table[v.block].Store(v)
	table[p.block].Store(p)
	return nil
}

// grant returns n blocks that nobody has, and makes room for them in the table.
func (u *udpRelay) grant(n int) ([]uint32, error) {
	blocks := make([]uint32, 0, n)
	now := u.relay.now.Load()
	for len(blocks) < n && len(u.resting) > 0 && now-u.resting[0].since > blockRest {
		blocks = append(blocks, u.resting[0].block)
		u.resting = u.resting[1:]
	}
	if int(u.next)+n-len(blocks) > maxBlocks {
		for _, b := range blocks {
			u.resting = append(u.resting, restingBlock{b, now})
		}
		return nil, errors.New("granting UDP ids: all are in use or rest")
	}
	for ; len(blocks) < n; u.next++ {
		blocks = append(blocks, u.next)
	}
	old := *u.table.Load()
	if int(u.next) > len(old) {
		table := make([]atomic.Pointer[leg], max(64, 2*len(old), int(u.next)))
		for i := range old {
			table[i].Store(old[i].Load())
		}
		u.table.Store(&table)
	}
	return blocks, nil
}

// removeSession takes the blocks back.
func (u *udpRelay) removeSession(s *Session) {
	if s.udp.visitor == nil {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	table := *u.table.Load()
	for _, l := range []*leg{s.udp.visitor, s.udp.provider} {
		table[l.block].Store(nil)
		u.resting = append(u.resting, restingBlock{l.block, u.relay.now.Load()})
	}
}

// removeClient: its key binds no more addresses, but its sessions go on with
// the one they have, until it expires (rules R9).
func (u *udpRelay) removeClient(*Client) {}

// leg returns whose block an id is in, or nil.
func (u *udpRelay) leg(id uint32) *leg {
	table := *u.table.Load()
	if block := int(id >> 8); block < len(table) {
		return table[block].Load()
	}
	return nil
}

// Reasons for drops, and their names in Stats.
const (
	dropMalformed = iota
	dropUnbound
	dropUnknown
	dropPeer
	dropLimit
	dropRate
	dropSend
	dropControl
	dropBlocked
	drops
)

var dropNames = [drops]string{
	dropMalformed: "malformed",
	dropUnbound:   "unbound",      // not from the address that its ids belong to
	dropUnknown:   "unknown_id",   // ids that nobody has
	dropPeer:      "peer_unbound", // nowhere to go yet
	dropLimit:     "limit",
	dropRate:      "rate",
	dropSend:      "send", // not taken by the system
	dropControl:   "control",
	dropBlocked:   "blocked", // controls only: an address that is blocked is bound to nothing
}

// dropOverflow is the kernel's: it had no more room for what nobody has read.
const dropOverflow = "overflow"

type udpCounters struct {
	packets, bytes atomic.Uint64
	dropped        [drops]atomic.Uint64
}

func (c *udpCounters) drop(reason, n int) { c.dropped[reason].Add(uint64(n)) }

// addStats fills in the part of UDP. All reasons are there, so that a metric
// begins at 0.
func (u *udpRelay) addStats(st *Stats) {
	st.Packets, st.PacketBytes = u.count.packets.Load(), u.count.bytes.Load()
	st.PacketsDropped = make(map[string]uint64, drops+1)
	for i, name := range dropNames {
		st.PacketsDropped[name] = u.count.dropped[i].Load()
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	lost := u.lost
	for c := range u.sockets {
		u.sockets[c] = max(u.sockets[c], c.Overflow())
		lost += u.sockets[c]
	}
	st.PacketsDropped[dropOverflow] = lost
}
