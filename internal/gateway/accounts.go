// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"

	"go.uber.org/zap"

	"github.com/culvertd/culvert/internal/account"
	"github.com/culvertd/culvert/internal/auth"
	"github.com/culvertd/culvert/internal/hub"
	"github.com/culvertd/culvert/internal/inventory"
	"github.com/culvertd/culvert/internal/signaling"
	"github.com/culvertd/culvert/internal/store"
)

// keyFolder returns where the keys of the data folder dir are.
func keyFolder(dir string) string { return filepath.Join(dir, "keys") }

// passwordCost is less in this package's tests: bcrypt took most of their time.
var passwordCost = auth.DefaultCost

// openAccounts starts the accounts on b's store. Its owner closes them, before
// the store.
func openAccounts(ctx context.Context, b *book, dir string, log func() *zap.Logger) (err error) {
	b.accounts, err = account.New(ctx, account.Config{
		Store:    b.store,
		Keys:     auth.NewKeyFolder(keyFolder(dir)),
		Hasher:   auth.NewBcrypt(passwordCost),
		Issuer:   "culvert",
		Audience: "culvert",
		Logger:   log,
		Resolver: &b.resolver,
		Changed: func(c account.Change) {
			if c.Kind == account.OrphansAdopted { // there is a first administrator, so the link is of no use
				_ = os.Remove(firstLinkPath(dir)) // or the next start does it
			}
			b.changed(c)
		},
	})
	return err
}

// Accounts returns the accounts, or nil before the first Push and after Close.
func (c *Core) Accounts() *account.Service {
	if r := c.run.Load(); r != nil {
		return r.book.accounts
	}
	return nil
}

// changed ends what is no longer allowed, and puts in force what is new, before
// the change is answered (rules S15). While no gateway runs there is nothing.
func (b *book) changed(c account.Change) {
	if b.hub == nil {
		return
	}
	// The request may be given up; what it has changed must hold all the same.
	ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
	defer cancel()
	follow := b.following(ctx, c)
	if follow == nil {
		return
	}
	if err := follow(ctx); err != nil {
		b.owed.add(follow)
		b.log().Error("following a change of accounts", zap.Error(err))
	}
}

// following does what needs no database, which is all that ends something but
// for grants and blocks, and returns the rest.
func (b *book) following(ctx context.Context, c account.Change) func(context.Context) error {
	user := func(f func(context.Context, int64) error) func(context.Context) error {
		return func(ctx context.Context) error { return f(ctx, c.UserID) }
	}
	switch c.Kind {
	case account.UserCreated, account.AdminChanged, account.LimitsChanged:
		return user(b.userChanged)
	case account.UserDisabled:
		b.suspend(ctx, c.UserID, hub.Closing{Code: hub.CloseForbidden, Reason: "account disabled"}, "is disabled")
		b.publisher.Gate().CutUser(c.UserID)
		return user(b.userChanged)
	case account.UserEnabled:
		return user(b.resume)
	case account.UserDeleted:
		b.suspend(ctx, c.UserID, hub.Closing{Code: closeDeleted, Reason: "endpoint deleted"}, "was deleted")
		b.forgetUser(c.UserID)
		b.publisher.Gate().CutUser(c.UserID)
		return b.refreshAll(b.refreshGrants, b.refreshAccess, b.refreshDomains)
	case account.ClientTokenCreated:
		t := toToken(c.ClientToken)
		t.Account = b.accountOf(c.ClientToken.UserID)
		b.tunnels.AddToken(t)
	case account.ClientTokenRevoked:
		b.tunnels.RevokeToken(c.TokenID)
	case account.GrantGiven, account.GrantWithdrawn:
		return b.refreshGrants
	case account.AccessChanged:
		return b.refreshAccess
	case account.DomainsChanged:
		return b.refreshDomains
	case account.OrphansAdopted:
		return b.refreshAll(user(b.adopt), b.refreshAccess, b.refreshDomains)
	case account.BlocksChanged:
		return b.refreshBlocks
	case account.SettingsChanged:
		return b.refreshDefaults
	case account.LoginsRevoked:
		b.publisher.Gate().CutUser(c.UserID)
	case account.APITokenRevoked: // admin's business
	}
	return nil
}

// owed is what could not be done because the database was away: it is in the
// store, and the chores try again until it holds here.
type owed struct {
	mu   sync.Mutex // guards the field below; innermost
	list []func(context.Context) error
}

func (o *owed) add(f func(context.Context) error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.list = append(o.list, f)
}

// pay does what it can. Who is gone meanwhile is owed nothing.
func (o *owed) pay(ctx context.Context) {
	o.mu.Lock()
	list := o.list
	o.list = nil
	o.mu.Unlock()
	for _, f := range list {
		if err := f(ctx); err != nil && !errors.Is(err, store.ErrNotFound) {
			o.add(f)
		}
	}
}

func (b *book) accountOf(user int64) signaling.Account {
	return signaling.Account{ID: user, Name: b.ledger.name(user)}
}

// userChanged reads an account anew.
func (b *book) userChanged(ctx context.Context, id int64) error {
	u, err := b.store.User(ctx, id)
	if err != nil {
		return err
	}
	b.ledger.put(u)
	b.enforce(b.ledger.rejudge())
	b.feed.tell(inventory.UserChanged, u.Name, "", id)
	return nil
}

// suspend closes what an account has, and lets nobody in any more.
func (b *book) suspend(ctx context.Context, id int64, c hub.Closing, why string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ledger.disable(id)
	_ = b.flush(ctx) // the counters; what they miss is less bad than one who stays
	for _, e := range b.ledger.of(id) {
		b.pulse.settle(e, "")
		b.hub.Remove(e, c)
	}
	b.tunnels.DropAccount(id, why)
}

// resume gives an account back what suspend took.
func (b *book) resume(ctx context.Context, id int64) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.userChanged(ctx, id); err != nil {
		return err
	}
	for page := (store.Page{Limit: 200}); ; {
		list, next, err := b.store.EndpointsOf(ctx, id, "", page)
		if err != nil {
			return err
		}
		for _, e := range list {
			b.install(e)
		}
		if page.After = next; next == "" {
			return b.tunnels.RestoreAccount(ctx, id)
		}
	}
}

func (b *book) forgetUser(id int64) {
	name := b.ledger.name(id)
	for _, e := range b.ledger.of(id) {
		b.ledger.disown(e)
		b.feed.tell(inventory.EndpointDeleted, string(e), "", id)
	}
	b.ledger.forget(id)
	b.feed.tell(inventory.UserChanged, name, "deleted", id)
}

// adopt gives what was the operator's to an account. Connections go on.
func (b *book) adopt(ctx context.Context, id int64) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.userChanged(ctx, id); err != nil {
		return err
	}
	for _, e := range b.ledger.of(inventory.Operator) {
		kept, err := b.store.Endpoint(ctx, string(e))
		if err != nil {
			return err
		}
		b.install(kept)
		b.feed.tell(inventory.EndpointChanged, string(e), "", id)
	}
	b.tunnels.Adopt(b.accountOf(id))
	return nil
}

// refresh reads anew what all accounts have in common.
func (b *book) refresh(ctx context.Context) error {
	return b.refreshAll(b.refreshBlocks, b.refreshGrants, b.refreshDefaults, b.refreshAccess, b.refreshDomains)(ctx)
}

// refreshAll does one after the other, until one fails.
func (*book) refreshAll(list ...func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		for _, f := range list {
			if err := f(ctx); err != nil {
				return err
			}
		}
		return nil
	}
}

func (b *book) refreshDefaults(ctx context.Context) error {
	if err := b.ledger.loadDefaults(ctx, b.store); err != nil {
		return err
	}
	b.enforce(b.ledger.rejudge())
	return nil
}

// refreshBlocks puts the block list in force, and cuts who is on it.
func (b *book) refreshBlocks(ctx context.Context) error {
	list, err := b.store.Blocks(ctx)
	if err != nil {
		return err
	}
	b.blocks.set(list)
	b.hub.CloseAddr(b.blocks.has)
	b.tunnels.CloseAddr(b.blocks.has)
	b.publisher.CloseAddr(b.blocks.has)
	return nil
}

// refreshGrants puts the grants in force; sessions that none allows end.
func (b *book) refreshGrants(ctx context.Context) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	list, err := b.store.AllGrants(ctx)
	if err != nil {
		return err
	}
	grants := make([]signaling.Grant, len(list))
	now := make(map[store.Grant]bool, len(list))
	for i, g := range list {
		grants[i] = signaling.Grant{
			Owner: signaling.Account{ID: g.OwnerID, Name: g.OwnerName}, Grantee: g.GranteeID,
			Client: g.Client, Service: g.Service,
		}
		now[g] = true
	}
	b.tunnels.SetGrants(grants)
	for g := range now {
		if !b.grants[g] {
			b.feed.tell(inventory.GrantsChanged, g.Client+"/"+g.Service, "given", g.OwnerID, g.GranteeID)
		}
	}
	for g := range b.grants {
		if !now[g] {
			b.feed.tell(inventory.GrantsChanged, g.Client+"/"+g.Service, "withdrawn", g.OwnerID, g.GranteeID)
		}
	}
	b.grants = now
	return nil
}
