// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/url"
	"time"

	"go.uber.org/zap"

	"github.com/culvertd/culvert/internal/identity"
	"github.com/culvertd/culvert/internal/wire"
)

// Config of a client. Server and Token are required.
type Config struct {
	// Server is the gateway's URL: ws, wss, http or https. A missing path
	// means /tunnel.
	Server *url.URL
	// Token is the client token. It is sent as a bearer and never logged.
	Token string
	// ClientID is the name to sign in with; empty asks the gateway for one,
	// which is the token's own name if it has one.
	ClientID string
	Services []wire.Service
	// NoReconnect makes Run return as soon as the gateway cannot be reached
	// or the connection is lost.
	NoReconnect bool
	// ReconnectInterval is the first delay before another try; later ones
	// grow, with jitter, to at most 15 s. Default: 500 ms.
	ReconnectInterval time.Duration
	// Transport forces the way of channels. Default: Auto.
	Transport Transport
	// Warm and Parked bound the channels that are made to be ready, for each
	// session and for the client. Encrypted ones come back after use: of those
	// up to twice the most are kept for a minute. Defaults: 2 to 64 each.
	MinWarm, MaxWarm     int
	MinParked, MaxParked int

	// Dial opens connections to the gateway, relay and services; default: a
	// net.Dialer's. Proxy is asked for the gateway and the relay; default:
	// HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY.
	Dial    func(ctx context.Context, network, addr string) (net.Conn, error)
	ownDial bool // Dial is the caller's
	Proxy   func(*http.Request) (*url.URL, error)
	// Within is the relay, for a client in the process of the gateway. It keeps
	// no channels without encryption ready.
	Within Within
	// TLS is for wss and https; nil is the system's roots.
	TLS *tls.Config
	// Key is what this end proves to the others. Without one it knows no
	// encryption, and uses and offers only what others agree to carry without.
	Key *identity.Key
	// Known remembers the others' keys; nil: whatever key the gateway names.
	Known *identity.Known
	// Window is how long a stream waits for a new channel when it has lost its
	// own; then it is reset. Default: 2 min; at most 24 h.
	Window time.Duration
	// UDPIdle is how long a UDP flow may be silent before it ends. Default:
	// 60 s.
	UDPIdle time.Duration
	// DrainTimeout is how long Run waits for open connections when its context
	// has ended; then it resets them. Default: 10 s; negative does not wait.
	DrainTimeout time.Duration
	// Logger is for what a user should know: info for the course of things,
	// warn for what fails and is tried again. Default: none.
	Logger *zap.Logger
}

// Transport is the way of channels.
type Transport string

// The transports.
const (
	Auto      Transport = "auto"      // the relay port; WebSocket where that cannot be reached within 3 s
	Relay     Transport = "relay"     // the relay port or nothing
	WebSocket Transport = "websocket" // through the gateway's HTTPS port
)

// ForwardSpec is a local listener for a service of another client.
type ForwardSpec struct {
	Target  string // the provider's name
	Service string
	// Local is where to listen: a port (on 127.0.0.1), host:port, or the path
	// of a unix socket (with a slash in it; TCP services only). Port 0 takes
	// any free one.
	Local string
	// Encryption is wire.EncryptionNone for channels without TLS, if the
	// provider's service says so too; empty: only encrypted.
	Encryption string
	// PeerKey is the fingerprint that the provider's key must have. Empty: the
	// one that is known, or that of the first contact.
	PeerKey string
}

// States of the client and of a forward.
const (
	StateConnecting = "connecting"
	StateOnline     = "online"
	StateStopped    = "stopped"
	StateFailed     = "failed" // of a forward that is tried again
)

// Status is a client's state at a moment.
type Status struct {
	Server    string    `json:"server"`
	ClientID  string    `json:"clientId"`
	State     string    `json:"state"`
	Since     time.Time `json:"since"`
	Transport Transport `json:"transport,omitempty"` // in use
	Relay     string    `json:"relay,omitempty"`     // its address
	LastError string    `json:"lastError,omitempty"` // while not online
	// Dropped counts visitors' and services' datagrams that could not be
	// passed on here, since the client began.
	Dropped uint64 `json:"dropped,omitempty"`
	// Fingerprint is of this end's key; empty if it has none.
	Fingerprint string            `json:"fingerprint,omitempty"`
	Services    []ServiceStatus   `json:"services"`
	Forwards    []ForwardStatus   `json:"forwards"`
	Streams     []wire.StreamInfo `json:"streams"` // open ones
}

// ServiceStatus is what one offered service has carried.
type ServiceStatus struct {
	wire.Service
	Sessions    int    `json:"sessions"`    // now
	Connections int    `json:"connections"` // or UDP flows, now
	Total       uint64 `json:"total"`       // connections ever
	BytesIn     uint64 `json:"bytesIn"`     // from visitors
	BytesOut    uint64 `json:"bytesOut"`
	LastError   string `json:"lastError,omitempty"` // of dialing the service
	// URL is where the public reaches it; PublishError is why there is none, if
	// the service wants one.
	URL          string `json:"url,omitempty"`
	PublishError string `json:"publishError,omitempty"`
}

// ForwardStatus is what one forward has carried.
type ForwardStatus struct {
	Target      string `json:"target"`
	Service     string `json:"service"`
	Local       string `json:"local"` // where it listens
	Protocol    string `json:"protocol,omitempty"`
	State       string `json:"state"`
	LastError   string `json:"lastError,omitempty"`
	Connections int    `json:"connections"`
	Total       uint64 `json:"total"`
	BytesIn     uint64 `json:"bytesIn"` // from the provider
	BytesOut    uint64 `json:"bytesOut"`
	// Of a UDP service: whether packets go by UDP now, or all through channels;
	// and the applications' datagrams that were dropped here.
	UDP     bool   `json:"udp,omitempty"`
	Dropped uint64 `json:"dropped,omitempty"`
	// Encryption is "tls" or "none"; empty while there is no session.
	// PeerFingerprint is of the key that the other end has proven.
	Encryption      string `json:"encryption,omitempty"`
	PeerFingerprint string `json:"peerFingerprint,omitempty"`
}

// Kind sorts errors by what a script can do about them; tunnelclient makes its
// exit codes of them.
type Kind int

// The kinds.
const (
	Refused       Kind = 1 + iota // token unknown, or the gateway says no
	NameTaken                     // somebody else's name, or taken over
	Unreachable                   // no gateway there
	TargetRefused                 // the other client or its service is not there or refuses
	LocalFailed                   // cannot listen
	PeerChanged                   // the other end's key is not the one that is known
)

// Error is a failure that trying again would not mend.
type Error struct {
	Kind Kind
	Code string // wire's, if the gateway said it
	Err  error
}

// Error implements error.
func (e *Error) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }
