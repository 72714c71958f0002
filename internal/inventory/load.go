// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package inventory

import "time"

// HistoryQuery asks for roll-ups of one subject.
type HistoryQuery struct {
	// Kind is "endpoint", "service" or "user".
	Kind string
	// Subject is an endpoint's id, or a service as "client/service" of the
	// account Of; a user has none.
	Subject string
	// Of is the account of a service or user; it must be within the scope.
	Of int64
	// Resolution is a minute or an hour.
	Resolution time.Duration
	From, To   time.Time
}

// Point is what happened in one minute or hour.
type Point struct {
	Start       time.Time `json:"start"`
	Connections uint64    `json:"connections" doc:"Opened."`
	Peak        int       `json:"peak" doc:"Most that were open at once."`
	MessagesIn  uint64    `json:"messages_in"`
	MessagesOut uint64    `json:"messages_out"`
	BytesIn     uint64    `json:"bytes_in"`
	BytesOut    uint64    `json:"bytes_out"`
	Dropped     uint64    `json:"dropped"`
}

// Usage is what an account has used of what it may.
type Usage struct {
	Month          string `json:"month" doc:"Such as 2026-11, UTC."`
	Bytes          uint64 `json:"bytes" doc:"Carried this month, over endpoints and tunnels."`
	MonthlyBytes   int64  `json:"monthly_bytes" doc:"How many there may be; 0 is no limit."`
	Warned         bool   `json:"warned" doc:"Whether 80 % are used up."`
	Exceeded       bool   `json:"exceeded" doc:"Whether new connections are refused until the month ends."`
	Endpoints      int    `json:"endpoints"`
	MaxEndpoints   int    `json:"max_endpoints" doc:"How many there may be; 0 is no limit."`
	Clients        int    `json:"clients"`
	MaxClients     int    `json:"max_clients" doc:"How many there may be; 0 is no limit."`
	Connections    int    `json:"connections" doc:"Of all endpoints, open now."`
	MaxConnections int    `json:"max_connections" doc:"How many there may be; 0 is no limit."`
}

// Load is how busy the gateway is.
type Load struct {
	Time        time.Time `json:"time"`
	StartedAt   time.Time `json:"started_at"`
	CPU         float64   `json:"cpu" doc:"Cores that the process kept busy in the last seconds."`
	CPUSeconds  float64   `json:"cpu_seconds" doc:"CPU time since it began."`
	Cores       int       `json:"cores" doc:"How many it may use."`
	Memory      uint64    `json:"memory" doc:"Resident bytes; 0 if unknown."`
	Heap        uint64    `json:"heap" doc:"Bytes of live objects."`
	Goroutines  int       `json:"goroutines"`
	Descriptors int       `json:"descriptors" doc:"Open files and sockets; 0 if unknown."`

	Endpoints   int     `json:"endpoints"`
	Connections int     `json:"connections" doc:"WebSockets at endpoints."`
	Clients     int     `json:"clients" doc:"Tunnel clients that are online."`
	Sessions    int     `json:"sessions"`
	Rates       Rates   `json:"rates" doc:"Of all endpoints together."`
	TunnelBytes float64 `json:"tunnel_bytes" doc:"Bytes a second over all tunnels."`
}

// Live are an account's numbers of this second, for its event stream.
type Live struct {
	Connections int            `json:"connections"`
	Rates       Rates          `json:"rates"`
	Clients     int            `json:"clients" doc:"Online."`
	Sessions    int            `json:"sessions"`
	TunnelBytes float64        `json:"tunnel_bytes"`
	Endpoints   []LiveEndpoint `json:"endpoints" nullable:"false" doc:"At most 100, those with connections first."`
}

// LiveEndpoint is one of Live's.
type LiveEndpoint struct {
	ID          string `json:"id"`
	Connections int    `json:"connections"`
	MessagesIn  uint64 `json:"messages_in"`
	MessagesOut uint64 `json:"messages_out"`
	Dropped     uint64 `json:"dropped"`
	Rates       Rates  `json:"rates"`
}
