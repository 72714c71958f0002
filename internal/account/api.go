// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package account

import (
	"context"
	"encoding/json"
	"net/netip"
	"time"

	"go.uber.org/zap"

	"github.com/culvertd/culvert/internal/auth"
	"github.com/culvertd/culvert/internal/store"
)

// Config is what a Service needs. Only Changed, Logger and Resolver may be nil.
type Config struct {
	Store Store
	Keys  KeyStore
	// Hasher is auth.NewBcrypt(auth.DefaultCost), but in tests.
	Hasher auth.Hasher
	// Issuer and Audience stand in log-ins: one of another gateway is void here.
	Issuer, Audience string
	Logger           func() *zap.Logger
	Resolver         Resolver // for the proof of domains; nil: the system's
	// Changed is called when the store has changed, before the call that did it
	// returns: whoever holds connections open ends what is no longer allowed.
	// It must not call back.
	Changed func(Change)
}

// KeyStore keeps the gateway's own keys. auth.KeyFolder is one; nodes that
// share a database share one of these too.
type KeyStore interface {
	LoadOrCreate(ctx context.Context, name string, create func() ([]byte, error)) ([]byte, error)
}

// ChangeKind says what has changed.
type ChangeKind uint8

// The kinds. UserID is whose it is, in all of them that have an owner.
const (
	UserCreated ChangeKind = iota + 1
	UserDisabled
	UserEnabled
	UserDeleted
	AdminChanged // is an administrator now, or no more
	LimitsChanged
	// LoginsRevoked has the JTI of the only one, or "": any may have ended, so
	// Authenticate has to be asked again.
	LoginsRevoked
	APITokenRevoked    // has TokenID
	ClientTokenCreated // has ClientToken
	ClientTokenRevoked // has TokenID
	GrantGiven         // UserID is the owner
	GrantWithdrawn     // likewise
	OrphansAdopted     // what had no owner is UserID's now
	AccessChanged      // UserID is the owner
	DomainsChanged
	BlocksChanged
	SettingsChanged
)

// Change is one change.
type Change struct {
	Kind         ChangeKind
	UserID       int64
	JTI, TokenID string
	ClientToken  store.ClientToken
}

// From is who asks, for the audit log and the counting of tries.
type From struct {
	Addr  netip.Addr // zero: a command on this machine, whose tries are not counted
	Agent string
	// UserID and Name are for Note; elsewhere the Principal says it.
	UserID int64
	Name   string
}

// Scope is what a request may do.
type Scope string

// The scopes. Only a log-in has the full one: a token can neither make tokens
// of the API nor end log-ins nor touch the password.
const (
	ScopeFull   Scope = "full"
	ScopeManage Scope = "manage"
	ScopeRead   Scope = "read"
)

// Principal is who a request comes from. Its user has no password hash.
type Principal struct {
	User    store.User
	JTI     string // of a log-in
	TokenID string // of an API token
	Scope   Scope
}

// MayWrite reports whether the principal may change anything.
func (p Principal) MayWrite() bool { return p.Scope == ScopeFull || p.Scope == ScopeManage }

// systemName is who does what commands do.
const systemName = "command line"

// System is the operator at the command line: an administrator without an
// account.
func System() Principal {
	return Principal{User: store.User{Name: systemName, Admin: true}, Scope: ScopeFull}
}

// Registration is what someone with an invite fills in.
type Registration struct {
	Code, Name, Email, Password string
	AcceptTerms                 bool
}

// Public is what everyone may know about the accounts.
type Public struct {
	Setup        bool // there is no administrator yet
	Registration bool // invites can be redeemed
	Terms        bool // there are terms of use to accept
	Feedback     string
}

// NewLogin is a log-in as its owner gets it.
type NewLogin struct {
	Token     string
	ExpiresAt time.Time
	User      store.User
}

// NewInvite is an invite with its code, which is shown once.
type NewInvite struct {
	store.Invite
	Code string
}

// UserChanges is what an administrator changes of a user; nil stays as it is.
type UserChanges struct {
	Disabled, Admin *bool
	Limits          *store.UserLimits
}

// Device is what a device shows and polls with (RFC 8628, 3.2).
type Device struct {
	DeviceCode, UserCode string
	ExpiresIn, Interval  int // seconds
}

// DeviceRequest is what the user sees before allowing a device.
type DeviceRequest struct {
	UserCode, ClientName string
	Addr, Agent          string
	CreatedAt, ExpiresAt time.Time
}

// The settings that administrators change, each a JSON document.
const (
	SettingTerms        = "terms"         // string: what is accepted at registration; "" is nothing
	SettingFeedback     = "feedback_link" // string: an https, http or mailto link, or ""
	SettingRegistration = "registration"  // bool: whether invites can be redeemed; true by default
	SettingLimits       = "limits"        // store.UserLimits: of all accounts that have no others
)

// SettingValue is a setting as it is now.
type SettingValue struct {
	Value   json.RawMessage
	Version int64 // 0: the default, which nobody has changed
}

// How long things last, and how many there may be.
const (
	LoginLife      = 7 * 24 * time.Hour
	ResetLife      = 24 * time.Hour
	FirstLinkLife  = 30 * time.Minute
	DeviceLife     = 10 * time.Minute
	auditKept      = 366 * 24 * time.Hour
	cacheFresh     = 5 * time.Second
	cacheStale     = time.Minute // while the database is away
	housekeeping   = time.Minute
	pruneEach      = 60 // rounds of housekeeping
	maxLogins      = 100
	maxTokens      = 50
	maxGrants      = 500
	maxInviteBatch = 200
	maxBlocks      = 10_000
	maxAccess      = 500
	maxDomains     = 100

	maxVisitorPassword = 72 // bytes; bcrypt takes no more
)
