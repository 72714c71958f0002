// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package hub

import (
	"net/netip"
	"time"
)

// ID names an endpoint: 128 random bits in 22 base64url characters. Whoever
// knows it may connect, so it is a secret of the endpoint's owner.
type ID string

// Limits bound what the clients of one endpoint may do. A zero field means the
// documented default for MaxMessageSize and MaxConnections, and "no limit" for
// the rates.
type Limits struct {
	// MaxMessageSize is the largest message in bytes, after inflation.
	// Larger ones close their sender with 1009. Default: 1 MiB.
	MaxMessageSize int64
	// MaxConnections is the number of connections an endpoint holds at once;
	// a further one is answered 503 before the upgrade. Default: 10,000.
	MaxConnections int
	// MessagesPerSecond and BytesPerSecond bound what one connection sends,
	// with a burst of one second's worth. Over it, the connection is closed
	// with 1008. Default: no limit.
	MessagesPerSecond int
	BytesPerSecond    int64
	// EndpointMessagesPerSecond and EndpointBytesPerSecond bound what all
	// connections of one endpoint send together. The connection that goes over
	// it is closed with 1013. Default: no limit.
	EndpointMessagesPerSecond int
	EndpointBytesPerSecond    int64
}

// Settings are what an endpoint's owner chooses for it. Zero limits fall back
// to the hub's.
type Settings struct {
	Limits Limits
	// Compression offers permessage-deflate to clients that ask for it.
	Compression bool
	// Origins, if any, are the only values of the Origin header that may
	// connect, compared exactly ("https://app.example.com"). Requests without
	// an Origin header (programs, not browsers) are not concerned.
	Origins []string
	// KeyHash, unless zero, makes the endpoint private: only requests with the
	// key that it is the hash of (HashKey), or with a ticket, may connect. To
	// all others the endpoint does not exist.
	KeyHash [32]byte
	// Group, if any, is the endpoint's owner's.
	Group *Group
}

// Stats are the counters of one endpoint since the hub learned of it. When no
// message is on its way, Eligible = MessagesOut + Dropped (all reasons) +
// Queued, to the unit; while they flow, the figures are read one after another.
type Stats struct {
	Connections      int    // open now
	TotalConnections uint64 // opened in all
	MessagesIn       uint64 // accepted messages
	BytesIn          uint64 // payload bytes of accepted messages
	Eligible         uint64 // sum over accepted messages of the receivers they were meant for
	MessagesOut      uint64 // delivered: whole frames taken by the kernel
	BytesOut         uint64 // payload bytes of delivered messages
	Queued           uint64 // waiting in the log for some receiver
	Dropped          Drops  // eligible, but never delivered
	LastActive       time.Time
}

// Drops counts undelivered messages by reason.
type Drops struct {
	Slow   uint64 // the receiver fell out of the log and was closed with 1013
	Closed uint64 // the receiver left, or its connection failed, before they reached it
	Kicked uint64 // the hub closed the receiver: shutdown, deletion, ping timeout, a limit
}

// Total is the sum over all reasons.
func (d Drops) Total() uint64 { return d.Slow + d.Closed + d.Kicked }

// EventKind says what an Event reports.
type EventKind uint8

// The kinds of events.
const (
	Connected EventKind = iota + 1
	Disconnected
)

// Event is a line of the connection log.
type Event struct {
	Kind     EventKind
	Time     time.Time
	Endpoint ID
	Conn     uint64     // unique within the process
	Addr     netip.Addr // of the client, as Caddy's client_ip gives it

	// The rest is set for Disconnected only.
	Code                  int    // close code that ended it; 1006 if none was seen
	Reason                string // in words, such as "closed by client" or "ping timeout"
	Duration              time.Duration
	MessagesIn, BytesIn   uint64
	MessagesOut, BytesOut uint64
	Dropped               uint64
}

// Recorder takes the hub's events. Record is called on the hub's own
// goroutines: it must not block.
type Recorder interface {
	Record(Event)
}
