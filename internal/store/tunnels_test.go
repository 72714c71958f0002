// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"errors"
	"fmt"
	"testing"
	"time"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func addToken(t *testing.T, s *Store, id, client string) ClientToken {
	t.Helper()
	tok := ClientToken{ID: id, Client: client, CreatedAt: noon}
	copy(tok.Hash[:], id)
	if err := s.CreateClientToken(t.Context(), tok); err != nil {
		t.Fatal(err)
	}
	return tok
}

func TestClientTokens(t *testing.T) { withStore(t, testClientTokens) }

func testClientTokens(t *testing.T, s *Store) {
	if list, err := s.ClientTokens(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("%+v, %v", list, err)
	}
	a, b := addToken(t, s, "a", ""), addToken(t, s, "b", "client-b")
	for _, again := range []ClientToken{{ID: "a", Hash: [32]byte{1}}, {ID: "c", Hash: a.Hash}} {
		if err := s.CreateClientToken(t.Context(), again); !errors.Is(err, ErrExists) {
			t.Errorf("%s again: %v", again.ID, err)
		}
	}
	list, err := s.ClientTokens(t.Context())
	if err != nil || len(list) != 2 || list[0] != a || list[1] != b {
		t.Errorf("%+v, %v", list, err)
	}

	if err := s.RevokeClientToken(t.Context(), "a", noon); err != nil {
		t.Error(err)
	}
	for _, id := range []string{"a", "nobody's"} {
		if err := s.RevokeClientToken(t.Context(), id, noon); !errors.Is(err, ErrNotFound) {
			t.Errorf("revoking %s: %v", id, err)
		}
	}
	if list, err := s.ClientTokens(t.Context()); err != nil || len(list) != 1 || list[0] != b {
		t.Errorf("%+v, %v", list, err)
	}
	// A token that was revoked is never good again.
	if err := s.CreateClientToken(t.Context(), ClientToken{ID: "z", Hash: a.Hash}); !errors.Is(err, ErrExists) {
		t.Errorf("its hash is free: %v", err)
	}
}

func TestLastUseNeverGoesBack(t *testing.T) { withStore(t, testLastUseNeverGoesBack) }

func testLastUseNeverGoesBack(t *testing.T, s *Store) {
	addToken(t, s, "a", "")
	for _, at := range []time.Time{noon, noon.Add(time.Hour), noon.Add(time.Minute)} {
		if err := s.WriteTunnels(t.Context(), TunnelBatch{Used: map[string]time.Time{"a": at, "nobody's": at}}); err != nil {
			t.Fatal(err)
		}
	}
	list, err := s.ClientTokens(t.Context())
	if err != nil || len(list) != 1 || !list[0].LastUsedAt.Equal(noon.Add(time.Hour)) {
		t.Errorf("%+v, %v", list, err)
	}
}

func TestClientsGoWithTheirToken(t *testing.T) { withStore(t, testClientsGoWithTheirToken) }

func testClientsGoWithTheirToken(t *testing.T, s *Store) {
	addToken(t, s, "a", "")
	addToken(t, s, "b", "")
	client := func(name, token string, at time.Time) Client {
		return Client{Name: name, TokenID: token, Services: []byte(`[{"id":"web"}]`), RegisteredAt: at, LastSeenAt: at.Add(time.Second)}
	}
	write := func(cs ...Client) {
		t.Helper()
		if err := s.WriteTunnels(t.Context(), TunnelBatch{Clients: cs}); err != nil {
			t.Fatal(err)
		}
	}
	names := func() (got string) {
		t.Helper()
		list, err := s.Clients(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range list {
			got += c.Name + "=" + c.TokenID + " "
		}
		return got
	}
	write(client("y", "a", noon), client("x", "a", noon), client("z", "b", noon))
	write(client("x", "b", noon.Add(time.Hour))) // another holder
	if got := names(); got != "x=b y=a z=b " {
		t.Error(got)
	}
	list, _ := s.Clients(t.Context())
	if c := list[0]; string(c.Services) != `[{"id":"web"}]` || !c.RegisteredAt.Equal(noon.Add(time.Hour)) ||
		!c.LastSeenAt.Equal(noon.Add(time.Hour+time.Second)) {
		t.Errorf("%+v", c)
	}
	if err := s.RevokeClientToken(t.Context(), "a", noon); err != nil {
		t.Fatal(err)
	}
	// What was on its way when the token was revoked comes too late.
	write(client("y", "a", noon), client("w", "b", noon), client("v", "unknown", noon))
	if got := names(); got != "w=b x=b z=b " {
		t.Error(got)
	}
}

func TestClientKeys(t *testing.T) { withStore(t, testClientKeys) }

func testClientKeys(t *testing.T, s *Store) {
	addToken(t, s, "a", "")
	c := Client{Name: "x", TokenID: "a", Services: []byte(`[]`), PublicKey: "first", RegisteredAt: noon, LastSeenAt: noon}
	other := c
	other.Name = "y"
	known := func() string {
		t.Helper()
		list, err := s.Clients(t.Context())
		if err != nil || len(list) != 2 {
			t.Fatalf("%+v, %v", list, err)
		}
		return list[0].PublicKey + " " + list[1].PublicKey
	}
	write := func(cs ...Client) {
		t.Helper()
		if err := s.WriteTunnels(t.Context(), TunnelBatch{Clients: cs}); err != nil {
			t.Fatal(err)
		}
	}
	write(c, other)
	c.PublicKey = "second"
	write(c)
	if got := known(); got != "second first" {
		t.Error(got)
	}
	if err := s.ForgetClientKey(t.Context(), 0, "x"); err != nil {
		t.Error(err)
	}
	if got := known(); got != " first" {
		t.Error(got)
	}
	for name, user := range map[string]int64{"nobody": 0, "y": 1} {
		if err := s.ForgetClientKey(t.Context(), user, name); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s of %d: %v", name, user, err)
		}
	}
}

func TestSessionsArePruned(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	var b TunnelBatch
	for i := range 10 {
		b.Sessions = append(b.Sessions, Session{
			ID: fmt.Sprint(i), Visitor: "v", Provider: "p", Service: "web",
			CreatedAt: noon, EndedAt: noon.Add(time.Duration(i) * time.Hour), Bytes: 1 << 40, Reason: "ended",
		})
	}
	if err := s.WriteTunnels(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	count := func() (n int, bytes uint64) {
		t.Helper()
		err := s.readers.QueryRowContext(t.Context(), `SELECT count(*), coalesce(max(bytes), 0) FROM sessions_log`).Scan(&n, &bytes)
		if err != nil {
			t.Fatal(err)
		}
		return n, bytes
	}
	if n, err := s.PruneSessions(t.Context(), noon.Add(4*time.Hour)); n != 4 || err != nil {
		t.Errorf("pruned %d, %v", n, err)
	}
	if n, bytes := count(); n != 6 || bytes != 1<<40 {
		t.Errorf("%d lines, %d bytes", n, bytes)
	}
	// All or nothing.
	b.Clients = []Client{{Name: "x", TokenID: "t"}}
	if _, err := s.writers.ExecContext(t.Context(), `CREATE TRIGGER no BEFORE INSERT ON sessions_log BEGIN SELECT RAISE(ABORT, 'no'); END`); err != nil {
		t.Fatal(err)
	}
	addToken(t, s, "t", "")
	if err := s.WriteTunnels(t.Context(), b); err == nil {
		t.Error("no error")
	}
	if list, err := s.Clients(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("%+v, %v", list, err)
	}
}
