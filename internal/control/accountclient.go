// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package control

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
)

// CreateAdmin implements Accounts.
func (c *Client) CreateAdmin(ctx context.Context, a NewAdmin) (User, error) {
	var u User
	err := c.call(ctx, http.MethodPost, "/v1/admins", a, &u)
	return u, err
}

// SetupLink implements Accounts.
func (c *Client) SetupLink(ctx context.Context) (Link, error) {
	var l Link
	err := c.call(ctx, http.MethodPost, "/v1/setup-link", nil, &l)
	return l, err
}

// Users implements Accounts.
func (c *Client) Users(ctx context.Context, search string, p Page) (UserPage, error) {
	var us UserPage
	err := c.call(ctx, http.MethodGet, "/v1/users?"+p.query("search", search), nil, &us)
	return us, err
}

// DisableUser implements Accounts.
func (c *Client) DisableUser(ctx context.Context, name string) error {
	return c.call(ctx, http.MethodPost, "/v1/users/disable?"+byName(name), nil, nil)
}

// EnableUser implements Accounts.
func (c *Client) EnableUser(ctx context.Context, name string) error {
	return c.call(ctx, http.MethodPost, "/v1/users/enable?"+byName(name), nil, nil)
}

// DeleteUser implements Accounts.
func (c *Client) DeleteUser(ctx context.Context, name string) error {
	return c.call(ctx, http.MethodDelete, "/v1/users?"+byName(name), nil, nil)
}

// ResetPassword implements Accounts.
func (c *Client) ResetPassword(ctx context.Context, name string) (Link, error) {
	var l Link
	err := c.call(ctx, http.MethodPost, "/v1/users/reset-link?"+byName(name), nil, &l)
	return l, err
}

// CreateInvites implements Accounts.
func (c *Client) CreateInvites(ctx context.Context, r InviteRequest) ([]NewInvite, error) {
	var is []NewInvite
	err := c.call(ctx, http.MethodPost, "/v1/invites", r, &is)
	return is, err
}

// Invites implements Accounts.
func (c *Client) Invites(ctx context.Context, state string, p Page) (InvitePage, error) {
	var is InvitePage
	err := c.call(ctx, http.MethodGet, "/v1/invites?"+p.query("state", state), nil, &is)
	return is, err
}

// RevokeInvite implements Accounts.
func (c *Client) RevokeInvite(ctx context.Context, id int64) error {
	return c.call(ctx, http.MethodDelete, "/v1/invites/"+strconv.FormatInt(id, 10), nil, nil)
}

// Backup implements Keeper. Only ctx bounds how long it takes.
func (c *Client) Backup(ctx context.Context, file string) error {
	patient := &Client{http: &http.Client{Transport: c.http.Transport}}
	return patient.call(ctx, http.MethodPost, "/v1/backup", backupRequest{File: file}, nil)
}

func byName(name string) string { return url.Values{"name": {name}}.Encode() }

func (p Page) query(key, value string) string {
	return url.Values{key: {value}, "after": {p.After}, "limit": {strconv.Itoa(p.Limit)}}.Encode()
}
