// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"github.com/culvertd/culvert/internal/inventory"
	"github.com/culvertd/culvert/internal/signaling"
)

// watch passes on what happens in signaling, which holds its lock meanwhile.
func (b *book) watch(e signaling.Event) {
	kind := map[signaling.EventKind]inventory.ChangeKind{
		signaling.EventClientOnline:  inventory.ClientOnline,
		signaling.EventClientOffline: inventory.ClientOffline,
		signaling.EventSessionBegun:  inventory.SessionBegun,
		signaling.EventSessionEnded:  inventory.SessionEnded,
	}[e.Kind]
	users := []int64{e.Account.ID}
	session := e.Kind == signaling.EventSessionBegun || e.Kind == signaling.EventSessionEnded
	if session && e.Visitor.ID != e.Account.ID {
		users = append(users, e.Visitor.ID)
	}
	b.feed.tell(kind, e.Subject, e.Detail, users...)
}
