// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package admin

import (
	"context"
	"encoding/json"
	"net/netip"
	"time"

	"github.com/culvertd/culvert/internal/account"
	"github.com/culvertd/culvert/internal/store"
)

// Accounts is what the API needs to know and do about people. *account.Service
// is one. It checks again what routes have checked about administrators.
type Accounts interface {
	// AdmitSource and AdmitUser count a request, and refuse what is too much.
	AdmitSource(addr netip.Addr) error
	AdmitUser(id int64) error
	Authenticate(ctx context.Context, token string) (account.Principal, error)

	registrar
	owner
	tokenKeeper
	publisher
	administration
}

type registrar interface {
	Register(ctx context.Context, r account.Registration, from account.From) (store.User, error)
	Setup(ctx context.Context, code, name, email, password string, from account.From) (store.User, error)
	LogIn(ctx context.Context, nameOrEmail, password string, from account.From) (account.NewLogin, error)
	ResetPassword(ctx context.Context, code, password string, from account.From) error
	// Terms are what Register wants accepted, "" if nothing.
	Terms(ctx context.Context) (string, error)
	// Public is what everyone may know.
	Public(ctx context.Context) (account.Public, error)
}

type owner interface {
	LogOut(ctx context.Context, p account.Principal, from account.From) error
	LogOutEverywhere(ctx context.Context, p account.Principal, keepThis bool, from account.From) error
	Logins(ctx context.Context, p account.Principal) ([]store.Login, error)
	RevokeLogin(ctx context.Context, p account.Principal, jti string, from account.From) error
	ChangePassword(ctx context.Context, p account.Principal, old, now string, from account.From) (account.NewLogin, error)
	DeleteSelf(ctx context.Context, p account.Principal, password string, from account.From) error

	Grants(ctx context.Context, p account.Principal) ([]store.Grant, error)
	Give(ctx context.Context, p account.Principal, grantee, client, service string, from account.From) (store.Grant, error)
	Withdraw(ctx context.Context, p account.Principal, id int64, from account.From) error
}

type tokenKeeper interface {
	APITokens(ctx context.Context, p account.Principal) ([]store.APIToken, error)
	CreateAPIToken(ctx context.Context, p account.Principal, name string, scope account.Scope, expires time.Time, from account.From) (store.APIToken, string, error)
	RevokeAPIToken(ctx context.Context, p account.Principal, id string, from account.From) error

	ClientTokens(ctx context.Context, p account.Principal, owner int64) ([]store.ClientToken, error)
	CreateClientToken(ctx context.Context, p account.Principal, owner int64, client, name string, from account.From) (store.ClientToken, string, error)
	RevokeClientToken(ctx context.Context, p account.Principal, owner int64, id string, from account.From) error

	DeviceStart(ctx context.Context, ClientName string, from account.From) (account.Device, error)
	DeviceLook(ctx context.Context, p account.Principal, userCode string) (account.DeviceRequest, error)
	DeviceDecide(ctx context.Context, p account.Principal, userCode string, allow bool, from account.From) error
	DevicePoll(ctx context.Context, deviceCode string, from account.From) (token string, err error)
}

type publisher interface {
	SetAccess(ctx context.Context, p account.Principal, owner int64, name string, r account.AccessRules, from account.From) error

	// Domains are p's own, or everybody's.
	Domains(ctx context.Context, p account.Principal, all bool) ([]store.Domain, error)
	DomainProof(user int64) string
	ProveDomain(ctx context.Context, p account.Principal, name string, from account.From) (store.Domain, error)
	AssignDomain(ctx context.Context, p account.Principal, owner, name string, from account.From) (store.Domain, error)
	DropDomain(ctx context.Context, p account.Principal, anybodys bool, name string, from account.From) error
}

type administration interface {
	Invites(ctx context.Context, p account.Principal, state string, page store.Page) ([]store.Invite, string, error)
	CreateInvites(ctx context.Context, p account.Principal, n int, note string, expires time.Time, from account.From) ([]account.NewInvite, error)
	RevokeInvite(ctx context.Context, p account.Principal, id int64, from account.From) error

	Users(ctx context.Context, p account.Principal, f store.UserFilter, page store.Page) ([]store.User, string, error)
	User(ctx context.Context, p account.Principal, id int64) (store.User, error)
	UpdateUser(ctx context.Context, p account.Principal, id, version int64, c account.UserChanges, from account.From) (store.User, error)
	DeleteUser(ctx context.Context, p account.Principal, id, version int64, from account.From) error
	ResetLink(ctx context.Context, p account.Principal, id int64, from account.From) (code string, expires time.Time, err error)

	Blocks(ctx context.Context, p account.Principal) ([]store.Block, error)
	Block(ctx context.Context, p account.Principal, prefix netip.Prefix, note string, expires time.Time, from account.From) (store.Block, error)
	Unblock(ctx context.Context, p account.Principal, id int64, from account.From) error

	Setting(ctx context.Context, p account.Principal, key string) (value json.RawMessage, version int64, err error)
	SetSetting(ctx context.Context, p account.Principal, key string, value json.RawMessage, version int64, from account.From) (int64, error)

	Audit(ctx context.Context, p account.Principal, f store.AuditFilter, page store.Page) ([]store.AuditEntry, string, error)
	// Note writes an entry for a change that another part has made.
	Note(ctx context.Context, from account.From, action, target string, before, after any)
}
