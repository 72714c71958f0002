// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"context"
	"errors"
	"time"

	"github.com/culvertd/culvert/internal/control"
	"github.com/culvertd/culvert/internal/inventory"
	"github.com/culvertd/culvert/internal/signaling"
	"github.com/culvertd/culvert/internal/store"
	"github.com/culvertd/culvert/internal/wire"
)

// ForgetClientKey has the next key that a client comes with be its own. It
// returns the fingerprint of the one that is forgotten.
func (a *API) ForgetClientKey(ctx context.Context, owner int64, name string) (string, error) {
	c, err := a.Client(ctx, owner, name)
	if err != nil {
		return "", err
	}
	if c.Fingerprint == "" {
		return "", missing("key")
	}
	return c.Fingerprint, a.b.forgetKey(ctx, owner, name)
}

// forgetKey goes by the store first: what a killed gateway remembers again
// would be refused to whoever was told that it is forgotten.
func (b *book) forgetKey(ctx context.Context, owner int64, name string) error {
	err := b.store.ForgetClientKey(ctx, owner, name)
	if b.tunnels == nil || err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if !b.tunnels.ForgetKey(owner, name) { // the store may not have it yet
		return missing("client")
	}
	return nil
}

// ForgetClientKey implements control.Clients. It writes its own audit entry,
// for commands have none.
func (b *book) ForgetClientKey(ctx context.Context, client string) error {
	name, bare := wire.SplitName(client)
	u, err := b.owner(ctx, name)
	if err != nil {
		return err
	}
	list, err := b.Clients(ctx)
	if err != nil {
		return err
	}
	full := wire.FullName(u.Name, bare)
	for _, c := range list {
		if c.Name != full {
			continue
		}
		if c.Fingerprint == "" {
			return control.NoKey(full)
		}
		if err := b.forgetKey(ctx, u.ID, bare); err != nil {
			return toControl(err)
		}
		target := inventory.ClientTarget(u.ID, bare)
		b.accounts.Note(ctx, commands, "client.forget_key", target, inventory.AuditedKey{Fingerprint: c.Fingerprint}, nil)
		return nil
	}
	return control.NoClient(full)
}

// fingerprint is what people see of a key; empty for none.
func fingerprint(key *wire.PublicKey) string {
	if key == nil {
		return ""
	}
	return key.Fingerprint()
}

// Streams returns what a client has told last of its streams.
func (a *API) Streams(_ context.Context, owner int64, name string) (inventory.Streams, error) {
	r, ok := a.b.tunnels.Streams(owner, name)
	if !ok {
		return inventory.Streams{}, missing("client")
	}
	return showStreams(r), nil
}

func showStreams(r signaling.StreamReport) inventory.Streams {
	out := inventory.Streams{Items: make([]inventory.Stream, len(r.Streams)), Total: r.Total, ReportedAt: r.At.UTC()}
	for i, v := range r.Streams {
		out.Items[i] = inventory.Stream{
			ID: v.ID, Role: v.Role, Peer: v.Peer, Service: v.Service, Path: v.Path, BegunAt: fromMillis(v.Begun),
			BytesIn: v.BytesIn, BytesOut: v.BytesOut, Unacknowledged: v.Unacked, Resumptions: v.Resumptions,
			LastFault: v.LastFault, FaultAt: fromMillis(v.FaultAt), Latency: v.Latency, Leg: v.Leg,
		}
	}
	return out
}

func fromMillis(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMilli(n).UTC()
}
