// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package store

import "context"

// pruneStep bounds how many lines one transaction removes, so that it does not
// keep the other writers waiting, nor the write-ahead log growing.
const pruneStep = 5000

// prune runs a statement whose last parameter is the most that it removes, until
// it finds no more. It returns how many it removed; with an error, some may be
// gone and others not.
func (s *Store) prune(ctx context.Context, what, query string, args ...any) (total int64, err error) {
	args = append(args, pruneStep)
	for {
		var n int64
		err = s.inTx(ctx, func(tx conn) (err error) {
			n, err = tx.exec(ctx, query, args...)
			return err
		})
		if err != nil {
			return total, wrap("pruning "+what, err)
		}
		if total += n; n < pruneStep {
			return total, nil
		}
	}
}
