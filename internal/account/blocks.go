// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package account

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/culvertd/culvert/internal/store"
)

// Blocks returns the block list, with what has expired.
func (s *Service) Blocks(ctx context.Context, p Principal) ([]store.Block, error) {
	if !p.User.Admin {
		return nil, errForbidden
	}
	list, err := s.store.Blocks(ctx)
	return list, fail("listing blocks", err)
}

// Block keeps the addresses of prefix out, until it expires (zero: for good).
func (s *Service) Block(ctx context.Context, p Principal, prefix netip.Prefix, note string, expires time.Time, from From) (store.Block, error) {
	if err := mayAdminister(p); err != nil {
		return store.Block{}, err
	}
	now := time.Now().UTC()
	b := store.Block{Prefix: unmap(prefix), Note: note, CreatedBy: p.User.ID, CreatedAt: now, ExpiresAt: expires.UTC()}
	switch {
	case !prefix.IsValid():
		return b, invalid("prefix", "is no address and no network such as 192.0.2.0/24")
	case b.Prefix.Contains(from.Addr.Unmap().WithZone("")):
		return b, invalid("prefix", "has your own address in it")
	case !isClean(note, maxNote):
		return b, invalid("note", fmt.Sprintf("is one line of at most %d bytes", maxNote))
	case !expires.IsZero() && !expires.After(now):
		return b, invalid("expires_at", "is in the past")
	}
	list, err := s.store.Blocks(ctx)
	if err != nil {
		return b, fail("blocking", err)
	}
	if len(list) >= maxBlocks {
		return b, limitReached("blocks", maxBlocks)
	}
	if b, err = s.store.CreateBlock(ctx, b); err != nil {
		return b, fail("blocking", err)
	}
	s.tell(Change{Kind: BlocksChanged})
	s.audit(ctx, p, from, "block.create", "block/"+b.Prefix.String(), nil, viewBlock(b))
	return b, nil
}

// Unblock takes an entry off the block list.
func (s *Service) Unblock(ctx context.Context, p Principal, id int64, from From) error {
	if err := mayAdminister(p); err != nil {
		return err
	}
	list, err := s.store.Blocks(ctx)
	if err != nil {
		return fail("unblocking", err)
	}
	i := slices.IndexFunc(list, func(b store.Block) bool { return b.ID == id })
	if i < 0 {
		return errNotFound
	}
	if err := s.store.DeleteBlock(ctx, id); err != nil {
		return fail("unblocking", err)
	}
	s.tell(Change{Kind: BlocksChanged})
	s.audit(ctx, p, from, "block.delete", "block/"+list[i].Prefix.String(), viewBlock(list[i]), nil)
	return nil
}

func viewBlock(b store.Block) map[string]any {
	return map[string]any{"prefix": b.Prefix.String(), "note": b.Note, "expires_at": optional(b.ExpiresAt)}
}

// unmap is the network in the form that client addresses have.
func unmap(p netip.Prefix) netip.Prefix {
	if p.Addr().Is4In6() && p.Bits() >= 96 {
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	return p.Masked()
}
