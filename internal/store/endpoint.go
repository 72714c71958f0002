// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"encoding/json"
	"fmt"
	"time"
)

// Endpoint is a broadcast endpoint as it is kept.
type Endpoint struct {
	// ID is the 22 characters of the endpoint's URL.
	ID string `json:"id"`
	// UserID is whose it is; 0 is nobody's, made on the command line.
	UserID int64  `json:"user_id,omitempty"`
	Name   string `json:"name,omitempty"`
	// CreatedAt defaults to now.
	CreatedAt time.Time `json:"created_at"`
	// LastActiveAt is zero for an endpoint that nobody has used.
	LastActiveAt time.Time        `json:"last_active_at,omitzero"`
	Settings     EndpointSettings `json:"settings"`
	Stats        EndpointStats    `json:"stats"`
	// Private endpoints want a key; KeyHash is its SHA-256, or nil.
	Private bool   `json:"private,omitempty"`
	KeyHash []byte `json:"-"`
	// Version grows with each change of the name, the settings or the key.
	Version int64 `json:"version,omitempty"`
}

// EndpointSettings are what an endpoint's owner chooses for it. A zero field
// means the gateway's default; none may be negative.
type EndpointSettings struct {
	// Compression offers permessage-deflate.
	Compression bool `json:"compression,omitempty"`
	// Origins, if any, are the only values of the Origin header that may connect.
	Origins []string `json:"origins,omitempty"`
	// MaxMessageSize is in bytes.
	MaxMessageSize int64 `json:"max_message_size,omitempty"`
	// MaxConnections is how many may be open at once.
	MaxConnections int `json:"max_connections,omitempty"`
	// MessagesPerSecond and BytesPerSecond bound what one connection sends.
	MessagesPerSecond int   `json:"messages_per_second,omitempty"`
	BytesPerSecond    int64 `json:"bytes_per_second,omitempty"`
	// EndpointMessagesPerSecond and EndpointBytesPerSecond bound what all of
	// them send together.
	EndpointMessagesPerSecond int   `json:"endpoint_messages_per_second,omitempty"`
	EndpointBytesPerSecond    int64 `json:"endpoint_bytes_per_second,omitempty"`
}

// EndpointStats are the counters of an endpoint since its creation.
type EndpointStats struct {
	TotalConnections uint64 `json:"total_connections"` // opened in all
	MessagesIn       uint64 `json:"messages_in"`       // accepted from clients
	BytesIn          uint64 `json:"bytes_in"`          // their payload
	MessagesOut      uint64 `json:"messages_out"`      // delivered to clients
	BytesOut         uint64 `json:"bytes_out"`         // their payload
	// Messages meant for a client that never got them: it was too slow, it
	// left, or the gateway closed it.
	DroppedSlow   uint64 `json:"dropped_slow"`
	DroppedClosed uint64 `json:"dropped_closed"`
	DroppedKicked uint64 `json:"dropped_kicked"`
}

// endpointRow is an endpoint with the number of its row, which orders those of
// the same millisecond.
type endpointRow struct {
	Endpoint
	row int64
}

func (r *endpointRow) cursor() string { return pairCursor(millis(r.CreatedAt), r.row) }

// scanEndpointRow reads a row of selectEndpoints.
func scanEndpointRow(row scanner) (endpointRow, error) {
	var (
		e                   endpointRow
		created, lastActive int64
		origins             string
		set, st             = &e.Settings, &e.Stats
	)
	err := row.Scan(&e.row, &e.ID, &e.UserID, &e.Name, &created, &lastActive, &set.Compression, &origins,
		&set.MaxMessageSize, &set.MaxConnections, &set.MessagesPerSecond, &set.BytesPerSecond,
		&set.EndpointMessagesPerSecond, &set.EndpointBytesPerSecond,
		&e.Private, &e.KeyHash, &e.Version,
		&st.TotalConnections, &st.MessagesIn, &st.BytesIn, &st.MessagesOut, &st.BytesOut,
		&st.DroppedSlow, &st.DroppedClosed, &st.DroppedKicked)
	if err != nil {
		return endpointRow{}, err
	}
	e.CreatedAt, e.LastActiveAt = fromMillis(created), fromMillis(lastActive)
	if set.Origins, err = unmarshalOrigins(origins); err != nil {
		return endpointRow{}, fmt.Errorf("origins of %q: %w", e.ID, err)
	}
	return e, nil
}

func scanEndpoint(row scanner) (Endpoint, error) {
	r, err := scanEndpointRow(row)
	return r.Endpoint, err
}

// marshalOrigins gives the JSON array that is kept: [] for none, never null.
func marshalOrigins(origins []string) (string, error) {
	if len(origins) == 0 {
		return "[]", nil
	}
	b, err := json.Marshal(origins)
	return string(b), err
}

// unmarshalOrigins is the reverse; none is nil.
func unmarshalOrigins(s string) ([]string, error) {
	var origins []string
	if err := json.Unmarshal([]byte(s), &origins); err != nil || len(origins) == 0 {
		return nil, err
	}
	return origins, nil
}
