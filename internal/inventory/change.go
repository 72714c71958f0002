// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package inventory

import "time"

// ChangeKind says what a Change is about.
type ChangeKind string

// The kinds of changes.
const (
	EndpointCreated ChangeKind = "endpoint_created"
	EndpointChanged ChangeKind = "endpoint_changed"
	EndpointDeleted ChangeKind = "endpoint_deleted"
	ClientOnline    ChangeKind = "client_online"
	ClientOffline   ChangeKind = "client_offline"
	SessionBegun    ChangeKind = "session_begun"
	SessionEnded    ChangeKind = "session_ended"
	GrantsChanged   ChangeKind = "grants_changed"
	UserChanged     ChangeKind = "user_changed"
	QuotaWarning    ChangeKind = "quota_warning"
	QuotaExceeded   ChangeKind = "quota_exceeded"
	// Missed is sent to a subscriber that asks for more than is remembered: it
	// should fetch everything anew.
	Missed ChangeKind = "missed"
)

// Change is something that has happened, small enough to be remembered by the
// thousand: it names what to fetch anew, and does not hold it.
type Change struct {
	// ID is where to resume from. It holds no line break, and differs between
	// two runs of the gateway.
	ID   string     `json:"-"`
	Kind ChangeKind `json:"kind" enum:"endpoint_created,endpoint_changed,endpoint_deleted,client_online,client_offline,session_begun,session_ended,grants_changed,user_changed,quota_warning,quota_exceeded,missed"`
	Time time.Time  `json:"time"`
	// Users are the accounts that may see it, besides administrators who
	// watch everything.
	Users []int64 `json:"-"`
	// Subject is an endpoint's or session's id, a client's or account's name.
	Subject string `json:"subject,omitempty"`
	// Detail is a reason or the like.
	Detail string `json:"detail,omitempty"`
}
