// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"context"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"

	"github.com/culvertd/culvert/internal/hub"
	"github.com/culvertd/culvert/internal/inventory"
	"github.com/culvertd/culvert/internal/signaling"
	"github.com/culvertd/culvert/internal/store"
	"github.com/culvertd/culvert/internal/wire"
)

// Lists of what is in memory have cursors like the store's: opaque, and good
// for what comes after an item that may be gone by then.

const (
	defaultPage = 50
	maxPage     = 200
)

// pageOf returns the part of a list, sorted by key, that p asks for.
func pageOf[T any](list []T, p store.Page, key func(T) string) ([]T, string, error) {
	after, err := base64.RawURLEncoding.DecodeString(p.After)
	if err != nil {
		return nil, "", store.ErrCursor
	}
	if p.After != "" {
		i, there := slices.BinarySearchFunc(list, string(after), func(t T, k string) int { return strings.Compare(key(t), k) })
		if there {
			i++
		}
		list = list[i:]
	}
	n := defaultPage
	if p.Limit > 0 {
		n = min(p.Limit, maxPage)
	}
	if len(list) <= n {
		return list, "", nil
	}
	return list[:n], base64.RawURLEncoding.EncodeToString([]byte(key(list[n-1]))), nil
}

// sortable writes a number so that texts compare as numbers do.
func sortable(n int64) string {
	s := strconv.FormatInt(n, 36)
	return strings.Repeat("0", 13-len(s)) + s
}

// Connections lists the connections of an endpoint, oldest first.
func (a *API) Connections(ctx context.Context, scope int64, id string, p store.Page) ([]inventory.Connection, string, error) {
	if _, err := a.find(ctx, scope, id); err != nil {
		return nil, "", err
	}
	after := uint64(0)
	if p.After != "" {
		var err error
		if after, err = strconv.ParseUint(p.After, 36, 64); err != nil {
			return nil, "", store.ErrCursor
		}
	}
	n := defaultPage
	if p.Limit > 0 {
		n = min(p.Limit, maxPage)
	}
	list, _ := a.b.hub.Connections(hub.ID(id), after, n+1) // without any while its account is disabled
	next := ""
	if len(list) > n {
		list = list[:n]
		next = strconv.FormatUint(list[n-1].ID, 36)
	}
	out := make([]inventory.Connection, len(list))
	for i, c := range list {
		out[i] = inventory.Connection{
			ID: c.ID, Since: c.Since.UTC(), Lag: c.Lag,
			MessagesIn: c.MessagesIn, BytesIn: c.BytesIn, MessagesOut: c.MessagesOut, BytesOut: c.BytesOut,
		}
		if c.Addr.IsValid() {
			out[i].Address = c.Addr.String()
		}
	}
	return out, next, nil
}

// Kick closes one connection of an endpoint.
func (a *API) Kick(ctx context.Context, scope int64, id string, conn uint64) error {
	if _, err := a.find(ctx, scope, id); err != nil {
		return err
	}
	if !a.b.hub.Kick(hub.ID(id), conn) {
		return missing("connection")
	}
	return nil
}

// ConnectionLog lists who connected to an endpoint and how it ended, newest
// first.
func (a *API) ConnectionLog(ctx context.Context, scope int64, id string, p store.Page) ([]inventory.ConnectionEvent, string, error) {
	if _, err := a.find(ctx, scope, id); err != nil {
		return nil, "", err
	}
	list, next, err := a.b.store.ConnectionPage(ctx, id, p)
	if err != nil {
		return nil, "", err
	}
	out := make([]inventory.ConnectionEvent, len(list))
	for i, e := range list {
		l := logLine(e)
		out[i] = inventory.ConnectionEvent{
			Time: l.Time, Event: l.Event, Connection: l.Conn, Address: l.Address, Code: l.Code, Reason: l.Reason,
			Seconds: l.Seconds, MessagesIn: l.MessagesIn, BytesIn: l.BytesIn,
			MessagesOut: l.MessagesOut, BytesOut: l.BytesOut, Dropped: l.Dropped,
		}
	}
	return out, next, nil
}

// Clients lists tunnel clients whose name or owner's name has search in it.
func (a *API) Clients(_ context.Context, scope int64, search string, p store.Page) ([]inventory.Client, string, error) {
	search = strings.ToLower(search)
	list := slices.DeleteFunc(a.b.tunnels.Clients(), func(c signaling.ClientInfo) bool {
		return !within(scope, c.Account.ID) || !strings.Contains(strings.ToLower(c.Account.Name+"/"+c.Name), search)
	})
	list, next, err := pageOf(list, p, func(c signaling.ClientInfo) string { return sortable(c.Account.ID) + "/" + c.Name })
	if err != nil {
		return nil, "", err
	}
	out := make([]inventory.Client, len(list))
	for i, c := range list {
		out[i] = showTunnelClient(c)
	}
	return out, next, nil
}

// Client returns one tunnel client of an account.
func (a *API) Client(_ context.Context, owner int64, name string) (inventory.Client, error) {
	for _, c := range a.b.tunnels.Clients() {
		if c.Account.ID == owner && c.Name == name {
			return showTunnelClient(c), nil
		}
	}
	return inventory.Client{}, missing("client")
}

// KickClient ends a client's sessions and its connection. It may come back.
func (a *API) KickClient(_ context.Context, owner int64, name string) error {
	if !a.b.tunnels.KickClient(owner, name) {
		return missing("client")
	}
	return nil
}

// Services lists what an account may use: its own, and what it has grants for.
func (a *API) Services(_ context.Context, user int64) ([]inventory.Service, error) {
	out := []inventory.Service{}
	for _, c := range a.b.tunnels.Visible(user) {
		for _, v := range c.Services {
			out = append(out, inventory.Service{
				Client: c.ID, ID: v.ID, Protocol: v.Protocol, Description: v.Description, Status: c.Status,
				Owner: c.Owner.Name, Granted: c.Owner.ID != user,
			})
		}
	}
	return out, nil
}

// Sessions lists the sessions in which an account has part, oldest first.
func (a *API) Sessions(_ context.Context, scope int64, p store.Page) ([]inventory.Session, string, error) {
	list := slices.DeleteFunc(a.b.tunnels.Sessions(), func(v signaling.SessionInfo) bool {
		return !within(scope, v.VisitorAccount.ID) && !within(scope, v.ProviderAccount.ID)
	})
	list, next, err := pageOf(list, p, func(v signaling.SessionInfo) string { return sortable(v.CreatedAt.UnixNano()) + v.ID })
	if err != nil {
		return nil, "", err
	}
	out := make([]inventory.Session, len(list))
	for i, v := range list {
		out[i] = inventory.Session{
			ID: v.ID, Visitor: v.Visitor, VisitorOwner: v.VisitorAccount.Name, Provider: v.Provider,
			ProviderOwner: v.ProviderAccount.Name, Service: v.Service.ID, Status: v.Status, Mode: v.Mode, CreatedAt: v.CreatedAt.UTC(),
			Channels: v.Channels, BytesUp: v.Up, BytesDown: v.Down,
		}
	}
	return out, next, nil
}

// EndSession ends a session in which an account has part.
func (a *API) EndSession(_ context.Context, scope int64, id string) error {
	if !a.b.tunnels.EndSession(scope, id, "ended by its owner or an administrator") {
		return missing("session")
	}
	return nil
}

// SessionLog lists sessions that have ended, newest first.
func (a *API) SessionLog(ctx context.Context, scope int64, p store.Page) ([]inventory.PastSession, string, error) {
	list, next, err := a.b.store.SessionsOf(ctx, scope, p)
	if err != nil {
		return nil, "", err
	}
	out := make([]inventory.PastSession, len(list))
	for i, v := range list {
		out[i] = inventory.PastSession{
			ID: v.ID, Visitor: v.Visitor, Provider: v.Provider, Service: v.Service,
			CreatedAt: v.CreatedAt, EndedAt: v.EndedAt, Bytes: v.Bytes, Reason: v.Reason,
		}
	}
	return out, next, nil
}

func showTunnelClient(c signaling.ClientInfo) inventory.Client {
	out := inventory.Client{
		Name: c.Name, OwnerID: c.Account.ID, Owner: c.Account.Name, Status: wire.Offline, TokenID: c.TokenID,
		Services: make([]inventory.ClientService, len(c.Services)), Sessions: c.Sessions, Parked: c.Parked,
		BytesIn: c.In, BytesOut: c.Out, RegisteredAt: c.RegisteredAt.UTC(), LastSeenAt: c.LastSeen.UTC(),
	}
	if c.Online {
		out.Status = wire.Online
	}
	if c.Addr.IsValid() {
		out.Address = c.Addr.String()
	}
	out.Fingerprint = fingerprint(c.PublicKey)
	for i, v := range c.Services {
		out.Services[i] = inventory.ClientService{
			ID: v.ID, Protocol: v.Protocol, LocalHost: v.LocalHost, LocalPort: v.LocalPort, Description: v.Description,
			Encryption: v.Encryption, URL: c.URLs[v.ID],
		}
	}
	return out
}
