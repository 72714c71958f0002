// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// Signaling: text messages of JSON over the WebSocket /tunnel. Unknown fields
// are ignored, an unknown type is answered with an error. All names and fields
// without a remark are those of the first design; "added" ones are optional,
// so that a program that knows only the former works.
//
//	client → gateway                        gateway → client
//	register                                register_response
//	get_client_list                         client_list
//	connect_request  (visitor)              connect_request  (to the provider)
//	accept_session   (provider)             create_session   (to both)
//	reject_session   (provider)             reject_session   (to the visitor)
//	session_connected (both; added)         session_connected (to the other)
//	session_closed   (both; added)          session_closed
//	heartbeat                               heartbeat (answer)
//	unregister                              channels_wanted  (added)
//	resume_wanted    (provider; added)      resume_wanted    (to the visitor)
//	streams          (added)                error

// Type is the type of a message.
type Type string

// The types.
const (
	TypeRegister         Type = "register"
	TypeRegisterResponse Type = "register_response"
	TypeGetClientList    Type = "get_client_list"
	TypeClientList       Type = "client_list"
	TypeConnectRequest   Type = "connect_request"
	TypeAcceptSession    Type = "accept_session"
	TypeRejectSession    Type = "reject_session"
	TypeCreateSession    Type = "create_session"
	TypeSessionConnected Type = "session_connected"
	TypeSessionClosed    Type = "session_closed"
	TypeHeartbeat        Type = "heartbeat"
	TypeUnregister       Type = "unregister"
	TypeChannelsWanted   Type = "channels_wanted"
	TypeResumeWanted     Type = "resume_wanted"
	TypeStreams          Type = "streams"
	TypeError            Type = "error"
)

// ProtocolVersion is the version of everything in docs/protocol.md.
const ProtocolVersion = 1

// MaxMessage is the largest signaling message in bytes, either way.
const MaxMessage = 256 << 10

// MaxServices is how many services a client can offer.
const MaxServices = 256

// Message is the frame of all messages.
type Message struct {
	Type Type `json:"type"`
	// ID is made by whoever asks and repeated in the answer; added.
	ID      string          `json:"id,omitempty"`
	Payload json.RawMessage `json:"payload,omitempty"`
}

// Encode returns the message as text. payload may be nil.
func Encode(t Type, id string, payload any) ([]byte, error) {
	m := Message{Type: t, ID: id}
	if payload != nil {
		var err error
		if m.Payload, err = json.Marshal(payload); err != nil {
			return nil, fmt.Errorf("encoding %s: %w", t, err)
		}
	}
	b, err := json.Marshal(m)
	if err == nil && len(b) > MaxMessage {
		err = fmt.Errorf("encoding %s: %d bytes, %d are allowed", t, len(b), MaxMessage)
	}
	return b, err
}

// Decode parses the frame of a message; its payload is parsed with Unmarshal.
func Decode(b []byte) (Message, error) {
	var m Message
	if len(b) > MaxMessage {
		return m, fmt.Errorf("message of %d bytes, %d are allowed", len(b), MaxMessage)
	}
	if !utf8.Valid(b) {
		return m, errors.New("message is not UTF-8")
	}
	if err := json.Unmarshal(b, &m); err != nil {
		return Message{}, fmt.Errorf("reading a message: %w", err)
	}
	if m.Type == "" {
		return Message{}, errors.New("message without a type")
	}
	if len(m.ID) > MaxName {
		return Message{}, fmt.Errorf("id of a message is longer than %d bytes", MaxName)
	}
	return m, nil
}

// Unmarshal parses the payload. A message without one gives the zero value.
func (m Message) Unmarshal(to any) error {
	if len(m.Payload) == 0 {
		return nil
	}
	if err := json.Unmarshal(m.Payload, to); err != nil {
		return fmt.Errorf("reading the payload of %s: %w", m.Type, err)
	}
	return nil
}

// The protocols of a service. Anything but udp is carried as TCP.
const (
	ServiceTCP  = "tcp"
	ServiceUDP  = "udp"
	ServiceHTTP = "http"
	ServiceWS   = "ws"
)

// Service is something that a client offers.
type Service struct {
	ID          string `json:"id"`
	Protocol    string `json:"protocol"`
	LocalPort   int    `json:"localPort,omitempty"`
	LocalHost   string `json:"localHost,omitempty"`
	Description string `json:"description,omitempty"`
	// Encryption is EncryptionNone, or empty: only encrypted. Added.
	Encryption string `json:"encryption,omitempty"`
	// Publish lets the gateway itself be a visitor; nil: it may not. Added.
	Publish *Publish `json:"publish,omitempty"`
	// Peers are the fingerprints of the keys that may come; empty: whomever the
	// gateway lets. It is the provider's own business and never sent.
	Peers []string `json:"-"`
}

// EncryptionNone is an end's consent to channels without TLS. The other end has
// to agree.
const EncryptionNone = "none"

// Transport is the channel protocol that carries the service.
func (s Service) Transport() string {
	if s.Protocol == ServiceUDP {
		return UDP
	}
	return TCP
}

// Register asks for a name. It is also how a client changes its services.
type Register struct {
	// ClientID is the wanted name; empty asks for one.
	ClientID string    `json:"clientId"`
	Services []Service `json:"services"`
	// Version is ProtocolVersion; 0 is a client that knows the first design
	// only. Added.
	Version int `json:"version,omitempty"`
	// Instance is random per process. The same instance that comes back keeps
	// its sessions and its key; another one takes the name over. Added.
	Instance string `json:"instance,omitempty"`
	// PublicKey proves the client to its peers; absent: it knows no encryption.
	// The gateway remembers the first for the name and refuses another with
	// CodeKeyChanged, unless Rotation follows from it. Added.
	PublicKey *PublicKey `json:"publicKey,omitempty"`
	Rotation  *Rotation  `json:"rotation,omitempty"`
}

// RegisterResponse answers Register. All after Error is added.
type RegisterResponse struct {
	Success    bool   `json:"success"`
	AssignedID string `json:"assignedId,omitempty"` // the name in force
	Error      string `json:"error,omitempty"`
	Code       string `json:"code,omitempty"` // of the error; see ErrorPayload
	Version    int    `json:"version,omitempty"`
	// Relay is where to park channels; absent without a relay port, then all
	// goes through the WebSocket at Channels.
	Relay *RelayAddr `json:"relay,omitempty"`
	// Channels is the path of the WebSocket for channels on the same site.
	Channels string `json:"channels,omitempty"`
	// Key parks channels and binds UDP addresses for this client.
	Key *Key `json:"key,omitempty"`
	// In milliseconds, as in the first design.
	HeartbeatInterval int64 `json:"heartbeatInterval,omitempty"`
	HeartbeatTimeout  int64 `json:"heartbeatTimeout,omitempty"`
	// Sessions are those that the gateway still has of this instance.
	Sessions []string `json:"sessions,omitempty"`
	// GatewayKey is the one by which the gateway proves itself when it visits
	// what is published; absent: it does not.
	GatewayKey *PublicKey `json:"gatewayKey,omitempty"`
	// Published has an entry for each service whose publish has a host.
	Published []Published `json:"published,omitempty"`
}

// RelayAddr is where a session's data goes.
type RelayAddr struct {
	Host     string `json:"host"`
	Port     int    `json:"port"`
	Protocol string `json:"protocol"` // tcp or udp
}

// The states of a client.
const (
	Online  = "online"
	Offline = "offline"
)

// ClientInfo describes a client. Times are milliseconds since 1970; they and
// all after them are added.
type ClientInfo struct {
	ID            string    `json:"id"`
	Status        string    `json:"status"`
	Services      []Service `json:"services"`
	RegisteredAt  int64     `json:"registeredAt,omitempty"`
	LastHeartbeat int64     `json:"lastHeartbeat,omitempty"`
	// PublicKey is the one that the gateway remembers; absent if there is none.
	PublicKey *PublicKey `json:"publicKey,omitempty"`
}

// ClientList answers get_client_list.
type ClientList struct {
	Clients []ClientInfo `json:"clients"`
	// Omitted is how many more there are that did not fit the message; added.
	Omitted int `json:"omitted,omitempty"`
}

// Heartbeat is answered with the same timestamp.
type Heartbeat struct {
	Timestamp int64 `json:"timestamp"` // milliseconds since 1970
}

// ChannelsWanted asks a provider to park more channels now; added.
type ChannelsWanted struct {
	Count int `json:"count"`
}

// ErrorPayload says what is wrong with a message, or with the connection.
type ErrorPayload struct {
	Code    string         `json:"code"`
	Message string         `json:"message"`
	Details map[string]any `json:"details,omitempty"`
}

// Error implements error.
func (e *ErrorPayload) Error() string { return e.Message }
