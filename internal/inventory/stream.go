// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package inventory

import "time"

// Streams are those of a client as it has told last: the gateway cannot see
// them.
type Streams struct {
	Items      []Stream  `json:"items" nullable:"false" doc:"The busiest, at most 200."`
	Total      int       `json:"total" doc:"How many it has."`
	ReportedAt time.Time `json:"reported_at,omitzero" doc:"Absent: it has told nothing."`
}

// Stream is one connection of an application, as one of its ends sees it.
type Stream struct {
	ID             string    `json:"id"`
	Role           string    `json:"role" enum:"provider,visitor" doc:"Which end the client is."`
	Peer           string    `json:"peer" doc:"The client at the other end; owner/name for another account's."`
	Service        string    `json:"service"`
	Path           string    `json:"path" doc:"What carries it, such as relay or websocket. Empty: nothing now; it waits to be resumed."`
	BegunAt        time.Time `json:"begun_at"`
	BytesIn        uint64    `json:"bytes_in" doc:"Received by the client."`
	BytesOut       uint64    `json:"bytes_out" doc:"Sent by the client."`
	Unacknowledged uint64    `json:"unacknowledged" doc:"Bytes sent that the other end has not confirmed."`
	Resumptions    uint64    `json:"resumptions" doc:"How often it went on after a fault."`
	LastFault      string    `json:"last_fault,omitempty"`
	FaultAt        time.Time `json:"fault_at,omitzero"`
	Latency        float64   `json:"latency,omitempty" doc:"Milliseconds of a round trip to the other end; absent while unknown."`
	Leg            float64   `json:"leg,omitempty" doc:"The part of it between the client and the relay."`
}
