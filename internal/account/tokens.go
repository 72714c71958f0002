// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package account

import (
	"context"
	"slices"
	"time"

	"github.com/culvertd/culvert/internal/auth"
	"github.com/culvertd/culvert/internal/store"
	"github.com/culvertd/culvert/internal/wire"
)

// ClientTokenPrefix begins the tokens that tunnel clients sign in with.
const ClientTokenPrefix = "cvt_"

const maxLabel = 100

// CreateAPIToken makes a token of the API, which does no more than its scope
// says. Its text is returned this once.
func (s *Service) CreateAPIToken(ctx context.Context, p Principal, name string, scope Scope, expires time.Time, from From) (store.APIToken, string, error) {
	if p.JTI == "" {
		return store.APIToken{}, "", errForbidden
	}
	now := time.Now().UTC()
	switch {
	case !validLabel(name) || name == "":
		return store.APIToken{}, "", invalid("name", "is 1 to 100 characters")
	case scope != ScopeRead && scope != ScopeManage:
		return store.APIToken{}, "", invalid("scope", "is read or manage")
	case !expires.IsZero() && !expires.After(now):
		return store.APIToken{}, "", invalid("expires_at", "is in the past")
	}
	list, err := s.store.APITokens(ctx, p.User.ID)
	if err != nil {
		return store.APIToken{}, "", fail("creating API token", err)
	}
	if len(list) >= maxTokens {
		return store.APIToken{}, "", limitReached("API tokens", maxTokens)
	}
	text := auth.NewSecret(APITokenPrefix)
	t := store.APIToken{
		ID: auth.NewID(), UserID: p.User.ID, Hash: auth.HashSecret(text), Name: name, Scope: string(scope),
		CreatedAt: now, ExpiresAt: expires.UTC(), // stays zero if it is
	}
	if err := s.store.CreateAPIToken(ctx, t); err != nil {
		return store.APIToken{}, "", fail("creating API token", err)
	}
	s.audit(ctx, p, from, "api_token.create", "api_token/"+t.ID, nil,
		map[string]any{"name": t.Name, "scope": t.Scope, "expires_at": optional(t.ExpiresAt)})
	return t, text, nil
}

// APITokens returns the principal's tokens of the API.
func (s *Service) APITokens(ctx context.Context, p Principal) ([]store.APIToken, error) {
	list, err := s.store.APITokens(ctx, p.User.ID)
	return list, fail("listing API tokens", err)
}

// RevokeAPIToken takes one of the principal's tokens out of force.
func (s *Service) RevokeAPIToken(ctx context.Context, p Principal, id string, from From) error {
	if p.JTI == "" {
		return errForbidden
	}
	if !isClean(id, maxLabel) {
		return errNotFound
	}
	if err := s.store.RevokeAPIToken(ctx, p.User.ID, id, time.Now().UTC()); err != nil {
		return fail("revoking API token", err)
	}
	s.tell(Change{Kind: APITokenRevoked, UserID: p.User.ID, TokenID: id})
	s.audit(ctx, p, from, "api_token.revoke", "api_token/"+id, nil, nil)
	return nil
}

// CreateClientToken makes a token for tunnel clients of the owner, who is the
// principal but for administrators; client, if not empty, is the only name that
// it is good for. Its text is returned this once.
func (s *Service) CreateClientToken(ctx context.Context, p Principal, owner int64, client, name string, from From) (store.ClientToken, string, error) {
	if err := mayManage(p, owner); err != nil {
		return store.ClientToken{}, "", err
	}
	switch {
	case client != "" && !wire.ValidName(client):
		return store.ClientToken{}, "", invalid("client", "is 1 to 63 letters, digits, hyphens and underscores, and no hyphen first")
	case !validLabel(name):
		return store.ClientToken{}, "", invalid("name", "is at most 100 characters")
	}
	if owner != 0 {
		if err := s.roomForClientToken(ctx, owner); err != nil {
			return store.ClientToken{}, "", err
		}
	}
	text := auth.NewSecret(ClientTokenPrefix)
	t := store.ClientToken{
		ID: auth.NewID(), UserID: owner, Hash: auth.HashSecret(text), Client: client, Name: name, CreatedAt: time.Now().UTC(),
	}
	if err := s.store.CreateClientToken(ctx, t); err != nil {
		return store.ClientToken{}, "", fail("creating client token", err)
	}
	s.tell(Change{Kind: ClientTokenCreated, UserID: owner, TokenID: t.ID, ClientToken: t})
	s.audit(ctx, p, from, "client_token.create", "client_token/"+t.ID, nil,
		map[string]any{"user": owner, "client": client, "name": name})
	return t, text, nil
}

// roomForClientToken also says whether there is such a user.
func (s *Service) roomForClientToken(ctx context.Context, owner int64) error {
	if _, err := s.store.User(ctx, owner); err != nil {
		return fail("creating client token", err)
	}
	list, err := s.store.ClientTokensOf(ctx, owner)
	if err != nil {
		return fail("creating client token", err)
	}
	if len(list) >= maxTokens {
		return limitReached("client tokens", maxTokens)
	}
	return nil
}

// ClientTokens returns the client tokens of the owner, who is the principal but
// for administrators; 0 is the operator.
func (s *Service) ClientTokens(ctx context.Context, p Principal, owner int64) ([]store.ClientToken, error) {
	if owner != p.User.ID && !p.User.Admin {
		return nil, errNotFound
	}
	list, err := s.store.ClientTokensOf(ctx, owner)
	return list, fail("listing client tokens", err)
}

// RevokeClientToken takes a client token of the owner out of force.
func (s *Service) RevokeClientToken(ctx context.Context, p Principal, owner int64, id string, from From) error {
	if err := mayManage(p, owner); err != nil {
		return err
	}
	list, err := s.store.ClientTokensOf(ctx, owner)
	if err != nil {
		return fail("revoking client token", err)
	}
	i := slices.IndexFunc(list, func(t store.ClientToken) bool { return t.ID == id })
	if i < 0 {
		return errNotFound
	}
	if err := s.store.RevokeClientToken(ctx, id, time.Now().UTC()); err != nil {
		return fail("revoking client token", err)
	}
	s.tell(Change{Kind: ClientTokenRevoked, UserID: owner, TokenID: id})
	s.audit(ctx, p, from, "client_token.revoke", "client_token/"+id,
		map[string]any{"user": owner, "client": list[i].Client, "name": list[i].Name}, nil)
	return nil
}

// mayManage says whether p may change what is the owner's. To others it does
// not exist.
func mayManage(p Principal, owner int64) error {
	switch {
	case !p.MayWrite():
		return errForbidden
	case owner != p.User.ID && !p.User.Admin:
		return errNotFound
	}
	return nil
}

// validLabel reports whether people can be shown s as the name of something.
func validLabel(s string) bool { return isClean(s, maxLabel) }

// optional is t, or nothing if it is zero.
func optional(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t
}
