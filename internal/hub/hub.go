// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package hub

import (
	"context"
	"net/http"
	"net/netip"
	"time"
)

// Config is what the hub as a whole is told. The zero value works.
type Config struct {
	// Limits hold for endpoints whose settings leave them open.
	Limits Limits
	// LogSize bounds one endpoint's log in bytes; who lags further behind is
	// closed with 1013. Default: 16 MiB.
	LogSize int64
	// Memory bounds all logs and all half-received messages together, in
	// bytes. Default: 256 MiB.
	Memory int64
	// PingInterval is the time between pings to one connection. Default: 25 s.
	PingInterval time.Duration
	// PongTimeout is how long after a written ping a silent connection is
	// taken for dead. Default: 10 s.
	PongTimeout time.Duration
	// CloseTimeout bounds the closing handshake, after which the connection is
	// reset. Default: 5 s.
	CloseTimeout time.Duration
	// DescriptorReserve is how many file descriptors stay free for everything
	// that is not a connection of the hub; beyond it upgrades are answered
	// 503. Default: a sixteenth of the process's limit, at least 64.
	DescriptorReserve int
	// Recorder, if any, takes connection events.
	Recorder Recorder
}

// Closing says how Close and Remove part from connections.
type Closing struct {
	// Code is the close code, such as 1012.
	Code int
	// Reason is at most 80 bytes of text.
	Reason string
	// Spread, if not zero, appends "; retry-after=S" to each reason, S being
	// seconds uniform in [0, Spread), so that clients do not return at once.
	Spread time.Duration
}

// Hub is the registry of endpoints and everything that runs for them.
type Hub struct{}

// New starts a hub; Close ends it.
func New(cfg Config) *Hub { panic("under construction") }

// Configure puts a new config in force, for live connections too.
func (h *Hub) Configure(cfg Config) {}

// Set adds an endpoint or changes the settings of one that is known.
func (h *Hub) Set(id ID, s Settings) {}

// Remove forgets an endpoint and closes its connections as c says. It reports
// whether the endpoint was known.
func (h *Hub) Remove(id ID, c Closing) bool { return false }

// Stats returns the counters of one endpoint; false if it is unknown.
func (h *Hub) Stats(id ID) (Stats, bool) { return Stats{}, false }

// Each calls f for every endpoint until f returns false.
func (h *Hub) Each(f func(ID, Stats) bool) {}

// Serve upgrades the request and relays its connection until it ends; it
// returns as soon as the connection is the hub's. Refusals are answered as
// JSON before the upgrade. addr is the client's address for the log. w must
// implement http.Hijacker.
func (h *Hub) Serve(w http.ResponseWriter, r *http.Request, id ID, addr netip.Addr) {}

// Close refuses new connections, closes all as c says, waits for their closing
// handshakes until ctx ends, resets the rest, and returns when nothing of the
// hub runs any more.
func (h *Hub) Close(ctx context.Context, c Closing) error { return nil }
