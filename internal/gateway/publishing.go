// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"context"

	"github.com/culvertd/culvert/internal/account"
	"github.com/culvertd/culvert/internal/publish"
	"github.com/culvertd/culvert/internal/store"
)

// modes are the store's in package publish's words.
var modes = map[string]publish.Mode{
	store.AccessOpen: publish.ModeOpen, store.AccessPassword: publish.ModePassword, store.AccessLogin: publish.ModeLogin,
}

// refreshAccess puts in force who may come to what is published.
func (b *book) refreshAccess(ctx context.Context) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	list, err := b.store.AllAccess(ctx)
	if err != nil {
		return err
	}
	all := make(map[publish.Key]*publish.Rules, len(list))
	for _, a := range list {
		mode, known := modes[a.Mode]
		if !known { // of a newer program; nobody's password is right
			mode = publish.ModePassword
		}
		all[publish.Key{Owner: a.UserID, Name: a.Name}] = &publish.Rules{
			Mode: mode, PasswordHash: a.PasswordHash, Visitors: a.Visitors, Allow: a.Allow, Deny: a.Deny,
		}
	}
	b.publisher.Gate().SetRules(all)
	return nil
}

// refreshDomains puts in force whose each domain is.
func (b *book) refreshDomains(ctx context.Context) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	list, err := b.store.Domains(ctx)
	if err != nil {
		return err
	}
	owners := make(map[string]int64, len(list))
	for _, d := range list {
		owners[d.Name] = d.UserID
	}
	b.tunnels.SetDomains(owners)
	return nil
}

// domainProof is signaling's hook.
func (b *book) domainProof(user int64, domain string) (record, value string) {
	return account.ProofPrefix + "." + domain, b.accounts.DomainProof(user)
}
