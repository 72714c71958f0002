// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package control

import (
	"context"
	"strings"
	"time"
)

// Service is everything that commands can ask for.
type Service interface {
	Endpoints
	Clients
	Accounts
	Keeper
}

// Clients is everything that can be done with tunnel clients and their tokens.
type Clients interface {
	// CreateClientToken makes a token for owner, as CreateEndpoint does; client,
	// if not empty, is the only name that it is good for.
	CreateClientToken(ctx context.Context, owner, client string) (NewClientToken, error)
	// ClientTokens returns those in force, oldest first.
	ClientTokens(ctx context.Context) ([]ClientToken, error)
	// RevokeClientToken parts from the clients that use it too.
	RevokeClientToken(ctx context.Context, id string) error
	// ForgetClientKey has the next key that a client comes with be its own.
	// client is its name, or owner/name.
	ForgetClientKey(ctx context.Context, client string) error
	// Clients returns all that are known, by name.
	Clients(ctx context.Context) ([]TunnelClient, error)
}

// ValidTokenID reports whether id could be a client token's: 10 characters of
// base32 in lower case.
func ValidTokenID(id string) bool {
	return len(id) == 10 && strings.Trim(id, "abcdefghijklmnopqrstuvwxyz234567") == ""
}

// ClientToken is a token without itself, which nobody can find out any more.
type ClientToken struct {
	ID         string    `json:"id"`
	Owner      string    `json:"owner,omitempty"` // a user's name; none: the operator
	Client     string    `json:"client,omitempty"`
	CreatedAt  time.Time `json:"created_at"`
	LastUsedAt time.Time `json:"last_used_at,omitzero"`
}

// NewClientToken is a token at the only moment that it can be seen.
type NewClientToken struct {
	ClientToken
	Token string `json:"token"`
}

// TunnelClient is a client that is there, or was.
type TunnelClient struct {
	Name         string          `json:"name"`
	Status       string          `json:"status"` // "online" or "offline"
	TokenID      string          `json:"token_id"`
	Fingerprint  string          `json:"fingerprint,omitempty"` // of the key that the name is bound to
	Services     []TunnelService `json:"services"`
	Sessions     []TunnelSession `json:"sessions"`
	Parked       int             `json:"parked"` // channels that wait for visitors
	RegisteredAt time.Time       `json:"registered_at"`
	LastSeenAt   time.Time       `json:"last_seen_at,omitzero"`
}

// TunnelService is what a client offers, as it says.
type TunnelService struct {
	ID          string `json:"id"`
	Protocol    string `json:"protocol"`
	LocalHost   string `json:"local_host,omitempty"`
	LocalPort   int    `json:"local_port,omitempty"`
	Description string `json:"description,omitempty"`
	Encryption  string `json:"encryption,omitempty"` // "none": visitors may go without
}

// TunnelSession is a session that exists, as one of its ends sees it.
type TunnelSession struct {
	ID        string    `json:"id"`
	Role      string    `json:"role"` // "provider" or "visitor"
	Peer      string    `json:"peer"`
	Service   string    `json:"service"`
	Status    string    `json:"status"` // "connecting" or "connected"
	CreatedAt time.Time `json:"created_at"`
	Channels  int       `json:"channels"`
	// From the visitor, to the visitor, and both.
	BytesUp          uint64 `json:"bytes_up"`
	BytesDown        uint64 `json:"bytes_down"`
	BytesTransferred uint64 `json:"bytes_transferred"`
}

// NoClient is the error for a name that no client has.
func NoClient(name string) *Error {
	return &Error{
		Code:    CodeNotFound,
		Message: "there is no client " + quote(name) + "; `culvert client list` shows all, others' as owner/name",
	}
}

// NoKey is the error for a client whose next key will be its own anyway.
func NoKey(name string) *Error {
	return &Error{Code: CodeNotFound, Message: "no key of the client " + quote(name) + " is remembered"}
}

// NoToken is the error for an id that no token in force has.
func NoToken(id string) *Error {
	return &Error{
		Code:    CodeNotFound,
		Message: "no client token has the id " + quote(id) + "; `culvert client token list` shows those in force",
	}
}
