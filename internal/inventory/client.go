// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"strconv"
	"time"
)

// Client is a tunnel client that is there, or was.
type Client struct {
	Name         string          `json:"name" doc:"Unique within its account."`
	OwnerID      int64           `json:"owner_id" doc:"The account that it belongs to; 0 is the operator."`
	Owner        string          `json:"owner" doc:"That account's name."`
	Status       string          `json:"status" enum:"online,offline"`
	TokenID      string          `json:"token_id" doc:"The client token that it signed in with."`
	Address      string          `json:"address,omitempty" doc:"Where it is connected from, while online."`
	Services     []ClientService `json:"services" nullable:"false"`
	Fingerprint  string          `json:"fingerprint,omitempty" doc:"Of the key that the name is bound to, as tunnelclient key show writes it. Absent: the client has never come with one."`
	Sessions     int             `json:"sessions" doc:"Those that it has part in now."`
	Parked       int             `json:"parked" doc:"Channels that wait for visitors."`
	BytesIn      uint64          `json:"bytes_in" doc:"Carried to it since the gateway began."`
	BytesOut     uint64          `json:"bytes_out" doc:"Carried from it since the gateway began."`
	RegisteredAt time.Time       `json:"registered_at"`
	LastSeenAt   time.Time       `json:"last_seen_at,omitzero"`
}

// ClientTarget is what the audit log calls a client.
func ClientTarget(owner int64, name string) string {
	return "client/" + strconv.FormatInt(owner, 10) + "/" + name
}

// AuditedKey is what the audit log keeps of a key that was forgotten.
type AuditedKey struct {
	Fingerprint string `json:"fingerprint"`
}

// ClientService is what a client offers, as it says itself.
type ClientService struct {
	ID          string `json:"id"`
	Protocol    string `json:"protocol"`
	LocalHost   string `json:"local_host,omitempty"`
	LocalPort   int    `json:"local_port,omitempty"`
	Description string `json:"description,omitempty"`
	Encryption  string `json:"encryption,omitempty" enum:"none" doc:"none: the client lets visitors go without, if they wish to as well."`
	URL         string `json:"url,omitempty" doc:"Where the public reaches it, if it is published by name."`
}

// Service is one that an account may use: its own, or one it has a grant for.
type Service struct {
	Client      string `json:"client" doc:"The client's name; owner/name for another account's."`
	ID          string `json:"id"`
	Protocol    string `json:"protocol"`
	Description string `json:"description,omitempty"`
	Status      string `json:"status" enum:"online,offline"`
	Owner       string `json:"owner" doc:"The account that offers it."`
	Granted     bool   `json:"granted" doc:"Whether it is another account's."`
}

// Session is one between two clients that exists now.
type Session struct {
	ID            string    `json:"id"`
	Visitor       string    `json:"visitor"`
	VisitorOwner  string    `json:"visitor_owner"`
	Provider      string    `json:"provider"`
	ProviderOwner string    `json:"provider_owner"`
	Service       string    `json:"service"`
	Status        string    `json:"status" enum:"connecting,connected"`
	Mode          string    `json:"mode" enum:"tls,plain" doc:"tls: encrypted between the clients, so that the gateway cannot read it."`
	CreatedAt     time.Time `json:"created_at"`
	Channels      int       `json:"channels"`
	BytesUp       uint64    `json:"bytes_up" doc:"From the visitor."`
	BytesDown     uint64    `json:"bytes_down" doc:"To the visitor."`
}

// PastSession is a line of the log of sessions.
type PastSession struct {
	ID        string    `json:"id"`
	Visitor   string    `json:"visitor"`
	Provider  string    `json:"provider"`
	Service   string    `json:"service"`
	CreatedAt time.Time `json:"created_at"`
	EndedAt   time.Time `json:"ended_at"`
	Bytes     uint64    `json:"bytes"`
	Reason    string    `json:"reason"`
}
