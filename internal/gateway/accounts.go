// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"context"
	"path/filepath"

	"go.uber.org/zap"

	"github.com/culvertd/culvert/internal/account"
	"github.com/culvertd/culvert/internal/auth"
)

// keyFolder returns where the keys of the data folder dir are.
func keyFolder(dir string) string { return filepath.Join(dir, "keys") }

// openAccounts starts the accounts on b's store. Its owner closes them, before
// the store.
func openAccounts(ctx context.Context, b *book, dir string, log func() *zap.Logger) (err error) {
	b.accounts, err = account.New(ctx, account.Config{
		Store:    b.store,
		Keys:     auth.NewKeyFolder(keyFolder(dir)),
		Hasher:   auth.NewBcrypt(auth.DefaultCost),
		Issuer:   "culvert",
		Audience: "culvert",
		Logger:   log,
		Changed:  b.changed,
	})
	return err
}

// changed puts a change of accounts in force, before it is answered.
func (b *book) changed(c account.Change) {
	if b.tunnels == nil {
		return
	}
	switch c.Kind {
	case account.ClientTokenCreated:
		b.tunnels.AddToken(toToken(c.ClientToken))
	case account.ClientTokenRevoked:
		b.tunnels.RevokeToken(c.TokenID)
	}
}
