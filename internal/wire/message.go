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
//	                                        error

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

// ConnectRequest asks for a session; the gateway passes it to the provider.
type ConnectRequest struct {
	FromClientID string `json:"fromClientId"` // set by the gateway
	ToClientID   string `json:"toClientId"`
	ServiceID    string `json:"serviceId"`
	// SessionID is a label of the visitor's choice; the provider sees the
	// session's real id in its place.
	SessionID string `json:"sessionId"`
	// Encryption is EncryptionNone if the visitor agrees to that. Added.
	Encryption string `json:"encryption,omitempty"`
	// PublicKey is the visitor's, set by the gateway. Added.
	PublicKey *PublicKey `json:"publicKey,omitempty"`
}

// AcceptSession is the provider's consent.
type AcceptSession struct {
	SessionID string `json:"sessionId"`
}

// RejectSession is the provider's refusal, or the gateway's in its name; the
// visitor gets it with the label of its request as SessionID.
type RejectSession struct {
	SessionID string `json:"sessionId"`
	Reason    string `json:"reason,omitempty"`
	Code      string `json:"code,omitempty"` // added
}

// The ends of a session.
const (
	Provider = "provider"
	Visitor  = "visitor"
)

// CreateSession tells both ends that the session exists. All after RelayAddr
// is added.
type CreateSession struct {
	SessionID    string    `json:"sessionId"`
	PeerClientID string    `json:"peerClientId"`
	Service      Service   `json:"service"` // without localHost and localPort for the visitor
	RelayAddr    RelayAddr `json:"relayAddr"`

	Role  string `json:"role,omitempty"`  // Provider or Visitor
	Label string `json:"label,omitempty"` // the visitor's own, for the visitor
	// Key opens channels and binds the UDP address, for the visitor.
	Key *Key `json:"key,omitempty"`
	// Block is the first of the 256 UDP ids of this end, if the service is UDP.
	Block uint32 `json:"block,omitempty"`
	// Mode is ModePlain if both ends have said EncryptionNone, else ModeTLS.
	Mode string `json:"mode,omitempty"`
	// PeerKey is the other end's, if it has one; whether it is the right one is
	// for this end to know.
	PeerKey *PublicKey `json:"peerKey,omitempty"`
}

// SessionConnected says that the sender is ready to carry data.
type SessionConnected struct {
	SessionID string `json:"sessionId"`
}

// SessionClosed ends a session for both. All after SessionID is added.
type SessionClosed struct {
	SessionID string `json:"sessionId"`
	Reason    string `json:"reason,omitempty"`
	Code      string `json:"code,omitempty"`
	// Final is false when the same request may succeed later.
	Final bool `json:"final,omitempty"`
}

// ResumeWanted is a provider's wish, which the gateway passes on to the
// session's visitor, that streams be resumed over new channels, for only
// visitors open them (rules S1). Added.
type ResumeWanted struct {
	SessionID string   `json:"sessionId"`
	Streams   []string `json:"streams"` // at most MaxResumes; ids in hex
}

// MaxResumes bounds one ResumeWanted.
const MaxResumes = 256

// Streams is a client's report on its streams, for whoever watches over the
// gateway, which cannot see them. It replaces the last one. Added.
type Streams struct {
	Streams []StreamInfo `json:"streams"` // at most MaxStreamInfos, the busiest
	Total   int          `json:"total"`
}

// MaxStreamInfos bounds one Streams.
const MaxStreamInfos = 200

// StreamInfo describes a stream at one of its ends. Times are milliseconds.
type StreamInfo struct {
	ID          string `json:"id"`   // in hex
	Role        string `json:"role"` // Provider or Visitor
	Peer        string `json:"peer"`
	Service     string `json:"service"`
	Path        string `json:"path"`  // relay, websocket; empty while it has none
	Begun       int64  `json:"begun"` // since 1970
	BytesIn     uint64 `json:"bytesIn"`
	BytesOut    uint64 `json:"bytesOut"`
	Unacked     uint64 `json:"unacked"` // bytes sent that the other end has not confirmed
	Resumptions uint64 `json:"resumptions,omitempty"`
	LastFault   string `json:"lastFault,omitempty"`
	FaultAt     int64  `json:"faultAt,omitempty"` // since 1970
	// Latency is a round trip to the other end; Leg the part of it to the relay.
	// 0: not known yet.
	Latency float64 `json:"latency,omitempty"`
	Leg     float64 `json:"leg,omitempty"`
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

// Codes of ErrorPayload, RegisterResponse, RejectSession and SessionClosed.
const (
	CodeInvalid         = "invalid_message"
	CodeUnknownType     = "unknown_type"
	CodeNotRegistered   = "not_registered"
	CodeUnauthorized    = "unauthorized"      // token unknown or revoked
	CodeNameTaken       = "name_taken"        // the name is another holder's
	CodeReplaced        = "replaced"          // somebody with the same right took the name over
	CodeClientNotFound  = "client_not_found"  // no such client, or not for this account
	CodeClientOffline   = "client_offline"    // not final: it may come back
	CodeServiceNotFound = "service_not_found" //
	CodeSessionNotFound = "session_not_found" //
	CodeRejected        = "rejected"          // by the provider
	CodeLimit           = "limit_reached"     // the message names the limit, its value and who can change it
	CodeTimeout         = "timeout"           // no answer from the provider, or a session was idle for too long
	CodeEnded           = "ended"             // by the other end
	CodeRestarting      = "restarting"        // the gateway is about to come back
	CodeWithdrawn       = "grant_withdrawn"   // the service's owner does not share it any more
	CodeQuota           = "quota_exceeded"    // an account has used up its traffic of the month
	CodeKeyChanged      = "key_changed"       // another key than the one that is remembered for the name
	CodeNoEncryption    = "no_encryption"     // one end knows no encryption, and the other has not agreed to go without
)

// Close codes of signaling connections and of channels over WebSocket.
const (
	CloseReset        = 4001 // of a channel: RST (rules R8)
	CloseUnauthorized = 4401 // the token was revoked, or its account disabled
	CloseReplaced     = 4409 // the name was taken over; do not come back
	CloseHeartbeat    = 4408 // no sign of life for too long
	CloseKicked       = 4411 // by a person; the client may come back
)
