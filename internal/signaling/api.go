// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package signaling

import (
	"context"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/culvertd/culvert/internal/relay"
	"github.com/culvertd/culvert/internal/wire"
)

// Defaults of Config.
const (
	DefaultHeartbeatInterval     = 15 * time.Second
	DefaultHeartbeatTimeout      = 45 * time.Second
	DefaultMaxSessions           = 10_000
	DefaultMaxSessionsPerClient  = 256
	DefaultMaxClientsPerAccount  = 20
	DefaultMaxSessionsPerAccount = 1000
	DefaultMaxPortsPerAccount    = 10
)

// Config is what a reload can change; it holds for those who are there too.
type Config struct {
	// HeartbeatInterval is how often clients are told to show that they live,
	// HeartbeatTimeout how long a silent one counts as online.
	HeartbeatInterval, HeartbeatTimeout time.Duration
	// MaxSessions bounds sessions in all, MaxSessionsPerClient those of one
	// client as provider and visitor together.
	MaxSessions, MaxSessionsPerClient int
	// MaxClientsPerAccount bounds the names that an account has at once,
	// MaxSessionsPerAccount the sessions of its clients, as visitors and
	// providers together. The operator's account has no such limits.
	MaxClientsPerAccount, MaxSessionsPerAccount int
	// Limits, if not nil, returns what an account has in place of these two.
	// Quota, if not nil, is asked for both accounts of each new session; its
	// error refuses the session and is told to the visitor. Both are called
	// with the server's lock held: they must not block, nor call the server.
	Limits func(account int64) AccountLimits
	Quota  func(account int64) error
	// Relay holds the limits of sessions and channels.
	Relay relay.Limits

	// PublicSite is the URL of published names, with a * in place of the label;
	// empty: there is no site for them.
	PublicSite string
	// DomainSite is the URL of what is published under domains of others, with a
	// * in place of the domain; empty: there is no site for them. DomainProof, if
	// not nil, returns the DNS record by which an account shows that a domain is
	// its own.
	DomainSite  string
	DomainProof func(account int64, domain string) (record, value string)
	// TCPPorts and UDPPorts are those that services may have in public. PublicHost
	// is in the URLs of ports. Default: the host that the client used for signaling.
	// MaxPortsPerAccount bounds those of one account, the operator's excepted, of
	// both protocols together.
	TCPPorts, UDPPorts PortRange
	PublicHost         string
	MaxPortsPerAccount int
	// GatewayKey is told to providers as the one by which the gateway's own
	// client proves itself; nil if it has none.
	GatewayKey *wire.PublicKey

	// RelayPort is the port that the relay listens on; 0 if it has none.
	RelayPort int
	// AdvertiseHost and AdvertisePort are where clients reach it. Defaults:
	// the host that the client used for signaling, and RelayPort.
	AdvertiseHost string
	AdvertisePort int
}

func (c Config) withDefaults() *Config {
	if c.HeartbeatInterval == 0 {
		c.HeartbeatInterval = DefaultHeartbeatInterval
	}
	if c.HeartbeatTimeout == 0 {
		c.HeartbeatTimeout = DefaultHeartbeatTimeout
	}
	if c.MaxSessions == 0 {
		c.MaxSessions = DefaultMaxSessions
	}
	if c.MaxSessionsPerClient == 0 {
		c.MaxSessionsPerClient = DefaultMaxSessionsPerClient
	}
	if c.MaxClientsPerAccount == 0 {
		c.MaxClientsPerAccount = DefaultMaxClientsPerAccount
	}
	if c.MaxSessionsPerAccount == 0 {
		c.MaxSessionsPerAccount = DefaultMaxSessionsPerAccount
	}
	if c.MaxPortsPerAccount == 0 {
		c.MaxPortsPerAccount = DefaultMaxPortsPerAccount
	}
	return &c
}

// PortRange is a range of ports, both ends included. The zero value is none.
type PortRange struct{ Low, High int }

func (r PortRange) has(n int) bool { return r.Low != 0 && r.Low <= n && n <= r.High }

// AccountLimits are those of one account: 0 is the default, -1 none.
type AccountLimits struct{ Clients, Sessions int }

// Closing says how Close parts from clients.
type Closing struct {
	Code   int    // such as 1012
	Reason string // at most 80 bytes
	// Spread, if not zero, appends "; retry-after=S" to each reason, S being
	// seconds uniform in [0, Spread), so that clients do not return at once.
	Spread time.Duration
}

// text returns the reason for one client.
func (c Closing) text() string {
	if c.Spread <= 0 {
		return c.Reason
	}
	tenths := rand.Int64N(max(int64(c.Spread/(100*time.Millisecond)), 1)) //nolint:gosec // it is to be spread, not secret
	return fmt.Sprintf("%s; retry-after=%d.%d", c.Reason, tenths/10, tenths%10)
}

// Store keeps what outlives the process. Its methods are not called while a
// client waits.
type Store interface {
	// Tokens returns those that are in force.
	Tokens(ctx context.Context) ([]Token, error)
	// Clients returns those whose token is in force.
	Clients(ctx context.Context) ([]Client, error)
	// Write keeps all of b or nothing. Clients of a token that has been
	// revoked meanwhile are left out.
	Write(ctx context.Context, b Batch) error
}

// Token is the leave to sign in.
type Token struct {
	ID   string
	Hash [sha256.Size]byte
	// Client, if not empty, is the only name that the token is good for.
	Client   string
	Account  Account
	LastUsed time.Time
}

// Client is a name and who holds it, as it is kept.
type Client struct {
	Account      Account // its token's, in which the name is unique
	Name         string
	TokenID      string
	Services     []wire.Service
	PublicKey    *wire.PublicKey // nil: none is known
	RegisteredAt time.Time
	LastSeen     time.Time
}

// Batch is what has happened since the last one.
type Batch struct {
	Clients  []Client             // new or changed
	Used     map[string]time.Time // last use of tokens, by id
	Sessions []SessionRecord
}

// SessionRecord is a session that has ended.
type SessionRecord struct {
	ID, Visitor, Provider, Service  string
	VisitorAccount, ProviderAccount Account
	Created, Ended                  time.Time
	Up, Down                        uint64 // bytes from the visitor, to the visitor
	Reason                          string
}

// The states of a session.
const (
	Connecting = "connecting" // nothing has been carried yet
	Connected  = "connected"
)

// SessionInfo describes a session that exists.
type SessionInfo struct {
	ID, Visitor, Provider           string
	VisitorAccount, ProviderAccount Account
	Service                         wire.Service
	Status                          string
	Mode                            string // one of wire's
	CreatedAt                       time.Time
	relay.SessionStats
}

// ClientInfo describes a client that is there, or was.
type ClientInfo struct {
	Client
	Online   bool
	Addr     netip.Addr // while it is online
	Parked   int        // channels that wait
	Sessions int
	In, Out  uint64 // bytes to it and from it since the server began
	// URLs are those under which the public reaches its services, by their ids.
	URLs map[string]string
}

// Stats are the figures of the server; the sums are those since it began.
type Stats struct {
	Connections int // signaling connections, registered or not
	Online      int // clients
	Known       int // clients, offline ones included
	Sessions    int
	Requests    int // that wait for their provider

	TotalSessions uint64
	Unauthorized  uint64 // requests with a wrong token, or none
	Takeovers     uint64 // of a name that was online, by another process
	Alarms        uint64 // names that were taken over too often
	Refused       map[string]uint64
	LogLost       uint64 // lines of the session log that were not written
}
