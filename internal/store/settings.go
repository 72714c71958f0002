// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"encoding/json"
	"errors"
)

const (
	sqlSelectSetting = `SELECT value, version FROM settings WHERE key = ?`
	sqlInsertSetting = `
		INSERT INTO settings (key, value, version) VALUES (?, ?, 1) ON CONFLICT DO NOTHING`
	sqlUpdateSetting = `
		UPDATE settings SET value = ?, version = version + 1
		WHERE key = ? AND CAST(? AS BIGINT) IN (0, version) RETURNING version`
)

type setting struct {
	value   string
	version int64
}

// Setting returns what administrators have set, with its version, or
// ErrNotFound.
func (s *Store) Setting(ctx context.Context, key string) (json.RawMessage, int64, error) {
	v, err := one(ctx, s.r, func(row scanner) (v setting, err error) {
		err = row.Scan(&v.value, &v.version)
		return v, err
	}, sqlSelectSetting, key)
	return rawJSON(v.value), v.version, wrap("reading setting", err)
}

// SetSetting keeps a value and returns its version. It returns ErrConflict if
// version is neither 0 nor that of the value before.
func (s *Store) SetSetting(ctx context.Context, key string, value json.RawMessage, version int64) (int64, error) {
	var now int64
	err := s.inTx(ctx, func(tx conn) (err error) {
		if version == 0 {
			n, err := tx.exec(ctx, sqlInsertSetting, key, string(value))
			if err != nil || n > 0 {
				now = 1
				return err
			}
		}
		now, err = one(ctx, tx, scanInt, sqlUpdateSetting, string(value), key, version)
		if errors.Is(err, ErrNotFound) {
			err = ErrConflict
		}
		return err
	})
	if err != nil {
		return 0, wrap("keeping setting", err)
	}
	return now, nil
}
