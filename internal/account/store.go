// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package account

import (
	"context"
	"encoding/json"
	"time"

	"github.com/culvertd/culvert/internal/store"
)

// Store is where everything is kept; *store.Store is one.
type Store interface {
	userStore
	loginStore
	tokenStore
	adminStore
}

type userStore interface {
	CreateUser(ctx context.Context, u store.User) (store.User, error)
	CreateUserWithInvite(ctx context.Context, u store.User, invite [32]byte, now time.Time) (store.User, store.Invite, error)
	User(ctx context.Context, id int64) (store.User, error)
	UserByLogin(ctx context.Context, nameOrEmail string) (store.User, error)
	Users(ctx context.Context, f store.UserFilter, p store.Page) ([]store.User, string, error)
	UpdateUser(ctx context.Context, id, version int64, f func(*store.User)) (store.User, error)
	DeleteUser(ctx context.Context, id int64) error
	CountUsers(ctx context.Context) (users, admins int, err error)
	AdoptOrphans(ctx context.Context, user int64) error
}

type loginStore interface {
	CreateLogin(ctx context.Context, l store.Login) error
	Login(ctx context.Context, jti string) (store.Login, error)
	Logins(ctx context.Context, user int64) ([]store.Login, error)
	RevokeLogin(ctx context.Context, user int64, jti string) error
	RevokeLogins(ctx context.Context, user int64, except string) error
	TouchLogins(ctx context.Context, seen map[string]time.Time) error
	PruneLogins(ctx context.Context, before time.Time) (int64, error)

	CreateReset(ctx context.Context, r store.Reset) error
	UseReset(ctx context.Context, hash [32]byte, kind string, now time.Time) (store.Reset, error)
	Reset(ctx context.Context, hash [32]byte, kind string, now time.Time) (store.Reset, error)
}

type tokenStore interface {
	CreateAPIToken(ctx context.Context, t store.APIToken) error
	APITokens(ctx context.Context, user int64) ([]store.APIToken, error)
	APITokenByHash(ctx context.Context, hash [32]byte) (store.APIToken, error)
	RevokeAPIToken(ctx context.Context, user int64, id string, now time.Time) error
	TouchAPITokens(ctx context.Context, used map[string]time.Time) error

	CreateClientToken(ctx context.Context, t store.ClientToken) error
	ClientTokensOf(ctx context.Context, user int64) ([]store.ClientToken, error)
	RevokeClientToken(ctx context.Context, id string, at time.Time) error
}

type adminStore interface {
	CreateInvites(ctx context.Context, list []store.Invite) ([]store.Invite, error)
	Invites(ctx context.Context, state string, now time.Time, p store.Page) ([]store.Invite, string, error)
	Invite(ctx context.Context, id int64) (store.Invite, error)
	RevokeInvite(ctx context.Context, id int64, now time.Time) error

	CreateGrant(ctx context.Context, g store.Grant) (store.Grant, error)
	Grants(ctx context.Context, user int64) ([]store.Grant, error)
	DeleteGrant(ctx context.Context, owner, id int64) error

	SetAccess(ctx context.Context, a store.PublicAccess) error
	AccessOf(ctx context.Context, user int64) ([]store.PublicAccess, error)
	DeleteAccess(ctx context.Context, user int64, name string) error

	SetDomain(ctx context.Context, d store.Domain) (before, now store.Domain, err error)
	Domain(ctx context.Context, name string) (store.Domain, error)
	Domains(ctx context.Context) ([]store.Domain, error)
	DomainsOf(ctx context.Context, user int64) ([]store.Domain, error)
	DeleteDomain(ctx context.Context, user int64, name string) error

	CreateBlock(ctx context.Context, b store.Block) (store.Block, error)
	Blocks(ctx context.Context) ([]store.Block, error)
	DeleteBlock(ctx context.Context, id int64) error

	Setting(ctx context.Context, key string) (value json.RawMessage, version int64, err error)
	SetSetting(ctx context.Context, key string, value json.RawMessage, version int64) (int64, error)

	AppendAudit(ctx context.Context, e store.AuditEntry) error
	Audit(ctx context.Context, f store.AuditFilter, p store.Page) ([]store.AuditEntry, string, error)
	PruneAudit(ctx context.Context, before time.Time) (int64, error)
}
