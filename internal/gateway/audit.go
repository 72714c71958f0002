// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"context"

	"github.com/culvertd/culvert/internal/account"
	"github.com/culvertd/culvert/internal/inventory"
	"github.com/culvertd/culvert/internal/store"
)

// Who changes endpoints besides the API, which writes its own entries.
var (
	commands = account.From{Name: account.System().User.Name}
	itself   = account.From{Name: "gateway"}
)

// noteEndpoint writes a change of an endpoint into the audit log; before or
// after is nil if there was, or is, none.
func (b *book) noteEndpoint(ctx context.Context, who account.From, action string, before, after *store.Endpoint) {
	e := after
	if e == nil {
		e = before
	}
	b.accounts.Note(ctx, who, action, inventory.EndpointTarget(e.ID), b.audited(ctx, before), b.audited(ctx, after))
}

// audited returns what the log keeps of e; nothing of nil.
func (b *book) audited(ctx context.Context, e *store.Endpoint) any {
	if e == nil {
		return nil
	}
	owner, _ := make(directory).name(ctx, b.store, e.UserID) // without a name it is still told by its id
	s := inventory.EndpointSettings(fromStore(e.Settings))
	if s.Origins == nil {
		s.Origins = []string{} // not null
	}
	return inventory.AuditedEndpoint{ID: e.ID, Name: e.Name, Owner: owner, Private: e.Private, Settings: s}
}
