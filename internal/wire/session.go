// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package wire

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
