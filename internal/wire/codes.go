// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package wire

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
	CodeNotPublished    = "not_published"     // the gateway's own visit to a service that its provider does not publish
	CodeNotProven       = "not_proven"        // a domain that is not known to be the account's
)

// Close codes of signaling connections and of channels over WebSocket.
const (
	CloseReset        = 4001 // of a channel: RST (rules R8)
	CloseUnauthorized = 4401 // the token was revoked, or its account disabled
	CloseReplaced     = 4409 // the name was taken over; do not come back
	CloseHeartbeat    = 4408 // no sign of life for too long
	CloseKicked       = 4411 // by a person; the client may come back
)
