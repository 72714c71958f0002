// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/culvertd/culvert/internal/signaling"
	"github.com/culvertd/culvert/internal/store"
	"github.com/culvertd/culvert/internal/wire"
)

// What tunnels know of accounts comes from the store, and their records go
// there with them.
func TestTunnelStoreKnowsAccounts(t *testing.T) {
	ctx := t.Context()
	st, err := store.Open(ctx, filepath.Join(t.TempDir(), "culvert.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	now := time.Now().UTC().Truncate(time.Second)
	user := func(name string, disabled time.Time) signaling.Account {
		t.Helper()
		u, err := st.CreateUser(ctx, store.User{Name: name, Email: name + "@example.com", CreatedAt: now, DisabledAt: disabled})
		if err != nil {
			t.Fatal(err)
		}
		return signaling.Account{ID: u.ID, Name: name}
	}
	alice, gone := user("alice", time.Time{}), user("gone", now)
	batch := signaling.Batch{Sessions: []signaling.SessionRecord{{
		ID: "s", Visitor: "nas", VisitorAccount: gone, Provider: "nas", ProviderAccount: alice, Service: "web",
		Created: now, Ended: now, Up: 1, Down: 2, Reason: "ended",
	}}}
	for i, a := range []signaling.Account{signaling.Operator, alice, gone} {
		id := string(rune('a' + i))
		err := st.CreateClientToken(ctx, store.ClientToken{ID: id, Hash: signaling.HashToken(id), UserID: a.ID, CreatedAt: now})
		if err != nil {
			t.Fatal(err)
		}
		batch.Clients = append(batch.Clients, signaling.Client{Account: a, Name: "nas", TokenID: id, RegisteredAt: now, LastSeen: now})
	}
	key := wire.PublicKey{1, 2, 3}
	batch.Clients[1].PublicKey = &key
	ts := tunnelStore{st}
	if err := ts.Write(ctx, batch); err != nil {
		t.Fatal(err)
	}
	tokens, err := ts.Tokens(ctx)
	got := make(map[string]signaling.Account)
	for _, tok := range tokens {
		got[tok.ID] = tok.Account
	}
	if _, ok := got["c"]; err != nil || ok || len(got) != 2 || got["a"] != signaling.Operator || got["b"] != alice {
		t.Errorf("%+v, %v", tokens, err)
	}
	clients, err := ts.Clients(ctx)
	if err != nil || len(clients) != 3 || clients[1].Account != alice || clients[2].Account != gone ||
		clients[1].PublicKey == nil || *clients[1].PublicKey != key || clients[0].PublicKey != nil {
		t.Errorf("%+v, %v", clients, err)
	}
	log, _, err := st.SessionsOf(ctx, alice.ID, store.Page{})
	if err != nil || len(log) != 1 || log[0].VisitorUser != gone.ID || log[0].ProviderUser != alice.ID || log[0].Bytes != 3 {
		t.Errorf("%+v, %v", log, err)
	}
}
