// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"errors"
	"net/netip"
	"time"
)

const (
	sqlInsertBlock = `
		INSERT INTO blocks (prefix, note, created_by, created_at, expires_at) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT DO NOTHING RETURNING id`
	sqlListBlocks = `
		SELECT id, prefix, note, coalesce(created_by, 0), created_at, expires_at FROM blocks ORDER BY id`
	sqlDeleteBlock = `DELETE FROM blocks WHERE id = ?`
)

// Block is a range of addresses that may not connect.
type Block struct {
	ID        int64
	Prefix    netip.Prefix
	Note      string
	CreatedBy int64
	CreatedAt time.Time
	ExpiresAt time.Time // zero: never
}

// CreateBlock adds b and returns it with its id, or ErrExists. The prefix is
// kept without the bits behind it.
func (s *Store) CreateBlock(ctx context.Context, b Block) (Block, error) {
	if b.Prefix = b.Prefix.Masked(); !b.Prefix.IsValid() {
		return Block{}, errors.New("creating block: no prefix")
	}
	err := s.inTx(ctx, func(tx conn) (err error) {
		b.ID, err = one(ctx, tx, scanInt, sqlInsertBlock, b.Prefix.String(), b.Note, orNull(b.CreatedBy),
			millis(b.CreatedAt), millis(b.ExpiresAt))
		if errors.Is(err, ErrNotFound) {
			err = ErrExists
		}
		return err
	})
	return b, wrap("creating block", err)
}

// Blocks returns all blocks, those that have expired too.
func (s *Store) Blocks(ctx context.Context) ([]Block, error) {
	blocks, err := list(ctx, s.r, scanBlock, sqlListBlocks)
	return blocks, wrap("listing blocks", err)
}

// DeleteBlock removes a block, or returns ErrNotFound.
func (s *Store) DeleteBlock(ctx context.Context, id int64) error {
	err := s.inTx(ctx, func(tx conn) error { return tx.must(ctx, sqlDeleteBlock, id) })
	return wrap("deleting block", err)
}

func scanBlock(row scanner) (Block, error) {
	var (
		b                Block
		prefix           string
		created, expires int64
	)
	if err := row.Scan(&b.ID, &prefix, &b.Note, &b.CreatedBy, &created, &expires); err != nil {
		return Block{}, err
	}
	b.CreatedAt, b.ExpiresAt = fromMillis(created), fromMillis(expires)
	var err error
	b.Prefix, err = netip.ParsePrefix(prefix)
	return b, err
}
