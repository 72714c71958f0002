// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package inventory

import "time"

// Endpoint is a broadcast channel.
type Endpoint struct {
	ID      string `json:"id" doc:"The 22 characters of the URL. Whoever knows it may connect, unless the endpoint is private."`
	Name    string `json:"name"`
	URL     string `json:"url" doc:"What WebSocket clients connect to."`
	OwnerID int64  `json:"owner_id" doc:"The account that it belongs to; 0 is the operator."`
	Owner   string `json:"owner" doc:"That account's name."`

	CreatedAt    time.Time `json:"created_at"`
	LastActiveAt time.Time `json:"last_active_at,omitzero"`
	RemoveAt     time.Time `json:"remove_at,omitzero" doc:"When it will be removed because nobody uses it. Only set in the last days before."`

	Version  int64            `json:"version" doc:"Grows with each change. The ETag is made of it."`
	Private  bool             `json:"private" doc:"Whether clients need a key or a ticket."`
	Settings EndpointSettings `json:"settings"`
	Stats    EndpointStats    `json:"stats"`
}

// EndpointSettings are an endpoint's own; zero means what the gateway's config
// says.
type EndpointSettings struct {
	Compression               bool     `json:"compression" doc:"Whether permessage-deflate is offered."`
	Origins                   []string `json:"origins" nullable:"false" doc:"If any, the only values of the Origin header that may connect."`
	MaxMessageSize            int64    `json:"max_message_size" doc:"In bytes; 0 is the gateway's default."`
	MaxConnections            int      `json:"max_connections" doc:"At once; 0 is the gateway's default."`
	MessagesPerSecond         int      `json:"messages_per_second" doc:"Of one connection; 0 is the gateway's default."`
	BytesPerSecond            int64    `json:"bytes_per_second" doc:"Of one connection; 0 is the gateway's default."`
	EndpointMessagesPerSecond int      `json:"endpoint_messages_per_second" doc:"Of all connections; 0 is the gateway's default."`
	EndpointBytesPerSecond    int64    `json:"endpoint_bytes_per_second" doc:"Of all connections; 0 is the gateway's default."`
}

// AuditedEndpoint is what the audit log keeps of an endpoint: what people
// decide, and not what it counts.
type AuditedEndpoint struct {
	ID       string           `json:"id"`
	Name     string           `json:"name"`
	Owner    string           `json:"owner"`
	Private  bool             `json:"private"`
	Settings EndpointSettings `json:"settings"`
}

// Audited returns what the audit log keeps of e.
func (e Endpoint) Audited() AuditedEndpoint {
	return AuditedEndpoint{ID: e.ID, Name: e.Name, Owner: e.Owner, Private: e.Private, Settings: e.Settings}
}

// EndpointTarget is what the audit log calls the endpoint of this id.
func EndpointTarget(id string) string { return "endpoint/" + id }

// EndpointChanges are the fields to replace; nil leaves one as it is.
type EndpointChanges struct {
	Name                      *string   `json:"name,omitempty" maxLength:"100"`
	Compression               *bool     `json:"compression,omitempty"`
	Origins                   *[]string `json:"origins,omitempty" maxItems:"100" nullable:"false"`
	MaxMessageSize            *int64    `json:"max_message_size,omitempty" minimum:"0"`
	MaxConnections            *int      `json:"max_connections,omitempty" minimum:"0"`
	MessagesPerSecond         *int      `json:"messages_per_second,omitempty" minimum:"0"`
	BytesPerSecond            *int64    `json:"bytes_per_second,omitempty" minimum:"0"`
	EndpointMessagesPerSecond *int      `json:"endpoint_messages_per_second,omitempty" minimum:"0"`
	EndpointBytesPerSecond    *int64    `json:"endpoint_bytes_per_second,omitempty" minimum:"0"`
}

// EndpointStats are the counters since the endpoint was created, and rates of
// the last seconds.
type EndpointStats struct {
	Connections      int    `json:"connections" doc:"Open now."`
	TotalConnections uint64 `json:"total_connections"`
	MessagesIn       uint64 `json:"messages_in"`
	BytesIn          uint64 `json:"bytes_in"`
	MessagesOut      uint64 `json:"messages_out"`
	BytesOut         uint64 `json:"bytes_out"`
	Dropped          uint64 `json:"dropped"`
	Rates            Rates  `json:"rates"`
}

// Rates are averages over the last seconds.
type Rates struct {
	MessagesIn  float64 `json:"messages_in"`
	MessagesOut float64 `json:"messages_out"`
	BytesIn     float64 `json:"bytes_in"`
	BytesOut    float64 `json:"bytes_out"`
	Dropped     float64 `json:"dropped"`
}

// Connection is one that is open at an endpoint.
type Connection struct {
	ID          uint64    `json:"id"`
	Address     string    `json:"address"`
	Since       time.Time `json:"since"`
	MessagesIn  uint64    `json:"messages_in"`
	BytesIn     uint64    `json:"bytes_in"`
	MessagesOut uint64    `json:"messages_out"`
	BytesOut    uint64    `json:"bytes_out"`
	Lag         uint64    `json:"lag" doc:"Messages that wait for it."`
}

// ConnectionEvent is a line of an endpoint's connection log.
type ConnectionEvent struct {
	Time       time.Time `json:"time"`
	Event      string    `json:"event" enum:"connected,disconnected"`
	Connection uint64    `json:"connection"`
	Address    string    `json:"address"`

	// The rest is set for disconnected only.
	Code        int     `json:"code,omitempty"`
	Reason      string  `json:"reason,omitempty"`
	Seconds     float64 `json:"seconds,omitempty"`
	MessagesIn  uint64  `json:"messages_in,omitempty"`
	BytesIn     uint64  `json:"bytes_in,omitempty"`
	MessagesOut uint64  `json:"messages_out,omitempty"`
	BytesOut    uint64  `json:"bytes_out,omitempty"`
	Dropped     uint64  `json:"dropped,omitempty"`
}

// Apply returns name and s with c's fields in place of their own.
func (c EndpointChanges) Apply(name string, s EndpointSettings) (string, EndpointSettings) {
	replace(&name, c.Name)
	replace(&s.Compression, c.Compression)
	replace(&s.Origins, c.Origins)
	replace(&s.MaxMessageSize, c.MaxMessageSize)
	replace(&s.MaxConnections, c.MaxConnections)
	replace(&s.MessagesPerSecond, c.MessagesPerSecond)
	replace(&s.BytesPerSecond, c.BytesPerSecond)
	replace(&s.EndpointMessagesPerSecond, c.EndpointMessagesPerSecond)
	replace(&s.EndpointBytesPerSecond, c.EndpointBytesPerSecond)
	return name, s
}

func replace[T any](old, change *T) {
	if change != nil {
		*old = *change
	}
}
