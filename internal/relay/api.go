// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package relay

import (
	"time"

	"github.com/culvertd/culvert/internal/wire"
)

// Limits hold for each session and channel from the moment they are set; zero
// is none.
type Limits struct {
	// IdleTimeout ends a channel, a UDP flow, and a session without channels
	// over which nothing has moved for so long (session_timeout).
	IdleTimeout time.Duration
	// MaxBytesPerSession counts both directions of all channels and flows
	// (max_bytes_per_session).
	MaxBytesPerSession int64
	// MaxChannelsPerSession counts open TCP channels (max_channels_per_session).
	MaxChannelsPerSession int
	// SessionRate and ClientRate are in bytes a second, both directions
	// together, with a burst of one second's worth (session_rate, client_rate).
	// A session counts for both its clients.
	SessionRate, ClientRate int64
	// MaxDescriptors is how many sockets channels may hold together. Over it
	// parked channels are dropped first, and then new ones refused.
	MaxDescriptors int
}

// Events are what the relay has to tell. They are called without locks held,
// possibly from several goroutines at once, and must not block.
type Events interface {
	// ChannelsWanted asks for n more parked channels of c.
	ChannelsWanted(c *Client, n int)
	// SessionEnded says that a limit has ended s, or that it was idle for too
	// long; code is one of wire's, reason a sentence for its two users. Called
	// once; the session's channels are reset already.
	SessionEnded(s *Session, code, reason string)
}

// SessionSpec describes a session to be.
type SessionSpec struct {
	ID        string
	Service   string // the service's id
	Transport string // wire.TCP or wire.UDP
	Mode      string // for the go line; the bytes are moved alike
	Provider  *Client
	Visitor   *Client // for its rate only; channels prove Key
	Key       wire.Key
}

// SessionStats are live and exact.
type SessionStats struct {
	Up, Down uint64 // bytes from the visitor, to the visitor
	Channels int    // open now
	Opened   uint64 // channels and UDP flows ever
	// LastActive is when a byte moved last, to a second.
	LastActive time.Time
}

// Stats are the relay's totals since it began.
type Stats struct {
	Pending, Parked, Warm, Linked int    // TCP channels now, by state
	Opened                        uint64 // channels paired
	BytesUp, BytesDown            uint64
	// Refused counts refusals by the codes of wire; Junk connections that
	// sent no line or no good one in time.
	Refused map[string]uint64
	Junk    uint64
	Shed    uint64 // dropped for lack of descriptors
	// UDP: packets and bytes forwarded, and drops by reason.
	Packets, PacketBytes uint64
	PacketsDropped       map[string]uint64
}
