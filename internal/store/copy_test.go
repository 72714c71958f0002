// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestCopy carries everything from each database to each.
func TestCopy(t *testing.T) {
	onBoth(t, func(t *testing.T, newFrom func() string) {
		each(t, func(t *testing.T, newTo func() string) {
			from, to := openStore(t, newFrom()), openStore(t, newTo())
			last := fill(t, from)
			if err := Copy(t.Context(), from, to); err != nil {
				t.Fatal(err)
			}
			for table, n := range counts(t, from) {
				if n == 0 {
					t.Errorf("the test has nothing in %s", table)
				}
			}
			copied := dump(t, to)
			for table, want := range dump(t, from) {
				if got := copied[table]; !slices.Equal(got, want) {
					t.Errorf("%s: %d rows, want %d; the first is\n%.300s, want\n%.300s", table, len(got), len(want), got, want)
				}
			}
			if err := Copy(t.Context(), from, to); !errors.Is(err, ErrNotEmpty) {
				t.Errorf("again: %v", err)
			}
			// What comes after gets ids of its own.
			if u := addUser(t, to, "new"); u.ID <= last.ID {
				t.Errorf("id %d after %d", u.ID, last.ID)
			}
			createEndpoint(t, to, testID(9))
			if err := to.AppendConnections(t.Context(), someEvents(1)); err != nil {
				t.Error(err)
			}
		})
	})
}

// TestCopyAllOrNothing meets a row that the target does not take.
func TestCopyAllOrNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, newDSN func() string) {
		from, to := newStore(t), openStore(t, newDSN())
		fill(t, from)
		if _, err := from.writers.Exec(`PRAGMA ignore_check_constraints = 1`); err != nil {
			t.Fatal(err)
		}
		if _, err := from.writers.Exec(`UPDATE rollups SET kind = 'odd'`); err != nil {
			t.Fatal(err)
		}
		if err := Copy(t.Context(), from, to); err == nil {
			t.Fatal("copied what must not be")
		}
		for table, n := range counts(t, to) {
			if n != 0 {
				t.Errorf("%d rows in %s", n, table)
			}
		}
	})
}

// TestTables tells a table that Copy would forget.
func TestTables(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	names, err := list(t.Context(), s.r, func(row scanner) (name string, err error) {
		err = row.Scan(&name)
		return name, err
	}, `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'goose_db_version'`)
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, table := range tables {
		known[table] = true
	}
	for _, name := range names {
		if !known[name] {
			t.Errorf("Copy does not know %s", name)
		}
	}
	if len(names) != len(tables) {
		t.Errorf("%d tables, Copy knows %d", len(names), len(tables))
	}
}

// fill puts something into every table, and returns the last user.
func fill(t *testing.T, s *Store) User {
	t.Helper()
	ctx := t.Context()
	a := addAdmin(t, s, "a")
	b := addUser(t, s, "b")
	key := hashOf("key")
	_, errEpoch := s.NextEpoch(ctx)
	_, errSetting := s.SetSetting(ctx, "terms", []byte(`"x"`), 0)
	_, errGrant := s.CreateGrant(ctx, Grant{OwnerID: a.ID, GranteeID: b.ID, Client: "nas", Service: "web", CreatedAt: t0})
	_, _, errDomain := s.SetDomain(ctx, Domain{Name: "www.example.org", UserID: b.ID, ByDNS: true, CreatedAt: t0})
	invites, errInvites := s.CreateInvites(ctx, []Invite{{Hash: hashOf("i1"), CreatedBy: a.ID}, {Hash: hashOf("i2")}})
	err := errors.Join(
		errEpoch, errSetting, errGrant, errDomain, errInvites,
		s.SetAccess(ctx, PublicAccess{UserID: b.ID, Name: "web-b", Mode: AccessLogin, Visitors: []int64{a.ID}, UpdatedAt: t0}),
		s.RevokeInvite(ctx, invites[1].ID, t0),
		s.CreateLogin(ctx, Login{JTI: "j", UserID: a.ID, ExpiresAt: t0}),
		s.CreateAPIToken(ctx, APIToken{ID: "x", UserID: a.ID, Hash: hashOf("x"), Scope: "read"}),
		s.CreateReset(ctx, Reset{Hash: hashOf("r"), Kind: "first-admin"}),
		s.AppendAudit(ctx, AuditEntry{Time: t0, Action: "x"}),
		s.CreateEndpoint(ctx, Endpoint{ID: testID(1), Name: "客厅", UserID: b.ID, Private: true, KeyHash: key[:], Settings: fullSettings, Stats: fullStats}),
		s.CreateEndpoint(ctx, Endpoint{ID: testID(2)}),
		s.AppendConnections(ctx, someEvents(3*copyRows+1)),
		s.CreateClientToken(ctx, ClientToken{ID: "tok", UserID: b.ID, Hash: hashOf("tok")}),
		s.WriteTunnels(ctx, TunnelBatch{
			Clients:  []Client{{Name: "nas", TokenID: "tok", Services: []byte("[]")}},
			Sessions: []Session{{ID: "s"}},
		}),
		s.AddRollups(ctx, []Rollup{{Kind: RollupUser, Subject: "1", Start: t0}}),
		s.AddUsage(ctx, "2026-11", map[int64]uint64{a.ID: 1}),
		s.SaveIdempotent(ctx, Idempotent{Key: "k", Body: []byte{0, 1}}),
	)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.writers.Exec(`INSERT INTO blocks (prefix, created_at) VALUES ('192.0.2.0/24', 1)`); err != nil {
		t.Fatal(err)
	}
	return b
}

// dump is all of a database as text; columns stand in the order of their names.
func dump(t *testing.T, s *Store) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	for _, table := range tables {
		columns, _, err := columnsOf(t.Context(), s.r, table)
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(columns)
		all[table], err = list(t.Context(), s.r, func(row scanner) (string, error) {
			values, err := scanAny(row, make([]string, len(columns)))
			return strings.NewReplacer("true", "1", "false", "0").Replace(fmt.Sprint(values)), err
		}, `SELECT `+strings.Join(columns, ", ")+` FROM `+table)
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(all[table])
	}
	return all
}

// TestCopyCancelled leaves nothing behind.
func TestCopyCancelled(t *testing.T) {
	t.Parallel()
	from, to := newStore(t), newStore(t)
	fill(t, from)
	ctx, cancel := context.WithTimeout(t.Context(), time.Nanosecond)
	defer cancel()
	if err := Copy(ctx, from, to); err == nil {
		t.Error("no error")
	}
	if n := counts(t, to)["users"]; n != 0 {
		t.Errorf("%d users", n)
	}
}
