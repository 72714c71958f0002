// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package control

import (
	"context"
	"strings"
	"time"
)

// Endpoints is everything that can be done with broadcast endpoints. Errors
// that a caller may act on are of type *Error.
type Endpoints interface {
	// CreateEndpoint makes one for the user who has the name or e-mail owner;
	// if that is empty, for the first administrator, or the operator while
	// there is none.
	CreateEndpoint(ctx context.Context, owner, name string, s Settings) (Endpoint, error)
	// Endpoints returns all, oldest first.
	Endpoints(ctx context.Context) ([]Endpoint, error)
	// UpdateEndpoint changes what c names and leaves the rest.
	UpdateEndpoint(ctx context.Context, id string, c Changes) (Endpoint, error)
	// DeleteEndpoint closes its connections too.
	DeleteEndpoint(ctx context.Context, id string) error
	// ConnectionLog returns the newest lines first, at most limit.
	ConnectionLog(ctx context.Context, id string, limit int) ([]LogLine, error)
}

// MaxLogLines bounds what ConnectionLog returns at once.
const MaxLogLines = 10_000

// ValidID reports whether id could be an endpoint's: 22 base64url characters.
func ValidID(id string) bool {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return len(id) == 22 && strings.Trim(id, alphabet) == ""
}

// Endpoint is one broadcast channel.
type Endpoint struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Owner string `json:"owner,omitempty"` // a user's name; none: the operator
	// URL is what clients connect to, as far as the configured site tells.
	URL          string    `json:"url"`
	CreatedAt    time.Time `json:"created_at"`
	LastActiveAt time.Time `json:"last_active_at,omitzero"`
	Settings     Settings  `json:"settings"`
	Stats        Stats     `json:"stats"`
}

// Settings are an endpoint's own; zero means what the gateway's config says.
type Settings struct {
	Compression               bool     `json:"compression"`
	Origins                   []string `json:"origins,omitempty"`
	MaxMessageSize            int64    `json:"max_message_size,omitempty"`
	MaxConnections            int      `json:"max_connections,omitempty"`
	MessagesPerSecond         int      `json:"messages_per_second,omitempty"`
	BytesPerSecond            int64    `json:"bytes_per_second,omitempty"`
	EndpointMessagesPerSecond int      `json:"endpoint_messages_per_second,omitempty"`
	EndpointBytesPerSecond    int64    `json:"endpoint_bytes_per_second,omitempty"`
}

// Changes are the fields of an endpoint to replace; nil leaves one as it is.
type Changes struct {
	Name                      *string   `json:"name,omitempty"`
	Compression               *bool     `json:"compression,omitempty"`
	Origins                   *[]string `json:"origins,omitempty"`
	MaxMessageSize            *int64    `json:"max_message_size,omitempty"`
	MaxConnections            *int      `json:"max_connections,omitempty"`
	MessagesPerSecond         *int      `json:"messages_per_second,omitempty"`
	BytesPerSecond            *int64    `json:"bytes_per_second,omitempty"`
	EndpointMessagesPerSecond *int      `json:"endpoint_messages_per_second,omitempty"`
	EndpointBytesPerSecond    *int64    `json:"endpoint_bytes_per_second,omitempty"`
}

// Stats are the counters of an endpoint since it was created.
type Stats struct {
	Connections      int    `json:"connections"` // open now
	TotalConnections uint64 `json:"total_connections"`
	MessagesIn       uint64 `json:"messages_in"`
	BytesIn          uint64 `json:"bytes_in"`
	MessagesOut      uint64 `json:"messages_out"`
	BytesOut         uint64 `json:"bytes_out"`
	Dropped          uint64 `json:"dropped"`
}

// LogLine is one line of the connection log.
type LogLine struct {
	Time time.Time `json:"time"`
	// Event is "connected" or "disconnected".
	Event   string `json:"event"`
	Conn    uint64 `json:"conn"`
	Address string `json:"address"`

	// The rest is set for "disconnected" only.
	Code        int     `json:"code,omitempty"`
	Reason      string  `json:"reason,omitempty"`
	Seconds     float64 `json:"seconds,omitempty"`
	MessagesIn  uint64  `json:"messages_in,omitempty"`
	BytesIn     uint64  `json:"bytes_in,omitempty"`
	MessagesOut uint64  `json:"messages_out,omitempty"`
	BytesOut    uint64  `json:"bytes_out,omitempty"`
	Dropped     uint64  `json:"dropped,omitempty"`
}

// Apply returns s with c's fields in place of its own.
func (c Changes) Apply(s Settings) Settings {
	replace(&s.Compression, c.Compression)
	replace(&s.Origins, c.Origins)
	replace(&s.MaxMessageSize, c.MaxMessageSize)
	replace(&s.MaxConnections, c.MaxConnections)
	replace(&s.MessagesPerSecond, c.MessagesPerSecond)
	replace(&s.BytesPerSecond, c.BytesPerSecond)
	replace(&s.EndpointMessagesPerSecond, c.EndpointMessagesPerSecond)
	replace(&s.EndpointBytesPerSecond, c.EndpointBytesPerSecond)
	return s
}

func replace[T any](old, change *T) {
	if change != nil {
		*old = *change
	}
}
